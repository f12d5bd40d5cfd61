#include "runtime/pregel/input_output.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/message.h"
#include "runtime/uuid.h"

namespace heddle::runtime {
namespace {

using Plan = CompiledGraph::Plan;

std::string new_message_id() {
  return uuid4().text();
}

// Managed values are computed for each task and never kept (runtime.md 14).
void add_managed(const std::vector<ManagedKey>& keys, RunPosition position, std::vector<State::Member>& members) {
  const std::int64_t left = position.stop - position.step;
  for (const ManagedKey& key : keys) {
    const bool is_count = key.kind == ManagedKey::Kind::remaining_steps;
    members.emplace_back(key.name, is_count ? json::value(left) : json::value(left == 1));
  }
}

State values_of(const Plan& plan, const Cells& cells, const std::vector<ChannelIndex>& keys) {
  std::vector<State::Member> members;
  members.reserve(keys.size());
  for (const ChannelIndex key : keys) {
    if (!cells.channels[key].available(plan.channels[key])) continue;
    members.emplace_back(plan.channels[key].name, cells.channels[key].get());
  }
  return State(std::move(members));
}

std::optional<ChannelIndex> state_key(const Plan& plan, std::string_view name) {
  const auto found = plan.channel_by_name.find(name);
  if (found == plan.channel_by_name.end() || !is_state_key(plan, found->second)) return std::nullopt;
  return found->second;
}

// Messages get their ids when the node returns, so that all streams agree (runtime.md 5.3).
Value incoming(const ChannelSpec& spec, json::value value) {
  if (!spec.is_messages) return Value(std::move(value));
  const json::value* replacement = overwrite_of(value);
  if (!replacement) return Value(with_ids(value, new_message_id));
  return Value(json::object{{"__overwrite__", with_ids(*replacement, new_message_id)}});
}

void add_update(const Plan& plan, std::string_view key, json::value value, std::vector<Write>& writes) {
  const std::optional<ChannelIndex> channel = state_key(plan, key);
  if (channel) writes.push_back({*channel, incoming(plan.channels[*channel], std::move(value))});
}

std::string_view kind_of(const Value& value) {
  if (value.is_list()) return "array";
  if (value.json().is_string()) return "string";
  return value.json().is_bool() ? "boolean" : "number";
}

Write send_write(const Plan& plan, const Send& send) {
  if (send.node == kEnd) throw GraphError("InvalidUpdateError", "Cannot send a packet to the END node");
  const auto node = plan.node_by_name.find(send.node);
  if (node == plan.node_by_name.end() || plan.nodes[node->second].is_start) {
    throw GraphError("InvalidUpdateError", "Invalid node name \"" + send.node + "\" in Send packet");
  }
  return {plan.sends, Value(send_to_json(send))};
}

void add_target(const Plan& plan, const std::string& node, std::vector<Write>& writes) {
  const auto found = plan.node_by_name.find(node);
  if (found == plan.node_by_name.end()) return;
  const std::optional<ChannelIndex>& trigger = plan.trigger_of[found->second];
  if (trigger) writes.push_back({*trigger, Value()});
}

void add_goto(const Plan& plan, const Goto& target, std::vector<Write>& writes) {
  if (const Send* send = std::get_if<Send>(&target)) {
    writes.push_back(send_write(plan, *send));
  } else {
    add_target(plan, std::get<std::string>(target), writes);
  }
}

void add_routes(const Plan& plan, const BranchWriter& branch, const State& view, const RunConfig& config,
                std::vector<Write>& writes) {
  const Routes routes = branch.path(view, config);
  for (const Goto& target : routes.targets()) {
    const std::string* label = std::get_if<std::string>(&target);
    if (!label || branch.targets.empty()) {
      add_goto(plan, target, writes);
      continue;
    }
    const auto found = branch.targets.find(*label);
    if (found == branch.targets.end()) {
      throw GraphError("Error", "Branch condition returned unknown or null destination");
    }
    add_target(plan, found->second, writes);
  }
}

// The state with the writes of one task applied, and no others.
State local_view(const Plan& plan, const Cells& cells, std::span<const Write> writes, RunPosition position) {
  std::vector<State::Member> members;
  members.reserve(plan.state_keys.size());
  for (const ChannelIndex key : plan.state_keys) {
    std::vector<Value> own;
    for (const Write& write : writes) {
      if (write.channel == key) own.push_back(write.value);
    }
    const ChannelSpec& spec = plan.channels[key];
    if (own.empty()) {
      if (cells.channels[key].available(spec)) members.emplace_back(spec.name, cells.channels[key].get());
      continue;
    }
    Channel cell = cells.channels[key];
    cell.update(spec, own);
    if (cell.available(spec)) members.emplace_back(spec.name, cell.get());
  }
  add_managed(plan.managed, position, members);
  return State(std::move(members));
}

// `view`: what path functions see; made only if there is one.
template <class View>
void add_edges(const Plan& plan, NodeIndex node, const View& view, const RunConfig& config,
               std::vector<Write>& writes) {
  std::optional<State> seen;
  for (const ControlWriter& writer : plan.nodes[node].writers) {
    if (const EdgeWriter* edge = std::get_if<EdgeWriter>(&writer)) {
      writes.push_back({edge->trigger, Value()});
    } else if (const BarrierWriter* barrier = std::get_if<BarrierWriter>(&writer)) {
      writes.push_back({barrier->barrier, barrier->name});
    } else {
      if (!seen) seen = view();
      add_routes(plan, std::get<BranchWriter>(writer), *seen, config, writes);
    }
  }
}

std::size_t writes_expected(const Plan& plan, NodeIndex node, const NodeResult& result) {
  std::size_t expected = plan.nodes[node].writers.size();
  for (const NodeResult::Part& part : result.parts()) {
    if (const Update* update = std::get_if<Update>(&part)) expected += update->size();
  }
  return expected;
}

void add_edges_of_node(const Plan& plan, const Cells& cells, NodeIndex node, const PathView& paths,
                       std::vector<Write>& writes) {
  const auto view = [&, own = writes.size()] {
    return local_view(plan, cells, std::span(writes).first(own), paths.position);
  };
  add_edges(plan, node, view, paths.config, writes);
}

}  // namespace

bool is_state_key(const Plan& plan, ChannelIndex channel) {
  return channel < plan.state_keys.size();
}

bool writes_state(const Plan& plan, std::span<const Write> writes) {
  return std::ranges::any_of(writes, [&](const Write& write) { return is_state_key(plan, write.channel); });
}

State all_values(const Plan& plan, const Cells& cells) {
  if (plan.workflow) {
    const ChannelIndex result = plan.workflow->result;
    const bool has_one = cells.channels[result].available(plan.channels[result]);
    return State::result(has_one ? cells.channels[result].get() : Value());
  }
  return values_of(plan, cells, plan.state_keys);
}

State output_values(const Plan& plan, const Cells& cells) {
  if (plan.workflow) return all_values(plan, cells);
  return values_of(plan, cells, plan.output_keys);
}

State node_input(const Plan& plan, const Cells& cells, NodeIndex node, RunPosition position) {
  const PlannedNode& planned = plan.nodes[node];
  if (planned.managed.empty()) return values_of(plan, cells, planned.reads);
  std::vector<State::Member> members = values_of(plan, cells, planned.reads).members();
  add_managed(planned.managed, position, members);
  return State(std::move(members));
}

State taken_input(const Plan& plan, const State& input) {
  if (plan.workflow) return input;
  std::vector<State::Member> members;
  members.reserve(input.members().size());
  for (const State::Member& member : input.members()) {
    const std::optional<ChannelIndex> key = state_key(plan, member.first);
    if (key && std::ranges::find(plan.input_keys, *key) != plan.input_keys.end()) members.push_back(member);
  }
  return State(std::move(members));
}

std::vector<Write> start_writes(const Plan& plan, const State& input, const PathView& paths) {
  std::vector<Write> writes;
  writes.reserve(input.members().size() + plan.nodes[0].writers.size());
  std::vector<State::Member> seen;
  seen.reserve(input.members().size());
  for (const State::Member& member : input.members()) {
    const std::optional<ChannelIndex> key = state_key(plan, member.first);
    if (!key) continue;
    const ChannelSpec& spec = plan.channels[*key];
    // Written as it came (the reducer reads all forms), seen by path functions in flat form.
    writes.push_back({*key, member.second});
    seen.emplace_back(member.first, spec.is_messages ? incoming(spec, member.second.json()) : member.second);
  }
  const auto view = [&] {
    add_managed(plan.managed, paths.position, seen);
    return State(std::move(seen));
  };
  add_edges(plan, 0, view, paths.config, writes);
  return writes;
}

std::vector<Write> result_writes(const Plan& plan, const Cells& cells, NodeIndex node, NodeResult result,
                                 const PathView& paths) {
  std::vector<Write> writes;
  writes.reserve(writes_expected(plan, node, result));
  std::vector<Goto> targets;
  for (NodeResult::Part& part : std::move(result).take()) {
    if (Update* update = std::get_if<Update>(&part)) {
      for (auto& member : *update) add_update(plan, member.key(), std::move(member.value()), writes);
      continue;
    }
    Command& command = std::get<Command>(part);
    for (auto& [key, value] : command.update) add_update(plan, key, std::move(value), writes);
    std::ranges::move(command.go_to, std::back_inserter(targets));
  }
  // Path functions see the updates, which stand first.
  const std::size_t updates = writes.size();
  for (const Goto& target : targets) add_goto(plan, target, writes);
  const auto view = [&] { return local_view(plan, cells, std::span(writes).first(updates), paths.position); };
  add_edges(plan, node, view, paths.config, writes);
  return writes;
}

std::vector<Write> subgraph_writes(const Plan& plan, const Cells& cells, NodeIndex node, const State& values,
                                   const PathView& paths) {
  std::vector<Write> writes;
  if (values.whole() && !values.whole()->is_null()) throw no_update(plan.nodes[node].name, *values.whole());
  for (const State::Member& member : values.members()) {
    const std::optional<ChannelIndex> key = state_key(plan, member.first);
    // Messages have got their ids inside the graph that wrote them.
    if (key) writes.push_back({*key, member.second});
  }
  add_edges_of_node(plan, cells, node, paths, writes);
  return writes;
}

std::vector<Write> command_writes(const Plan& plan, const Command& command) {
  std::vector<Write> writes;
  for (const Goto& target : command.go_to) {
    if (const Send* send = std::get_if<Send>(&target)) {
      writes.push_back({plan.sends, Value(send_to_json(*send))});
    } else {
      add_target(plan, std::get<std::string>(target), writes);
    }
  }
  for (const auto& [key, value] : command.update) add_update(plan, key, value, writes);
  return writes;
}

const Command* command_to_parent(const NodeResult& result) {
  for (const NodeResult::Part& part : result.parts()) {
    const Command* command = std::get_if<Command>(&part);
    if (command && command->graph == CommandTarget::parent_graph) return command;
  }
  return nullptr;
}

json::value shown_update(const Plan& plan, std::span<const Write> writes) {
  if (plan.workflow) return shown_result(plan, writes);
  json::object merged;
  json::array single;
  bool twice = false;
  for (const Write& write : writes) {
    if (!is_state_key(plan, write.channel)) continue;
    const std::string& key = plan.channels[write.channel].name;
    if (!twice && merged.contains(key)) {
      twice = true;
      for (const auto& member : merged) single.push_back(json::object{{member.key(), member.value()}});
    }
    if (twice) {
      single.push_back(json::object{{key, write.value.json()}});
    } else {
      merged.emplace(key, write.value.json());
    }
  }
  if (twice) return single;
  return merged;
}

json::value shown_result(const Plan& plan, std::span<const Write> writes) {
  if (plan.workflow) {
    const auto written = std::ranges::find(writes, plan.workflow->result, &Write::channel);
    return written != writes.end() ? written->value.json() : json::value(json::object());
  }
  json::object result;
  std::vector<ChannelIndex> several;
  for (const Write& write : writes) {
    if (!is_state_key(plan, write.channel)) continue;
    const std::string& key = plan.channels[write.channel].name;
    json::value* known = result.if_contains(key);
    if (!known) {
      result.emplace(key, write.value.json());
      continue;
    }
    if (std::ranges::find(several, write.channel) == several.end()) {
      several.push_back(write.channel);
      json::array both;
      both.push_back(std::move(*known));
      *known = json::object{{"$writes", std::move(both)}};
    }
    known->as_object().at("$writes").as_array().push_back(write.value.json());
  }
  return result;
}

GraphError no_update(const std::string& node, const Value& returned) {
  return {"InvalidUpdateError",
          "Expected node \"" + node +
              "\" to return an object or an array containing at least one Command object, received " +
              std::string(kind_of(returned))};
}

GraphError several_questions() {
  return {"RuntimeError",
          "When there are multiple pending interrupts, you must specify the interrupt id when resuming."};
}

bool is_answers_by_id(const json::value& resume) {
  const json::object* answers = resume.if_object();
  if (!answers || answers->empty()) return false;
  return std::ranges::all_of(*answers, [](const auto& member) {
    const std::string_view key = member.key();
    return key.size() == 32 && key.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  });
}

}  // namespace heddle::runtime
