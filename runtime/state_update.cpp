// Changing the state of a thread between runs (runtime.md 12.3).

#include <algorithm>
#include <utility>

#include "runtime/error.h"
#include "runtime/pregel/checkpointing.h"
#include "runtime/pregel/input_output.h"
#include "runtime/pregel/namespaces.h"
#include "runtime/pregel/reserved.h"
#include "runtime/pregel/superstep.h"
#include "runtime/state_api.h"
#include "runtime/state_graph.h"
#include "runtime/uuid.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;
using Plan = CompiledGraph::Plan;

GraphError refused(const std::string& text) {
  return {"InvalidUpdateError", text};
}

// The checkpoint that the next update starts from; new ones are kept back until all updates were found good.
class Updater {
 public:
  Updater(const Plan& plan, const UpdateServices& services, std::string checkpoint_ns)
      : plan_(plan), services_(services), checkpoint_ns_(std::move(checkpoint_ns)), cells_(plan) {}

  void start_from(LoadedCheckpoint loaded, bool is_head);
  void apply(std::vector<StateUpdate> updates);

  std::vector<Checkpoint> take_made() { return std::move(made_); }
  CheckpointAddress address() const;

 private:
  void apply_one_or_more(std::vector<StateUpdate> updates);
  void copy(const StateUpdate& update);
  void clear();
  void take_input(const StateUpdate& update);
  void take_finished();
  std::vector<TaskRecord> records_of(const std::vector<PlannedTask>& tasks) const;
  PathView path_view() const;
  NodeIndex node_of(const StateUpdate& update) const;
  NodeIndex last_node() const;
  std::vector<Write> writes_of(NodeIndex node, const StateUpdate& update) const;
  void make(CheckpointSource source, std::int64_t first_step, std::optional<CheckpointId> parent);

  const Plan& plan_;
  const UpdateServices& services_;
  std::string checkpoint_ns_;
  Cells cells_;
  std::optional<Checkpoint> base_;  // without its values, which are in the cells
  std::vector<TaskWrites> pending_;
  bool is_head_ = true;
  std::vector<Checkpoint> made_;
};

void Updater::start_from(LoadedCheckpoint loaded, bool is_head) {
  cells_ = restored_cells(plan_, loaded.checkpoint);
  base_ = std::move(loaded.checkpoint);
  pending_ = std::move(loaded.pending);
  is_head_ = is_head;
}

void Updater::apply(std::vector<StateUpdate> updates) {
  if (updates.empty()) throw refused("No updates provided");
  const StateUpdate& first = updates.front();
  const bool is_one = updates.size() == 1;
  const auto is_as = [](const StateUpdate& update, std::string_view name) { return update.as_node == name; };
  const auto any_as = [&](std::string_view name) {
    return std::ranges::any_of(updates, [&](const StateUpdate& update) { return is_as(update, name); });
  };
  if (any_as(reserved::kCopy)) {
    if (!is_one) throw refused("Cannot copy checkpoint with multiple updates");
    copy(first);
  } else if (any_as(reserved::kInput)) {
    if (!is_one) throw refused("Cannot apply multiple updates when updating as input");
    take_input(first);
  } else if (std::ranges::any_of(updates,
                                 [&](const StateUpdate& one) { return is_as(one, kEnd) && one.values.is_null(); })) {
    if (!is_one) throw refused("Cannot apply multiple updates when clearing state");
    clear();
  } else if (is_one && first.values.is_null() && !first.as_node && first.go_to.empty()) {
    // The same state once more: what was pending there stays behind.
    make(CheckpointSource::update, 0, base_ ? std::optional(base_->id) : std::nullopt);
  } else {
    apply_one_or_more(std::move(updates));
  }
}

void Updater::apply_one_or_more(std::vector<StateUpdate> updates) {
  if (is_head_) take_finished();
  std::vector<PlannedTask> tasks;
  std::vector<std::vector<Write>> writes;
  for (const StateUpdate& update : updates) {
    if (updates.size() > 1 && !update.as_node) throw refused("\"asNode\" is required when applying multiple updates");
    const NodeIndex node = node_of(update);
    writes.push_back(writes_of(node, update));
    // As sent tasks they count as started by something and keep the order in which they were given.
    tasks.push_back({TaskKind::push, node, tasks.size(), {}, Value()});
  }
  std::vector<FinishedTask> finished;
  for (std::size_t index = 0; index < tasks.size(); ++index) finished.push_back({&tasks[index], writes[index]});
  apply_writes(plan_, cells_, std::move(finished));
  make(CheckpointSource::update, 0, base_ ? std::optional(base_->id) : std::nullopt);
}

