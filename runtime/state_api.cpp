#include "runtime/state_api.h"

#include <algorithm>
#include <utility>

#include "runtime/pregel/checkpointing.h"
#include "runtime/pregel/input_output.h"
#include "runtime/pregel/namespaces.h"
#include "runtime/pregel/snapshot.h"
#include "runtime/pregel/superstep.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;

// At the head the work of finished tasks counts; at a place that was asked for the checkpoint speaks for itself.
enum class View { head, as_stored };

CheckpointAddress address_of(const Checkpoint& checkpoint) {
  CheckpointAddress address{checkpoint.checkpoint_ns, checkpoint.id, {}};
  if (checkpoint.checkpoint_ns.empty()) return address;
  address.map = checkpoint.metadata.parents;
  address.map.insert_or_assign(checkpoint.checkpoint_ns, checkpoint.id);
  return address;
}

const TaskWrites* find_writes(const LoadedCheckpoint& loaded, const TaskId& task) {
  const auto found = std::ranges::find(loaded.pending, task, &TaskWrites::task_id);
  return found == loaded.pending.end() ? nullptr : &*found;
}

// While some tasks of a step still wait, what the finished ones had asked must not look open.
void hide_answered_questions(const std::vector<TaskRecord>& records, StateSnapshot& snapshot) {
  if (std::ranges::all_of(records, &TaskRecord::finished)) return;
  for (std::size_t place = 0; place < records.size(); ++place) {
    if (records[place].finished) snapshot.tasks[place].view.interrupts.clear();
  }
}

StateSnapshot snapshot_of(const CompiledGraph& graph, LoadedCheckpoint loaded, View view) {
  const CompiledGraph::Plan& plan = graph.plan();
  Checkpoint& checkpoint = loaded.checkpoint;
  Cells cells = restored_cells(plan, checkpoint);
  const TaskWrites* outside = find_writes(loaded, kNullTask);
  if (view == View::head && outside) {
    const std::vector<Write> writes = restored_outside(plan, outside->writes).all();
    apply_writes(plan, cells, {{nullptr, writes}});
  }
  const std::vector<PlannedTask> planned = plan_tasks(plan, cells, std::nullopt);
  std::vector<TaskRecord> records;
  records.reserve(planned.size());
  std::vector<FinishedTask> finished;
  StateSnapshot snapshot;
  for (const PlannedTask& task : planned) {
    const std::string& ns = checkpoint.checkpoint_ns;
    const TaskId id = id_of_task(plan, task, checkpoint.id, ns, checkpoint.metadata.step + 1);
    const std::string& name = plan.nodes[task.node].name;
    const TaskWrites* writes = find_writes(loaded, id);
    const TaskRecord& record = records.emplace_back(writes ? restored_record(plan, writes->writes) : TaskRecord{});
    if (record.finished) finished.push_back({&task, record.writes});
    if (view == View::as_stored || !record.finished) snapshot.next.push_back(name);
    SnapshotTask shown{task_view(plan, task, id, task_namespace(ns, name) + ":" + id.text(), record), nullptr};
    snapshot.tasks.push_back(std::move(shown));
  }
  if (view == View::head && !finished.empty()) {
    snapshot.values = values_with(plan, cells, std::move(finished));
  } else {
    snapshot.values = all_values(plan, cells);
  }
  hide_answered_questions(records, snapshot);
  snapshot.checkpoint = address_of(checkpoint);
  if (checkpoint.parent) snapshot.parent = CheckpointAddress{checkpoint.checkpoint_ns, checkpoint.parent, {}};
  snapshot.created_at = checkpoint.created_at;
  snapshot.metadata = std::move(checkpoint.metadata);
  return snapshot;
}

asio::awaitable<void> expand(const CompiledGraph& graph, CheckpointSaver& saver, StateSnapshot& snapshot);

// The state of one namespace, with those inside it.
asio::awaitable<StateSnapshot> read(const CompiledGraph& graph, CheckpointSaver& saver, CheckpointAddress address,
                                    Subgraphs subgraphs) {
  std::optional<LoadedCheckpoint> loaded;
  if (address.id) {
    std::optional<LoadedCheckpoint> found = co_await saver.find(address.checkpoint_ns, *address.id);
    loaded = std::move(found);
  } else {
    std::optional<LoadedCheckpoint> found = co_await saver.newest(address.checkpoint_ns);
    loaded = std::move(found);
  }
  StateSnapshot snapshot;
  if (!loaded) {
    if (address.id) snapshot.checkpoint = std::move(address);
    co_return snapshot;
  }
  snapshot = snapshot_of(graph, std::move(*loaded), address.id ? View::as_stored : View::head);
  if (subgraphs == Subgraphs::expanded) co_await expand(graph, saver, snapshot);
  co_return snapshot;
}

asio::awaitable<void> expand(const CompiledGraph& graph, CheckpointSaver& saver, StateSnapshot& snapshot) {
  for (SnapshotTask& task : snapshot.tasks) {
    if (!task.view.subgraph_ns) continue;
    const CompiledGraph& inner = graph_at(graph, task.view.name);
    CheckpointAddress address{*task.view.subgraph_ns, std::nullopt, {}};
    StateSnapshot state = co_await read(inner, saver, std::move(address), Subgraphs::expanded);
    if (state.checkpoint) task.state = std::make_shared<const StateSnapshot>(std::move(state));
  }
}

}  // namespace

asio::awaitable<StateSnapshot> get_state(const CompiledGraph& graph, CheckpointSaver& saver, CheckpointAddress address,
                                         Subgraphs subgraphs) {
  const CompiledGraph& addressed = graph_at(graph, address.checkpoint_ns);
  if (!address.id) {
    const auto mapped = address.map.find(address.checkpoint_ns);
    if (mapped != address.map.end()) address.id = mapped->second;
  }
  StateSnapshot snapshot = co_await read(addressed, saver, std::move(address), subgraphs);
  co_return snapshot;
}

asio::awaitable<std::vector<StateSnapshot>> get_history(const CompiledGraph& graph, CheckpointSaver& saver,
                                                        HistoryQuery query) {
  const CompiledGraph& addressed = graph_at(graph, query.checkpoint_ns);
  std::vector<LoadedCheckpoint> found = co_await saver.history(std::move(query));
  std::vector<StateSnapshot> snapshots;
  snapshots.reserve(found.size());
  for (LoadedCheckpoint& loaded : found) {
    snapshots.push_back(snapshot_of(addressed, std::move(loaded), View::as_stored));
  }
  co_return snapshots;
}

}  // namespace heddle::runtime
