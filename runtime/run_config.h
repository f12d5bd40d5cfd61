#pragma once
// The settings of a run, as its nodes see them and as its checkpoints and events show them.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/secret.h"
#include "storage/ids.h"

namespace heddle::runtime {

// Immutable during the run and shared by its tasks.
struct RunConfig {
  std::optional<storage::ThreadId> thread_id;
  std::optional<storage::RunId> run_id;
  std::string graph_id;
  std::string assistant_id;
  std::int64_t attempt = 1;
  std::int64_t recursion_limit = 25;
  std::optional<std::int64_t> max_concurrency;
  std::vector<std::string> tags;
  // What nodes see: settings of assistant, thread and request, and header values; no hidden key.
  boost::json::object configurable;
  // Hidden keys of configurable and context, for the nodes of this run only (http-api.md 18).
  std::shared_ptr<const Secrets> secrets;
  std::shared_ptr<const Secrets> context_secrets;
  // Nobody has asked for the run: the server lets an interrupted one go on by itself (runtime/awaited.h).
  bool resumed_by_server = false;
  boost::json::value context = boost::json::object{};
  // Metadata of assistant, thread and run: shown by `tasks`, `messages` and `events`, with run_id, graph_id,
  // assistant_id and run_attempt laid over it by the maker of this object.
  boost::json::object metadata;
  // What every checkpoint of the run says besides source, step and parents: `metadata` and the
  // storable part of `configurable` (no header values). Shared, so that it is stored once.
  std::shared_ptr<const boost::json::object> checkpoint_metadata;
};

}  // namespace heddle::runtime
