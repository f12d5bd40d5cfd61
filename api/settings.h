#pragma once
// Everything that may be configured, in the form the server uses it.
//
// One table (settings.cpp) names for each knob its flag, environment variable, key in langgraph.json,
// unit, default and reason; the command line, `heddle check` and docs/configuration.md come from it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/auth/auth_settings.h"
#include "api/http/cors.h"
#include "api/http/listener.h"
#include "api/http/rate_limiter.h"
#include "api/http/tls.h"
#include "api/outgoing/url_policy.h"
#include "api/services/thread_ttl.h"
#include "runtime/log.h"
#include "runtime/store_rules.h"
#include "storage/storage.h"

namespace heddle::api {

class RunSealer;

enum class ErrorForm { json, text };  // http-api.md 2.6
enum class Compat { js, platform };   // http-api.md 1.2

// Which groups of routes exist (http-api.md 2.12); a group that is off answers 404.
struct RouteGroups {
  bool assistants = true;
  bool threads = true;
  bool runs = true;
  bool store = true;
  bool meta = true;
  bool mcp = true;
  bool a2a = true;
};

// Which request headers become settings of a run (http-api.md 8.7). Patterns with `*`, lower case.
struct HeaderRule {
  std::vector<std::string> includes;
  std::vector<std::string> excludes;
};

// What the assistant of a graph begins with, as JSON.
struct AssistantDefaults {
  std::string config_json = "{}";
  std::string context_json = "{}";
};

struct OutgoingHeaders;

// Calls when runs have ended (http-api.md 16).
struct WebhookSettings {
  bool enabled = true;
  UrlPolicy url;
  std::string env_prefix = "LG_WEBHOOK_";          // of the variables that headers may name
  std::shared_ptr<const OutgoingHeaders> headers;  // sent with every call; null: none
  std::chrono::milliseconds timeout{5'000};        // of one attempt, from the name of the host to the status
  std::int64_t attempts = 3;
  std::chrono::milliseconds backoff{2'000};  // after the first attempt; doubled after each further one
  std::size_t at_once = 64;
  std::size_t values_bytes_max = std::size_t{16} << 20;  // larger values are left out of the call
  std::size_t bytes_in_memory = std::size_t{16} << 20;   // of calls of runs that are not stored
};

// Where traces of runs go (api/telemetry/).
struct TraceSettings {
  std::string endpoint;  // of a collector, without the path of the signal; empty: there are none
  std::string service_name = "heddle";
  std::shared_ptr<const OutgoingHeaders> headers;  // null: none
};

// Search by meaning.
struct IndexSettings {
  std::string embed;      // "openai:MODEL" or "offline"; empty: there is none
  std::int64_t dims = 0;  // numbers of a vector; 0: not said
  std::vector<std::string> fields{"$"};
};

// The store (http-api.md 13.6).
struct StoreSettings {
  runtime::StoreRules rules;  // its index is made from `index` when the server starts
  std::chrono::minutes sweep_interval{60};
  IndexSettings index;
};

struct ServerSettings {
  std::vector<std::string> hosts{"localhost"};  // both loopback addresses
  std::uint16_t port = 2024;                    // 0 picks a free one
  bool allow_anyone = false;                    // whether `hosts` may reach beyond this machine without `auth`
  storage::StorageOptions storage{.path = "heddle.db"};
  int engine_threads = 1;
  runtime::LogLevel log_level = runtime::LogLevel::info;
  ErrorForm errors = ErrorForm::json;
  Compat compat = Compat::js;

  HttpLimits http;
  CorsSettings cors;
  std::string mount_prefix;
  RouteGroups groups;
  bool test_truncate = false;                                   // whether POST /internal/truncate exists, http-api.md 4
  std::optional<HeaderRule> configurable_headers;               // none: the rule of the JavaScript server
  std::vector<std::string> secret_configurable_keys;            // further hidden keys (http-api.md 18)
  std::string secrets_key_file;                                 // with keys to seal with; empty: none
  std::shared_ptr<const RunSealer> sealer;                      // made of it; null: secrets are in memory only
  std::map<std::string, AssistantDefaults> assistant_defaults;  // by graph id
  bool stream_end_event = false;
  WebhookSettings webhooks;
  TraceSettings traces;
  StoreSettings store;
  ThreadTtlSettings thread_ttl;
  std::optional<double> run_retention_minutes;  // after the end of a run; none: runs live as long as their thread

  std::optional<AuthSettings> auth;  // none: everybody is the same caller
  TlsSettings tls;                   // none: connections are not encrypted
  RateLimit rate_limit;              // per user, or per address of who is not signed in

  std::chrono::milliseconds heartbeat{5'000};                  // of streams, http-api.md 10.1
  std::chrono::milliseconds wait_heartbeat{1'000};             // newlines of wait and join, 9.2
  bool async_resume = true;                                    // api/runs/resumer.h
  std::size_t async_resume_polls_max = 64;                     // at a time; each is one request to a third party
  std::size_t runs_at_once = 1'000;                            // http-api.md 8.11
  std::size_t runs_queued_max = 100'000;                       // beyond it new runs are refused with 503
  std::size_t runs_per_user_max = 0;                           // waiting and running, then 429; 0: no limit
  std::chrono::seconds run_seconds_max{86'400};                // of one attempt, then `timeout`; 0: no limit
  std::size_t event_bytes_max = std::size_t{100} << 20;        // of one event of a run; the run ends with an error
  std::size_t stream_bytes_in_memory = std::size_t{16} << 20;  // per run; older events are read from the log
  std::size_t states_bytes_in_memory = std::size_t{64} << 20;  // decoded, of all threads; runtime/state_cache.h
  std::size_t shown_bytes_in_memory = std::size_t{32} << 20;   // as stored, of all threads; runtime/part_cache.h
  std::size_t json_depth_max = 512;
  std::chrono::milliseconds ready_timeout{2'000};  // of each check of GET /ready
  std::chrono::milliseconds drain{10'000};         // SIGTERM: how long runs and answers may take to end
};

// One entry of `graphs` in langgraph.json.
struct GraphEntry {
  std::string spec;  // "builtin:NAME"
  std::optional<std::string> description;
};

// What a start needs besides the settings.
struct Configuration {
  ServerSettings settings;
  std::map<std::string, GraphEntry> graphs;            // by graph id
  std::map<std::string, std::string> environment;      // the process's, over that of the file `env` names
  std::map<std::string, std::string> webhook_headers;  // as written, `${{ env.NAME }}` and all
  std::map<std::string, std::string> otlp_headers;     // the same
  std::vector<std::string> keys_without_effect;        // known to the reference, not acted on here
};

}  // namespace heddle::api
