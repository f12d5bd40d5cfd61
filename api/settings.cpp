#include "api/settings_table.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <regex>
#include <system_error>
#include <utility>

#include "api/setting_kinds.h"
#include "api/settings_outgoing.h"
#include "graphs/embedder_choice.h"
#include "runtime/store_path.h"
#include "runtime/time_to_live.h"

namespace heddle::api {
namespace {

using namespace setting_kinds;

template <class Part>
auto header_rule(Part part) {
  return [part](ServerSettings& settings) -> Values& {
    if (!settings.configurable_headers) settings.configurable_headers.emplace();
    return (*settings.configurable_headers).*part;
  };
}

std::string mount_prefix_from(const std::string& prefix) {
  if (prefix.empty() || prefix == "/") return {};
  const bool plain = std::ranges::all_of(prefix, [](char c) { return c > ' ' && c < 127 && c != '?' && c != '#'; });
  const bool well_formed = prefix.front() == '/' && prefix.back() != '/' && prefix.find("//") == std::string::npos;
  if (!plain || !well_formed)
    throw SettingError("allowed is a path that begins and does not end with `/`, like `/api`");
  return prefix;
}

std::regex origin_regex_from(const std::string& pattern) {
  try {
    return std::regex(pattern, std::regex::ECMAScript);
  } catch (const std::regex_error& error) {
    throw SettingError(std::string("allowed is a regular expression as in JavaScript: ") + error.what());
  }
}

void add_server(std::vector<Setting>& table) {
  Setting hosts = list({"host", "heddle.host"}, "addresses or names",
                       "where to listen; `localhost` means 127.0.0.1 and ::1, because Node may take either. Other "
                       "machines reach the server only if this says so, and if there is `auth` or --allow-anyone",
                       [](ServerSettings& s) -> auto& { return s.hosts; });
  auto apply_hosts = [apply = hosts.apply](ServerSettings& settings, const Values& values) {
    if (values.empty()) throw SettingError("allowed are addresses or names, at least one");
    apply(settings, values);
  };
  hosts.apply = apply_hosts;
  table.push_back(std::move(hosts));
  table.push_back(on_off({"allow-anyone", "heddle.allow_anyone"},
                         "true lets the server listen where other machines reach it without asking who they are; "
                         "everybody there may then read and change everything",
                         [](ServerSettings& s) -> auto& { return s.allow_anyone; }));
  table.push_back(number({"port", "heddle.port"}, 0, 65'535,
                         "the port of the reference's development servers; 0 picks a free one and prints it",
                         [](ServerSettings& s) -> auto& { return s.port; }));
  auto take_path = [](ServerSettings& settings, const std::string& path) {
    if (path.empty()) throw SettingError("allowed is the path of a file, or `:memory:`");
    settings.storage.path = path;
  };
  table.push_back(text({"db", "heddle.db"}, "the path of a file, or `:memory:`", ServerSettings{}.storage.path,
                       "where everything is kept; in memory it is gone when the server ends. In langgraph.json the "
                       "path is relative to that file",
                       take_path));
  auto take_certificate = [](ServerSettings& settings, const std::string& path) { settings.tls.certificate = path; };
  table.push_back(text({"tls-certificate", "tls.certificate"}, "the path of a file in PEM", "",
                       "the server's certificate and the chain behind it; with it every connection is encrypted (TLS "
                       "1.2 or 1.3). In langgraph.json the path is relative to that file",
                       take_certificate));
  auto take_key = [](ServerSettings& settings, const std::string& path) { settings.tls.key = path; };
  table.push_back(text({"tls-key", "tls.key"}, "the path of a file in PEM", "",
                       "the private key of the certificate, without a password; both files are read again at SIGHUP",
                       take_key));
  table.push_back(choice<storage::Synchronous>(
      {"synchronous", "heddle.synchronous"},
      {{"full", storage::Synchronous::full}, {"normal", storage::Synchronous::normal}},
      "full: what was acknowledged survives a power cut; normal: a power cut may lose the last commits, a crash of the "
      "process loses nothing, and writes are faster",
      [](ServerSettings& s) -> auto& { return s.storage.synchronous; }));
  table.push_back(number({"db-readers", "heddle.db_readers", "threads"}, 1, 64,
                         "reads beside the one writer; each has a connection and a thread",
                         [](ServerSettings& s) -> auto& { return s.storage.readers; }));
  table.push_back(number({"threads", "heddle.threads", "threads"}, 1, 1'024,
                         "threads that run graphs; more than one pays when nodes compute, waiting costs no thread",
                         [](ServerSettings& s) -> auto& { return s.engine_threads; }));
  table.push_back(choice<runtime::LogLevel>({"log-level", "heddle.log_level"},
                                            {{"debug", runtime::LogLevel::debug},
                                             {"info", runtime::LogLevel::info},
                                             {"warning", runtime::LogLevel::warning},
                                             {"error", runtime::LogLevel::error}},
                                            "the lowest level that is written, one line of JSON per entry, to stderr",
                                            [](ServerSettings& s) -> auto& { return s.log_level; }));
}

void add_api(std::vector<Setting>& table) {
  table.push_back(choice<ErrorForm>({"errors", "heddle.errors"}, {{"json", ErrorForm::json}, {"text", ErrorForm::text}},
                                    "form of error bodies; text is what the JavaScript server sends",
                                    [](ServerSettings& s) -> auto& { return s.errors; }));
  table.push_back(choice<Compat>({"compat", "heddle.compat"}, {{"js", Compat::js}, {"platform", Compat::platform}},
                                 "which server is followed where the JavaScript server and the platform differ",
                                 [](ServerSettings& s) -> auto& { return s.compat; }));
  auto take_prefix = [](ServerSettings& settings, const std::string& prefix) {
    settings.mount_prefix = mount_prefix_from(prefix);
  };
  table.push_back(text({"mount-prefix", "http.mount_prefix"}, "a path like `/api`", "",
                       "puts every route below this path", take_prefix));
  struct Group {
    std::string name;
    bool RouteGroups::* member;
    std::string routes;
  };
  const std::vector<Group> groups = {
      {"assistants", &RouteGroups::assistants, "`/assistants`"},
      {"threads", &RouteGroups::threads, "`/threads`"},
      {"runs", &RouteGroups::runs, "`/runs` and the runs of threads"},
      {"store", &RouteGroups::store, "`/store`"},
      {"mcp", &RouteGroups::mcp, "`/mcp`"},
      {"a2a", &RouteGroups::a2a, "`/a2a` and the agent cards"},
      {"meta", &RouteGroups::meta, "`/`, `/info`, `/metrics` and the documentation; `/ok` stays"}};
  for (const Group& group : groups) {
    table.push_back(on_off(
        {"disable-" + group.name, "http.disable_" + group.name}, "answers 404 on " + group.routes,
        [member = group.member](ServerSettings& s) -> bool& { return s.groups.*member; }, false));
  }
  table.push_back(on_off({"test-truncate", "heddle.test_truncate"},
                         "whether `POST /internal/truncate` exists, with which any client empties the database; for "
                         "test suites that begin with an empty server",
                         [](ServerSettings& s) -> auto& { return s.test_truncate; }));
  // Settings of the rule are made by naming them, so their default is read without making one.
  Setting includes =
      list({"configurable-headers-includes", "http.configurable_headers.includes"},
           "names of headers, `*` stands for any letters",
           "request headers that become settings of a run; without this and the next setting the rule of "
           "the JavaScript server holds: `x-*` but a block list, and `user-agent`",
           header_rule(&HeaderRule::includes), Letters::lower);
  Setting excludes = list({"configurable-headers-excludes", "http.configurable_headers.excludes"},
                          "names of headers, `*` stands for any letters", "exceptions of the setting before; they win",
                          header_rule(&HeaderRule::excludes), Letters::lower);
  table.push_back(std::move(includes));
  table.push_back(std::move(excludes));
  table.push_back(list({"secret-configurable-keys", "heddle.secret_configurable_keys"}, "keys of `configurable`",
                       "hidden in addition to all that begin with `_`: handed to the nodes of the run, never shown, "
                       "stored or logged",
                       [](ServerSettings& s) -> auto& { return s.secret_configurable_keys; }));
  auto take_key_file = [](ServerSettings& settings, const std::string& path) { settings.secrets_key_file = path; };
  table.push_back(text({"secrets-key-file", "heddle.secrets_key_file"}, "the path of a file", "",
                       "holds the key under which secrets of stored runs are sealed until the run ends, so that a "
                       "restart finds them; without one, or the variable HEDDLE_SECRETS_KEY, they are in memory only. "
                       "In langgraph.json the path is relative to that file",
                       take_key_file));
}

void add_cors(std::vector<Setting>& table) {
  table.push_back(list({"cors-allow-origins", "http.cors.allow_origins"}, "origins like `https://app.example`, or `*`",
                       "whose pages may read answers; `*` as on the JavaScript server",
                       [](ServerSettings& s) -> auto& { return s.cors.allow_origins; }));
  auto take_regex = [](ServerSettings& settings, const std::string& pattern) {
    settings.cors.allow_origin_regex = origin_regex_from(pattern);
    // The default `*` would let every origin in and the expression would mean nothing.
    if (settings.cors.allow_origins == Values{"*"}) settings.cors.allow_origins.clear();
  };
  table.push_back(
      text({"cors-allow-origin-regex", "http.cors.allow_origin_regex"}, "a regular expression as in JavaScript", "",
           "further origins; must match the whole origin. Named alone it takes the place of `*`", take_regex));
  table.push_back(list({"cors-allow-methods", "http.cors.allow_methods"}, "methods like `GET`",
                       "as on the JavaScript server", [](ServerSettings& s) -> auto& { return s.cors.allow_methods; }));
  table.push_back(list({"cors-allow-headers", "http.cors.allow_headers"}, "names of headers",
                       "none named: those that the page asks for",
                       [](ServerSettings& s) -> auto& { return s.cors.allow_headers; }));
  table.push_back(on_off({"cors-allow-credentials", "http.cors.allow_credentials"},
                         "whether pages may send cookies along; name the origins when it is on",
                         [](ServerSettings& s) -> auto& { return s.cors.allow_credentials; }));
  table.push_back(list({"cors-expose-headers", "http.cors.expose_headers"}, "names of headers",
                       "further headers that pages may read; those that the SDKs need are always there",
                       [](ServerSettings& s) -> auto& { return s.cors.expose_headers; }));
  auto take_age = [](ServerSettings& settings, const std::string& value) {
    settings.cors.max_age = std::chrono::seconds(number_from({value}, 0, 86'400, "0 to 86400"));
  };
  Setting max_age =
      text({"cors-max-age", "http.cors.max_age", "seconds"}, "0 to 86400", "",
           "for how long a browser may remember what it was told; none leaves it to the browser", take_age);
  max_age.form = SettingForm::number;
  table.push_back(std::move(max_age));
}

void add_limits(std::vector<Setting>& table) {
  table.push_back(number({"body-bytes-max", "heddle.body_bytes_max", "bytes"}, 1'024, kGiB,
                         "largest request body, then 413; 100 MiB hold long conversations with files in them",
                         [](ServerSettings& s) -> auto& { return s.http.body_bytes_max; }));
  table.push_back(number({"header-bytes-max", "heddle.header_bytes_max", "bytes"}, 1'024, 1 << 20,
                         "all headers of a request together; a session cookie of Next.js alone may take 16 KiB",
                         [](ServerSettings& s) -> auto& { return s.http.header_bytes_max; }));
  table.push_back(number({"json-depth-max", "heddle.json_depth_max", "levels"}, 8, 2'000,
                         "nesting of JSON in a request, then 400; deeper input only costs stack",
                         [](ServerSettings& s) -> auto& { return s.json_depth_max; }));
  table.push_back(number({"connections-max", "heddle.connections_max"}, 1, 1'000'000,
                         "open at a time, then 503; each takes a file descriptor and some memory",
                         [](ServerSettings& s) -> auto& { return s.http.connections_max; }));
  table.push_back(number({"keep-alive-seconds", "heddle.keep_alive_seconds", "seconds"}, 1, 3'600,
                         "announced to clients; an idle connection is closed 10 s later, so that none is closed while "
                         "a client sends",
                         [](ServerSettings& s) -> auto& { return s.http.keep_alive; }));
  table.push_back(number({"header-timeout-seconds", "heddle.header_timeout_seconds", "seconds"}, 1, 3'600,
                         "from the first byte of a request to the end of its headers",
                         [](ServerSettings& s) -> auto& { return s.http.header_timeout; }));
  table.push_back(number({"body-timeout-seconds", "heddle.body_timeout_seconds", "seconds"}, 1, 3'600,
                         "for each 64 KiB of a body; a slow upload that goes on is not cut",
                         [](ServerSettings& s) -> auto& { return s.http.body_timeout; }));
  table.push_back(number({"write-timeout-seconds", "heddle.write_timeout_seconds", "seconds"}, 1, 3'600,
                         "a client that takes no byte for so long is gone",
                         [](ServerSettings& s) -> auto& { return s.http.write_timeout; }));
  table.push_back(number({"runs-at-once", "heddle.runs_at_once", "runs"}, 1, 1'000'000,
                         "further runs wait in the queue; runs mostly wait for models, so many fit",
                         [](ServerSettings& s) -> auto& { return s.runs_at_once; }));
  table.push_back(number({"runs-queued-max", "heddle.runs_queued_max", "runs"}, 1, 100'000'000,
                         "waiting in the queue; beyond it new runs get 503",
                         [](ServerSettings& s) -> auto& { return s.runs_queued_max; }));
  table.push_back(number({"runs-per-user-max", "heddle.runs_per_user_max", "runs"}, 0, 100'000'000,
                         "waiting and running of one user, then 429; 0: no limit, because what is fair depends on the "
                         "service. Without `auth` everybody is one user",
                         [](ServerSettings& s) -> auto& { return s.runs_per_user_max; }));
  table.push_back(number({"run-seconds-max", "heddle.run_seconds_max", "seconds"}, 0, 31'536'000,
                         "a run that works for longer is stopped and has the status `timeout`; waiting in the queue "
                         "does not count, and after a restart it begins again. 0: no limit. A day is longer than work, "
                         "and shorter than for ever",
                         [](ServerSettings& s) -> auto& { return s.run_seconds_max; }));
  table.push_back(number({"event-bytes-max", "heddle.event_bytes_max", "bytes"}, 1'024, kGiB,
                         "what a node, a tool or a model may hand over at once; a run with a larger event ends with an "
                         "error. As much as a request may bring",
                         [](ServerSettings& s) -> auto& { return s.event_bytes_max; }));
  table.push_back(number({"requests-per-second", "heddle.requests_per_second", "requests"}, 0, 1'000'000,
                         "of one user, and of one address for all who are not signed in, then 429; 0: no limit, "
                         "because behind a proxy all have one address, and requests cost little beside the runs they "
                         "start. `/ok`, `/ready` and `/info` do not count",
                         [](ServerSettings& s) -> auto& { return s.rate_limit.per_second; }));
  table.push_back(number({"requests-burst", "heddle.requests_burst", "requests"}, 1, 1'000'000,
                         "at once after a pause, with the setting before; a page that opens asks for a dozen things",
                         [](ServerSettings& s) -> auto& { return s.rate_limit.burst; }));
  table.push_back(on_off({"async-resume", "heddle.async_resume"},
                         "an interrupted run goes on by itself when what it waits for outside has come, like the "
                         "user's answer on a phone",
                         [](ServerSettings& s) -> auto& { return s.async_resume; }));
  table.push_back(number({"async-resume-polls-max", "heddle.async_resume_polls_max", "requests"}, 1, 10'000,
                         "at a time, to ask whether such an answer has come; further ones wait for their turn",
                         [](ServerSettings& s) -> auto& { return s.async_resume_polls_max; }));
  table.push_back(number({"ready-timeout-ms", "heddle.ready_timeout_ms", "milliseconds"}, 10, 60'000,
                         "how long a commit and each engine thread may take until `GET /ready` calls them stuck; less "
                         "than a prober waits",
                         [](ServerSettings& s) -> auto& { return s.ready_timeout; }));
}

void add_streams(std::vector<Setting>& table) {
  table.push_back(number({"heartbeat-ms", "heddle.heartbeat_ms", "milliseconds"}, 100, 600'000,
                         "a comment line in a stream without events; SDK 1.15 gives up after three of its own "
                         "intervals without a line",
                         [](ServerSettings& s) -> auto& { return s.heartbeat; }));
  table.push_back(number({"wait-heartbeat-ms", "heddle.wait_heartbeat_ms", "milliseconds"}, 100, 600'000,
                         "a line break while wait and join wait; keeps proxies from closing the connection",
                         [](ServerSettings& s) -> auto& { return s.wait_heartbeat; }));
  table.push_back(number({"stream-bytes-in-memory", "heddle.stream_bytes_in_memory", "bytes"}, 1 << 16, kGiB,
                         "events of one run; a reader that wants older ones gets them from the database",
                         [](ServerSettings& s) -> auto& { return s.stream_bytes_in_memory; }));
  table.push_back(
      number({"states-bytes-in-memory", "heddle.states_bytes_in_memory", "bytes"}, 0, 16 * kGiB,
             "newest states of threads that had a run a moment ago, so that the next one need not take them "
             "apart again; a server with nothing to do keeps none. 0: none",
             [](ServerSettings& s) -> auto& { return s.states_bytes_in_memory; }));
  table.push_back(number({"shown-bytes-in-memory", "heddle.shown_bytes_in_memory", "bytes"}, 0, 16 * kGiB,
                         "large parts of states that were shown a moment ago, so that the next time they need not be "
                         "read from the database; a server with nothing to do keeps none. 0: none",
                         [](ServerSettings& s) -> auto& { return s.shown_bytes_in_memory; }));
  table.push_back(on_off({"stream-end-event", "http.stream_end_event"},
                         "a last event `end` in streams, as the platform sends it",
                         [](ServerSettings& s) -> auto& { return s.stream_end_event; }));
  table.push_back(number({"drain-ms", "heddle.drain_ms", "milliseconds"}, 0, 3'600'000,
                         "after SIGTERM: how long runs and answers may take to end; what is left goes on after the "
                         "next start",
                         [](ServerSettings& s) -> auto& { return s.drain; }));
}

// Whole or not, more than nothing.
double minutes_from(const std::string& value, const std::string& allowed) {
  double minutes = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), minutes);
  const bool is_number = error == std::errc{} && end == value.data() + value.size();
  if (!is_number || !(minutes > 0 && minutes <= runtime::kMinutesToLiveMax))
    throw SettingError("allowed is " + allowed);
  return minutes;
}

template <class Field>
Setting time_to_live(Naming naming, std::string reason, Field field) {
  const std::string allowed = "a number of minutes, more than 0";
  auto take = [=](ServerSettings& settings, const std::string& value) {
    field(settings) = minutes_from(value, allowed);
  };
  Setting setting = text(std::move(naming), allowed, "", std::move(reason), take);
  setting.form = SettingForm::number;
  return setting;
}

// Times to live are swept for also where nothing is configured, because items and threads may have their own.
void add_expiry(std::vector<Setting>& table) {
  constexpr std::int64_t kYear = 365 * 24 * 60;
  table.push_back(time_to_live({"store-default-ttl", "store.ttl.default_ttl", "minutes"},
                               "how long an item of the store lives that is put without `ttl`; none: for ever",
                               [](ServerSettings& s) -> auto& { return s.store.rules.default_minutes_to_live; }));
  table.push_back(on_off({"store-refresh-on-read", "store.ttl.refresh_on_read"},
                         "whether an item that is read lives as long again, unless the request says `refresh_ttl`; "
                         "then reading an item with a time to live writes to the database",
                         [](ServerSettings& s) -> auto& { return s.store.rules.refreshes_on_read; }));
  table.push_back(number({"store-sweep-interval-minutes", "store.ttl.sweep_interval_minutes", "minutes"}, 1, kYear,
                         "how often expired items are erased; they are invisible at once, so this is about disk only",
                         [](ServerSettings& s) -> auto& { return s.store.sweep_interval; }));
  table.push_back(time_to_live({"thread-default-ttl", "checkpointer.ttl.default_ttl", "minutes"},
                               "how long a new thread lives after its last change if it is made without `ttl`; none: "
                               "for ever. Threads that are there already do not get it",
                               [](ServerSettings& s) -> auto& { return s.thread_ttl.default_minutes; }));
  table.push_back(choice<PruneStrategy>(
      {"thread-ttl-strategy", "checkpointer.ttl.strategy"},
      {{"delete", PruneStrategy::delete_thread}, {"keep_latest", PruneStrategy::keep_latest}},
      "what happens to a thread with that default when it has expired: it goes, or all but its newest state goes. One "
      "with a run in flight is left alone",
      [](ServerSettings& s) -> auto& { return s.thread_ttl.strategy; }));
  table.push_back(number({"thread-sweep-interval-minutes", "checkpointer.ttl.sweep_interval_minutes", "minutes"}, 1,
                         kYear, "how often expired threads are looked for, as often as the platform does",
                         [](ServerSettings& s) -> auto& { return s.thread_ttl.sweep_interval; }));
  table.push_back(number({"thread-sweep-limit", "checkpointer.ttl.sweep_limit", "threads"}, 1, 1'000'000,
                         "threads of one sweep; the rest has to wait for the next one, so that other work is not "
                         "kept waiting",
                         [](ServerSettings& s) -> auto& { return s.thread_ttl.sweep_limit; }));
  table.push_back(
      time_to_live({"run-retention-minutes", "heddle.run_retention_minutes", "minutes"},
                   "how long a run is kept after its end, with the events that a reader can have again; the "
                   "states of its thread stay. None: as long as its thread",
                   [](ServerSettings& s) -> auto& { return s.run_retention_minutes; }));
}

void add_index(std::vector<Setting>& table) {
  const std::string embedders = "`openai:MODEL` or `offline`";
  auto take_embed = [embedders](ServerSettings& settings, const std::string& embed) {
    if (!graphs::is_known_embedder(embed)) throw SettingError("allowed is " + embedders);
    settings.store.index.embed = embed;
  };
  table.push_back(
      text({"store-index-embed", "store.index.embed"}, embedders, "",
           "what makes vectors of items, so that `query` finds what means the same; none: `query` is passed "
           "over. `offline` compares words without a model, for tests and demonstrations",
           take_embed));
  auto take_dims = [](ServerSettings& settings, const std::string& value) {
    settings.store.index.dims = number_from({value}, 1, 4'096, "1 to 4096");
  };
  Setting dims =
      text({"store-index-dims", "store.index.dims"}, "1 to 4096", "",
           "numbers of a vector, for models of which it is not known; a search takes time and memory by it", take_dims);
  dims.form = SettingForm::number;
  table.push_back(std::move(dims));
  Setting fields = list({"store-index-fields", "store.index.fields"}, "paths like `text`, `a.b`, `list[*].x`, or `$`",
                        "which texts of an item count, the nearest one decides; `$` is the whole value as JSON",
                        [](ServerSettings& s) -> auto& { return s.store.index.fields; });
  auto take_fields = [apply = fields.apply, allowed = fields.allowed](ServerSettings& settings, const Values& values) {
    const auto is_path = [](const std::string& value) { return runtime::StorePath::parse(value).has_value(); };
    if (values.empty() || !std::ranges::all_of(values, is_path)) throw SettingError("allowed are " + allowed);
    apply(settings, values);
  };
  fields.apply = take_fields;
  table.push_back(std::move(fields));
  table.push_back(number({"store-vector-bytes-in-memory", "heddle.store_vector_bytes_in_memory", "bytes"}, 0, 64 * kGiB,
                         "vectors that searches keep, 100,000 of 1536 numbers being 586 MiB; others are read from the "
                         "database for each search, which takes several times as long",
                         [](ServerSettings& s) -> auto& { return s.storage.vector_bytes_in_memory; }));
}

std::vector<Setting> make_table() {
  std::vector<Setting> table;
  add_server(table);
  add_api(table);
  add_cors(table);
  add_limits(table);
  add_streams(table);
  add_outgoing_settings(table);
  add_expiry(table);
  add_index(table);
  return table;
}

}  // namespace

std::string Setting::flag() const {
  return "--" + name;
}

std::string Setting::variable() const {
  std::string result = "HEDDLE_";
  for (const char c : name) {
    if (c == '-') {
      result += '_';
    } else {
      result += (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return result;
}

const std::vector<Setting>& settings_table() {
  static const std::vector<Setting> table = make_table();
  return table;
}

std::string settings_markdown() {
  std::string out =
      "| flag, variable | key in langgraph.json | allowed | unit | default | what and why "
      "|\n|---|---|---|---|---|---|\n";
  for (const Setting& setting : settings_table()) {
    const std::string default_value = setting.default_value.empty() ? "none" : "`" + setting.default_value + "`";
    out += "| `" + setting.flag() + "`, `" + setting.variable() + "` | `" + setting.key + "` | " + setting.allowed +
           " | " + setting.unit + " | " + default_value + " | " + setting.reason + " |\n";
  }
  return out;
}

}  // namespace heddle::api
