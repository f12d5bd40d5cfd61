#include "runtime/pregel/superstep.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <utility>

#include "runtime/json.h"
#include "runtime/pregel/reserved.h"
#include "runtime/uuid.h"

namespace heddle::runtime {
namespace {

using Plan = CompiledGraph::Plan;
using boost::container::small_vector;

// Most supersteps write to few channels of graphs that have some dozens.
constexpr std::size_t kFew = 8;
constexpr std::size_t kSome = 32;

FiredTriggers fired_triggers(const Plan& plan, const Cells& cells, const PlannedNode& node) {
  FiredTriggers fired;
  for (std::size_t place = 0; place < node.triggers.size(); ++place) {
    const ChannelIndex channel = node.triggers[place];
    if (cells.versions[channel] <= cells.seen(node, place)) continue;
    if (cells.channels[channel].available(plan.channels[channel])) fired.push_back(channel);
  }
  return fired;
}

using Nodes = small_vector<NodeIndex, kFew>;

Nodes nodes_by_name(const Plan& plan, const std::vector<ChannelIndex>& changed) {
  Nodes nodes;
  for (const ChannelIndex channel : changed) {
    const std::vector<NodeIndex>& triggered = plan.triggered_by[channel];
    nodes.insert(nodes.end(), triggered.begin(), triggered.end());
  }
  if (nodes.size() < 2) return nodes;
  std::ranges::sort(nodes, {}, [&](NodeIndex node) { return plan.nodes[node].rank; });
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

bool before(const Plan& plan, const FinishedTask& left, const FinishedTask& right) {
  if (!left.task || !right.task) return !left.task && right.task;
  if (left.task->kind != right.task->kind) return left.task->kind == TaskKind::pull;
  if (left.task->kind == TaskKind::push) return left.task->index < right.task->index;
  return plan.nodes[left.task->node].rank < plan.nodes[right.task->node].rank;
}

// The writes of a superstep by channel. The tasks outlive it.
class Gathered {
 public:
  struct Group {
    ChannelIndex channel;
    std::span<const Write* const> writes;  // in task order
  };

  Gathered(const Plan& plan, const std::vector<FinishedTask>& tasks)
      : group_of_(plan.channels.size(), kNone), used_(plan.channels.size(), false) {
    for (const FinishedTask& finished : tasks) {
      if (!finished.task) continue;
      triggered_ |= finished.task->kind == TaskKind::push || !finished.task->triggers.empty();
      for (const ChannelIndex channel : finished.task->triggers) used_[channel] = true;
    }
    group(tasks);
  }
  Gathered(const Gathered&) = delete;
  Gathered& operator=(const Gathered&) = delete;

  const auto& groups() const { return groups_; }  // in order of the first write
  bool is_written(ChannelIndex channel) const { return group_of_[channel] != kNone; }
  bool is_used(ChannelIndex channel) const { return used_[channel]; }  // a trigger of the tasks
  bool triggered() const { return triggered_; }                        // some task had a trigger

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  void group(const std::vector<FinishedTask>& tasks) {
    small_vector<std::size_t, kFew> counts;
    std::size_t all = 0;
    for (const FinishedTask& finished : tasks) {
      all += finished.writes.size();
      for (const Write& write : finished.writes) {
        std::uint32_t& of_channel = group_of_[write.channel];
        if (of_channel == kNone) {
          of_channel = static_cast<std::uint32_t>(groups_.size());
          groups_.push_back({write.channel, {}});
          counts.push_back(0);
        }
        ++counts[of_channel];
      }
    }
    writes_.resize(all, nullptr);
    small_vector<std::size_t, kFew> next;  // place of the next write of a group
    std::size_t first = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      next.push_back(first);
      groups_[i].writes = std::span(writes_.data() + first, counts[i]);
      first += counts[i];
    }
    for (const FinishedTask& finished : tasks) {
      for (const Write& write : finished.writes) writes_[next[group_of_[write.channel]]++] = &write;
    }
  }

  small_vector<Group, kFew> groups_;
  small_vector<std::uint32_t, kSome> group_of_;  // by channel
  small_vector<bool, kSome> used_;               // by channel
  small_vector<const Write*, kSome> writes_;     // by group
  bool triggered_ = false;
};

struct Renewed {
  ChannelIndex channel;
  Channel cell;
  bool changed;
};
using AllRenewed = small_vector<Renewed, kFew>;

// The written channels as they will be, so that a refused write leaves everything as it was.
AllRenewed renew(const Plan& plan, const Cells& cells, const Gathered& gathered) {
  AllRenewed renewed;
  renewed.reserve(gathered.groups().size());
  std::vector<Value> values;  // of one channel; its memory serves all
  for (const auto& [channel, writes] : gathered.groups()) {
    values.clear();
    values.reserve(writes.size());
    for (const Write* write : writes) values.push_back(write->value);
    const ChannelSpec& spec = plan.channels[channel];
    renewed.push_back({channel, cells.channels[channel], false});
    Renewed& one = renewed.back();
    one.changed = gathered.is_used(channel) && one.cell.consume(spec);
    one.changed |= one.cell.update(spec, values);
  }
  return renewed;
}

void note_seen(const Plan& plan, Cells& cells, const std::vector<FinishedTask>& tasks) {
  for (const FinishedTask& finished : tasks) {
    if (!finished.task || finished.task->kind == TaskKind::push) continue;
    const PlannedNode& node = plan.nodes[finished.task->node];
    for (std::size_t place = 0; place < node.triggers.size(); ++place) {
      const ChannelIndex channel = node.triggers[place];
      if (std::ranges::find(finished.task->triggers, channel) == finished.task->triggers.end()) continue;
      cells.seen(node, place) = cells.versions[channel];
    }
  }
}

std::optional<NodeIndex> target_of(const Plan& plan, const Send& send) {
  const auto found = plan.node_by_name.find(send.node);
  if (found == plan.node_by_name.end() || plan.nodes[found->second].is_start) return std::nullopt;
  return found->second;
}

}  // namespace

Cells::Cells(const CompiledGraph::Plan& plan) : versions(plan.channels.size(), 0) {
  channels.reserve(plan.channels.size());
  for (const ChannelSpec& spec : plan.channels) channels.emplace_back(spec);
  if (!plan.nodes.empty()) all_seen.resize(plan.nodes.back().first_trigger + plan.nodes.back().triggers.size(), 0);
}

std::vector<PlannedTask> plan_tasks(const Plan& plan, const Cells& cells,
                                    const std::optional<std::vector<ChannelIndex>>& changed) {
  std::vector<PlannedTask> tasks;
  const Channel& sends = cells.channels[plan.sends];
  if (sends.available(plan.channels[plan.sends])) {
    const Value& list = sends.get();
    for (std::size_t index = 0; index < list.size(); ++index) {
      std::optional<Send> send = send_from_json(list.item(index));
      const std::optional<NodeIndex> target = send ? target_of(plan, *send) : std::nullopt;
      if (!target) continue;
      tasks.push_back({TaskKind::push, *target, index, {}, std::move(send->argument), send->timeout});
    }
  }
  const auto add = [&](NodeIndex node) {
    FiredTriggers fired = fired_triggers(plan, cells, plan.nodes[node]);
    if (!fired.empty()) tasks.push_back({TaskKind::pull, node, 0, std::move(fired), Value()});
  };
  if (changed) {
    const Nodes nodes = nodes_by_name(plan, *changed);
    tasks.reserve(tasks.size() + nodes.size());
    for (const NodeIndex node : nodes) add(node);
  } else {
    for (NodeIndex node = 0; node < plan.nodes.size(); ++node) add(node);
  }
  return tasks;
}

std::vector<ChannelIndex> apply_writes(const Plan& plan, Cells& cells, std::vector<FinishedTask> tasks) {
  if (tasks.size() > 1) {
    std::ranges::sort(tasks,
                      [&](const FinishedTask& left, const FinishedTask& right) { return before(plan, left, right); });
  }
  const Gathered gathered(plan, tasks);
  AllRenewed renewed = renew(plan, cells, gathered);

  note_seen(plan, cells, tasks);
  const std::int64_t next = cells.newest + 1;
  bool any_changed = false;
  const auto set_version = [&](ChannelIndex channel) {
    cells.versions[channel] = next;
    any_changed = true;
  };
  std::vector<ChannelIndex> updated;
  updated.reserve(renewed.size());
  for (Renewed& one : renewed) {
    cells.channels[one.channel] = std::move(one.cell);
    if (!one.changed) continue;
    set_version(one.channel);
    if (cells.channels[one.channel].available(plan.channels[one.channel])) updated.push_back(one.channel);
  }
  for (const FinishedTask& finished : tasks) {
    if (!finished.task) continue;
    for (const ChannelIndex channel : finished.task->triggers) {
      const bool is_used_up = !gathered.is_written(channel) && cells.channels[channel].consume(plan.channels[channel]);
      if (is_used_up) set_version(channel);
    }
  }
  if (gathered.triggered()) {
    for (const ChannelIndex channel : plan.cleared_by_steps) {
      Channel& cell = cells.channels[channel];
      if (!cell.available(plan.channels[channel])) continue;
      if (gathered.is_written(channel) && std::ranges::find(updated, channel) != updated.end()) continue;
      if (cell.update(plan.channels[channel], {})) set_version(channel);
    }
  }
  const bool goes_on = std::ranges::any_of(updated, [&](ChannelIndex one) { return !plan.triggered_by[one].empty(); });
  if (gathered.triggered() && !goes_on) {
    // Nothing else is left to run, which is what deferred nodes wait for.
    for (const ChannelIndex channel : plan.finished_late) {
      if (!cells.channels[channel].finish(plan.channels[channel])) continue;
      set_version(channel);
      if (cells.channels[channel].available(plan.channels[channel])) updated.push_back(channel);
    }
  }
  if (any_changed) cells.newest = next;
  return updated;
}

RanLast ran_last(const Plan& plan, const Cells& cells) {
  RanLast last;
  for (NodeIndex node = 0; node < plan.nodes.size(); ++node) {
    const PlannedNode& planned = plan.nodes[node];
    const std::span<const std::int64_t> seen =
        std::span(cells.all_seen).subspan(planned.first_trigger, planned.triggers.size());
    const std::int64_t version = seen.empty() ? 0 : *std::ranges::max_element(seen);
    if (version == 0 || version < last.saw) continue;
    if (version > last.saw) last.nodes.clear();
    last.saw = version;
    last.nodes.push_back(node);
  }
  return last;
}

bool stops_at(const Plan& plan, const Cells& cells, const Breakpoints& breakpoints, std::span<const NodeIndex> nodes) {
  if (breakpoints.empty()) return false;
  bool is_new = false;
  for (ChannelIndex channel = 0; channel < cells.versions.size() && !is_new; ++channel) {
    is_new = cells.versions[channel] > (cells.seen_at_stop.empty() ? 0 : cells.seen_at_stop[channel]);
  }
  return is_new && std::ranges::any_of(nodes, [&](NodeIndex index) {
           const PlannedNode& node = plan.nodes[index];
           return breakpoints.all ? !node.hidden : breakpoints.nodes.contains(node.name);
         });
}

std::string task_namespace(const std::string& checkpoint_ns, const std::string& node) {
  return checkpoint_ns.empty() ? node : checkpoint_ns + "|" + node;
}

TaskId id_of_task(const Plan& plan, const PlannedTask& task, const CheckpointId& checkpoint,
                  const std::string& checkpoint_ns, std::int64_t step) {
  const std::string& node = plan.nodes[task.node].name;
  std::string name = "[";
  print_json_string(task_namespace(checkpoint_ns, node), name);
  name += ",\"" + std::to_string(step) + "\",";
  print_json_string(node, name);
  if (task.kind == TaskKind::push) {
    name += ",\"";
    name += reserved::kPush;
    name += "\",\"" + std::to_string(task.index) + "\"]";
  } else {
    name += ",\"";
    name += reserved::kPull;
    name += "\",[";
    if (!task.triggers.empty()) print_json_string(plan.channels[task.triggers.front()].name, name);
    name += "]]";
  }
  return task_id(checkpoint, name);
}

std::string handler_name(const std::string& node) {
  return "__error_handler__" + node;
}

TaskId id_of_handler(const Plan& plan, const PlannedTask& task, const TaskId& failed, const CheckpointId& checkpoint,
                     const std::string& checkpoint_ns, std::int64_t step) {
  const std::string handler = handler_name(plan.nodes[task.node].name);
  const boost::json::array name{task_namespace(checkpoint_ns, handler),
                                std::to_string(step),
                                handler,
                                reserved::kPush,
                                "node_error_handler",
                                failed.text()};
  return task_id(checkpoint, to_text(name));
}

TaskId id_of_call(const Plan& plan, const PlannedTask& caller, const std::string& name, std::int64_t number,
                  const CheckpointId& checkpoint, const std::string& checkpoint_ns, std::int64_t step) {
  const boost::json::array text{task_namespace(checkpoint_ns, name),
                                std::to_string(step),
                                name,
                                reserved::kPush,
                                shown_path(plan, caller),
                                std::to_string(number)};
  return task_id(checkpoint, to_text(text));
}

std::string sort_path(const Plan& plan, const PlannedTask& task) {
  if (task.kind == TaskKind::pull) return "~" + std::string(reserved::kPull) + ", " + plan.nodes[task.node].name;
  std::string digits = std::to_string(task.index);
  if (digits.size() < 10) digits.insert(0, 10 - digits.size(), '0');
  return "~" + std::string(reserved::kPush) + ", " + digits;
}

boost::json::array shown_path(const Plan& plan, const PlannedTask& task) {
  if (task.kind == TaskKind::pull) return {reserved::kPull, plan.nodes[task.node].name};
  return {reserved::kPush, task.index, false};
}

std::vector<std::string> shown_triggers(const Plan& plan, const PlannedTask& task) {
  if (task.kind == TaskKind::push) return {std::string(reserved::kPush)};
  std::vector<std::string> names;
  for (const ChannelIndex channel : task.triggers) names.push_back(plan.channels[channel].name);
  return names;
}

}  // namespace heddle::runtime