void Updater::copy(const StateUpdate& update) {
  if (!base_) throw refused("Cannot copy a non-existent checkpoint");
  make(CheckpointSource::fork, 0, base_->parent);
  const json::array* pairs = update.values.if_array();
  if (!pairs || pairs->empty()) return;
  std::vector<StateUpdate> updates;
  for (const json::value& pair : *pairs) {
    const json::array* parts = pair.if_array();
    if (!parts || parts->empty() || parts->size() > 2) {
      throw refused("an update of a copy is a list of pairs [values, as_node]");
    }
    StateUpdate one{parts->front(), std::nullopt};
    if (parts->size() == 2 && parts->back().is_string()) one.as_node = std::string(parts->back().as_string());
    updates.push_back(std::move(one));
  }
  apply_one_or_more(std::move(updates));
}

std::vector<TaskRecord> Updater::records_of(const std::vector<PlannedTask>& tasks) const {
  std::vector<TaskRecord> records;
  for (const PlannedTask& task : tasks) {
    TaskRecord record;
    if (base_) {
      const TaskId id = id_of_task(plan_, task, base_->id, checkpoint_ns_, base_->metadata.step + 1);
      const auto found = std::ranges::find(pending_, id, &TaskWrites::task_id);
      if (found != pending_.end()) record = restored_record(plan_, found->writes);
    }
    records.push_back(std::move(record));
  }
  return records;
}

// The work of finished tasks, and what Commands wrote, become part of the state.
void Updater::take_finished() {
  const auto outside = std::ranges::find(pending_, kNullTask, &TaskWrites::task_id);
  if (outside != pending_.end()) {
    const std::vector<Write> writes = restored_outside(plan_, outside->writes).all();
    apply_writes(plan_, cells_, {{nullptr, writes}});
  }
  if (pending_.empty()) return;
  const std::vector<PlannedTask> tasks = plan_tasks(plan_, cells_, std::nullopt);
  const std::vector<TaskRecord> records = records_of(tasks);
  std::vector<FinishedTask> finished;
  for (std::size_t index = 0; index < tasks.size(); ++index) {
    if (records[index].finished) finished.push_back({&tasks[index], records[index].writes});
  }
  if (!finished.empty()) apply_writes(plan_, cells_, std::move(finished));
}

void Updater::clear() {
  take_finished();
  // When nothing else is left, deferred nodes are to run; they are given up in their turn.
  std::vector<PlannedTask> given_up = plan_tasks(plan_, cells_, std::nullopt);
  while (!given_up.empty()) {
    std::vector<FinishedTask> finished;
    for (const PlannedTask& task : given_up) finished.push_back({&task, {}});
    apply_writes(plan_, cells_, std::move(finished));
    given_up = plan_tasks(plan_, cells_, std::nullopt);
  }
  make(CheckpointSource::update, 0, base_ ? std::optional(base_->id) : std::nullopt);
}

void Updater::take_input(const StateUpdate& update) {
  if (!update.values.is_object()) throw refused("Received no input writes for \"__start__\"");
  const State taken = taken_input(plan_, State::of(update.values));
  const std::vector<Write> writes{{plan_.start, Value(taken.to_json())}};
  const std::vector<PlannedTask> given_up = plan_tasks(plan_, cells_, std::nullopt);
  std::vector<FinishedTask> finished{{nullptr, writes}};
  for (const PlannedTask& task : given_up) finished.push_back({&task, {}});
  apply_writes(plan_, cells_, std::move(finished));
  make(CheckpointSource::input, -1, base_ ? std::optional(base_->id) : std::nullopt);
}

// As of the first superstep of a run from here.
PathView Updater::path_view() const {
  const std::int64_t step = base_ ? base_->metadata.step + 1 : 0;
  return {*services_.config, {step, step + services_.config->recursion_limit + 1}};
}

