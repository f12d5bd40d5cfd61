#include "runtime/pregel/snapshot.h"

#include <exception>
#include <memory>
#include <utility>
#include <variant>

#include "runtime/pregel/input_output.h"
#include "runtime/pregel/namespaces.h"

namespace heddle::runtime {

TaskView task_view(const CompiledGraph::Plan& plan, const PlannedTask& task, const TaskId& id,
                   const std::string& node_ns, const TaskRecord& record) {
  const PlannedNode& node = plan.nodes[task.node];
  TaskView view;
  view.id = id.text();
  view.name = node.name;
  view.path = shown_path(plan, task);
  view.interrupts = record.interrupts;
  view.error = record.error;
  if (record.finished) view.result = shown_result(plan, record.writes);
  const auto* inner = std::get_if<std::shared_ptr<const CompiledGraph>>(&node.body);
  if (inner && (*inner)->plan().persistence != Persistence::none) {
    view.subgraph_ns = namespace_of_subgraph(**inner, node_ns);
  }
  return view;
}

State values_with(const CompiledGraph::Plan& plan, const Cells& cells, std::vector<FinishedTask> finished) {
  Cells view = cells;
  try {
    apply_writes(plan, view, std::move(finished));
  } catch (const std::exception&) {
    // Two finished tasks may have written what cannot go together; that is told by the run that failed.
    return all_values(plan, cells);
  }
  return all_values(plan, view);
}

boost::json::object subgraph_metadata(SuperstepScope& superstep, Task& task, const std::string& checkpoint_ns,
                                      const std::map<std::string, CheckpointId>& enclosing) {
  identify(superstep, task);
  boost::json::array triggers;
  for (const std::string& trigger : shown_triggers(superstep.plan, task.planned)) triggers.emplace_back(trigger);
  boost::json::object map;
  for (const auto& [name, id] : enclosing) map.emplace(name, id.text());
  boost::json::object metadata;
  metadata["langgraph_step"] = superstep.step;
  metadata["langgraph_node"] = superstep.plan.nodes[task.planned.node].name;
  metadata["langgraph_triggers"] = std::move(triggers);
  metadata["langgraph_path"] = shown_path(superstep.plan, task.planned);
  metadata["langgraph_checkpoint_ns"] = task.node_ns;
  metadata["checkpoint_ns"] = checkpoint_ns;
  metadata["checkpoint_map"] = std::move(map);
  return metadata;
}

}  // namespace heddle::runtime
