#pragma once
// From the record of a run to what the engine and its stream need. The same for a new run and for one that is taken up
// after a restart, so both behave alike.

#include <boost/json/object.hpp>
#include <memory>

#include "api/runs/active_run.h"
#include "api/runs/run_details.h"
#include "api/settings.h"
#include "runtime/compiled_graph.h"
#include "runtime/secret.h"
#include "storage/runs.h"

namespace heddle::api {

// What a run has beyond its record and loses at a restart, unless it is sealed (api/runs/run_sealer.h).
struct RunSecrets {
  std::shared_ptr<const runtime::Secrets> configurable;
  std::shared_ptr<const runtime::Secrets> context;
  boost::json::object header_settings;
  bool is_resumed = false;  // RunConfig::resumed_by_server
};

// `details` are those of the record, whose own texts are not looked at.
RunPlan run_plan(const storage::Run& record, const RunDetails& details,
                 std::shared_ptr<const runtime::CompiledGraph> graph, const std::string& graph_id, RunSecrets secrets);

std::shared_ptr<const StreamShape> stream_shape(const storage::Run& record, const RunDetails& details,
                                                const std::string& graph_id, const ServerSettings& settings);

}  // namespace heddle::api