NodeIndex Updater::node_of(const StateUpdate& update) const {
  if (!update.as_node) return last_node();
  const auto found = plan_.node_by_name.find(*update.as_node);
  if (found == plan_.node_by_name.end()) throw refused("Node \"" + *update.as_node + "\" does not exist");
  return found->second;
}

// The node that ran last; START if none did.
NodeIndex Updater::last_node() const {
  const std::vector<NodeIndex> nodes = ran_last(plan_, cells_).nodes;
  if (nodes.size() > 1) throw refused("Ambiguous update, specify \"asNode\"");
  return nodes.empty() ? 0 : nodes.front();
}

std::vector<Write> Updater::writes_of(NodeIndex node, const StateUpdate& update) const {
  const bool is_plain = !plan_.nodes[node].is_start && !plan_.workflow;
  if (!update.go_to.empty() && !is_plain) throw refused("\"goto\" needs a node of the graph as as_node");
  if (plan_.workflow) {
    if (update.values.is_null()) return {};
    return {{plan_.workflow->result, Value(update.values)}, {plan_.workflow->previous, Value(update.values)}};
  }
  const json::object* values = update.values.if_object();
  if (!values && !update.values.is_null()) throw no_update(plan_.nodes[node].name, update.values);
  if (plan_.nodes[node].is_start) {
    return start_writes(plan_, taken_input(plan_, State::of(update.values)), path_view());
  }
  Command returned;
  if (values) {
    for (const auto& [key, value] : *values) returned.set(key, value);
  }
  returned.go_to = update.go_to;
  return result_writes(plan_, cells_, node, NodeResult(std::move(returned)), path_view());
}

// `first_step`: where the thread has no checkpoint yet.
void Updater::make(CheckpointSource source, std::int64_t first_step, std::optional<CheckpointId> parent) {
  Checkpoint checkpoint;
  checkpoint.checkpoint_ns = checkpoint_ns_;
  checkpoint.created_at = services_.clock.now();
  checkpoint.metadata.source = source;
  checkpoint.metadata.step = base_ ? base_->metadata.step + 1 : first_step;
  if (base_) checkpoint.metadata.parents = base_->metadata.parents;
  checkpoint.metadata.shared = services_.checkpoint_metadata;
  checkpoint.id = services_.checkpoint_ids.next(checkpoint.created_at, checkpoint.metadata.step);
  checkpoint.parent = parent;
  store_cells(plan_, cells_, checkpoint);
  base_ = checkpoint;
  pending_.clear();
  is_head_ = true;
  made_.push_back(std::move(checkpoint));
}

CheckpointAddress Updater::address() const {
  CheckpointAddress address{checkpoint_ns_, base_->id, {}};
  if (checkpoint_ns_.empty()) return address;
  address.map = base_->metadata.parents;
  address.map.insert_or_assign(checkpoint_ns_, base_->id);
  return address;
}

}  // namespace

asio::awaitable<CheckpointAddress> update_state(const CompiledGraph& graph, const UpdateServices& services,
                                                CheckpointAddress address,
                                                std::vector<std::vector<StateUpdate>> supersteps) {
  if (supersteps.empty()) throw refused("No supersteps provided");
  const CompiledGraph& addressed = graph_at(graph, address.checkpoint_ns);
  UpdateServices used = services;
  if (!used.config) used.config = std::make_shared<const RunConfig>();
  Updater updater(addressed.plan(), used, address.checkpoint_ns);

  std::optional<LoadedCheckpoint> loaded = co_await services.saver.newest(address.checkpoint_ns);
  // What is made becomes the head, also when the clock went back since the last one (runtime.md 10.1).
  if (loaded) services.checkpoint_ids.seed(loaded->checkpoint.id);
  if (address.id) {
    std::optional<LoadedCheckpoint> found = co_await services.saver.find(address.checkpoint_ns, *address.id);
    loaded = std::move(found);
    if (!loaded) throw refused("no checkpoint " + address.id->text() + " in this thread to update");
  }
  if (loaded) updater.start_from(std::move(*loaded), !address.id);
  for (std::vector<StateUpdate>& updates : supersteps) updater.apply(std::move(updates));

  for (Checkpoint& checkpoint : updater.take_made()) services.saver.put(std::move(checkpoint));
  co_await services.saver.flush();
  co_return updater.address();
}

}  // namespace heddle::runtime
