#pragma once
// The payload that creates a run (http-api.md 8.1), checked and in the server's own types.
//
// Reading it is where secrets are taken out: hidden keys of `configurable` and `context` and header values never
// come into `kwargs`, which is what is stored and shown.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "api/http/message.h"
#include "api/runs/stream_modes.h"
#include "api/settings.h"
#include "runtime/secret.h"
#include "storage/runs.h"

namespace heddle::api {

enum class OnDisconnect { cancel, go_on };
enum class IfThreadMissing { reject, create };

struct RunRequest {
  std::string assistant_id;  // or the id of a graph
  // input, command, context, stream_mode, interrupt_before, interrupt_after, webhook, feedback_keys, durability,
  // strict_resume, subgraphs, resumable: as they will stand in `kwargs` (http-api.md 3.9).
  boost::json::object kwargs;
  boost::json::object config;        // without configurable and metadata
  boost::json::object configurable;  // visible keys, without those that name a checkpoint
  boost::json::object checkpoint;    // checkpoint_id, checkpoint_ns, checkpoint_map as given
  boost::json::object metadata;
  boost::json::object header_settings;  // header values that become settings, for this run only
  runtime::Secrets secrets;
  runtime::Secrets context_secrets;
  std::optional<storage::MultitaskStrategy> multitask_strategy;
  IfThreadMissing if_not_exists = IfThreadMissing::reject;
  OnDisconnect on_disconnect = OnDisconnect::go_on;
  std::optional<storage::OnCompletion> on_completion;
  double after_seconds = 0;
};

// `body` is consumed: secrets are moved out and wiped. `headers`: of the request. Throws ApiError (validation) that
// names the field.
RunRequest run_request_from(boost::json::value body, const Headers& headers, const ServerSettings& settings,
                            std::vector<std::string> path = {});

}  // namespace heddle::api
