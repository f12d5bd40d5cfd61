#pragma once
// What a superstep is: which tasks it has, what they are called, and what their writes do to the channels
// (runtime.md 2.3, 2.5 and 11). Pure: nothing here waits, stores or tells anybody.

#include <boost/container/small_vector.hpp>
#include <boost/json/array.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/channels.h"
#include "runtime/checkpoint_saver.h"
#include "runtime/pregel/plan.h"
#include "runtime/value.h"

namespace heddle::runtime {

struct Write {
  ChannelIndex channel;
  Value value;
};

// The channels of a graph between two supersteps, with what its nodes have seen of them. A value; copying copies
// pointers.
struct Cells {
  explicit Cells(const CompiledGraph::Plan& plan);

  // What the nodes have seen of their triggers; 0: nothing.
  std::int64_t& seen(const PlannedNode& node, std::size_t trigger) { return all_seen[node.first_trigger + trigger]; }
  std::int64_t seen(const PlannedNode& node, std::size_t trigger) const {
    return all_seen[node.first_trigger + trigger];
  }

  std::vector<Channel> channels;
  std::vector<std::int64_t> versions;      // per channel; 0: never changed
  std::vector<std::int64_t> all_seen;      // per node and trigger, see seen()
  std::vector<std::int64_t> seen_at_stop;  // per channel: versions when going on; empty: never went on
  std::int64_t newest = 0;                 // the greatest version ever given
};

enum class TaskKind {
  pull,  // its triggers changed
  push,  // it was sent
};

// Most nodes have one trigger, and few more than two.
using FiredTriggers = boost::container::small_vector<ChannelIndex, 2>;

struct PlannedTask {
  TaskKind kind = TaskKind::pull;
  NodeIndex node = 0;
  std::size_t index = 0;                               // push: place among the Sends
  FiredTriggers triggers;                              // pull
  Value argument;                                      // push: its whole input
  std::optional<std::chrono::milliseconds> timeout{};  // push: in place of that of the node
};

// Sent tasks first, in order of the Sends; then nodes whose triggers changed. `changed`: the channels that the last
// superstep changed, which puts the nodes in order of their names; without it all nodes are looked at, in order of
// registration.
std::vector<PlannedTask> plan_tasks(const CompiledGraph::Plan& plan, const Cells& cells,
                                    const std::optional<std::vector<ChannelIndex>>& changed);

struct FinishedTask {
  const PlannedTask* task;  // null pointer: input from outside, which has no triggers
  std::span<const Write> writes;
};

// Applies the writes of a finished superstep and gives the channels that have a new value. The order in which tasks
// happened to finish has no influence: input first (of which there is one at most), then nodes by name, then sent
// tasks by index. Throws what channels throw, and then has changed nothing.
std::vector<ChannelIndex> apply_writes(const CompiledGraph::Plan& plan, Cells& cells, std::vector<FinishedTask> tasks);

// The nodes whose triggers made them run last: those that saw the newest version that any node has seen.
struct RanLast {
  std::vector<NodeIndex> nodes;  // none if none ever ran
  std::int64_t saw = 0;          // that version
};
RanLast ran_last(const CompiledGraph::Plan& plan, const Cells& cells);

// Whether one of the superstep's nodes is to be stopped at, and something changed since the run last went on
// (runtime.md 7.7).
bool stops_at(const CompiledGraph::Plan& plan, const Cells& cells, const Breakpoints& breakpoints,
              std::span<const NodeIndex> nodes);

// "parent|node", the first element of the name a task's id is computed from.
std::string task_namespace(const std::string& checkpoint_ns, const std::string& node);

// `checkpoint_ns`: of the graph. `step`: of the superstep being planned.
TaskId id_of_task(const CompiledGraph::Plan& plan, const PlannedTask& task, const CheckpointId& checkpoint,
                  const std::string& checkpoint_ns, std::int64_t step);

// Of the error handler of a node, and of the `number`-th task that a workflow calls (runtime.md 11).
TaskId id_of_handler(const CompiledGraph::Plan& plan, const PlannedTask& task, const TaskId& failed,
                     const CheckpointId& checkpoint, const std::string& checkpoint_ns, std::int64_t step);
TaskId id_of_call(const CompiledGraph::Plan& plan, const PlannedTask& caller, const std::string& name,
                  std::int64_t number, const CheckpointId& checkpoint, const std::string& checkpoint_ns,
                  std::int64_t step);

// The key that sorts the tasks of a superstep where they are stored.
std::string sort_path(const CompiledGraph::Plan& plan, const PlannedTask& task);
// The path as clients see it.
boost::json::array shown_path(const CompiledGraph::Plan& plan, const PlannedTask& task);
std::vector<std::string> shown_triggers(const CompiledGraph::Plan& plan, const PlannedTask& task);

}  // namespace heddle::runtime
