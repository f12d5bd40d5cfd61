#pragma once
// How a checkpoint and its tasks look from outside (runtime.md 12.1). Pure.

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <vector>

#include "runtime/pregel/checkpointing.h"
#include "runtime/pregel/run_scope.h"
#include "runtime/pregel/superstep.h"
#include "runtime/run_event.h"
#include "runtime/state.h"

namespace heddle::runtime {

// `node_ns`: "node:id" with the enclosing ones in front.
TaskView task_view(const CompiledGraph::Plan& plan, const PlannedTask& task, const TaskId& id,
                   const std::string& node_ns, const TaskRecord& record);

// The values as they would be with these writes; without them if they cannot be applied together.
State values_with(const CompiledGraph::Plan& plan, const Cells& cells, std::vector<FinishedTask> finished);

// What the checkpoints of a graph inside a task say besides the metadata of the run.
boost::json::object subgraph_metadata(SuperstepScope& superstep, Task& task, const std::string& checkpoint_ns,
                                      const std::map<std::string, CheckpointId>& enclosing);

}  // namespace heddle::runtime
