#include "runtime/pregel/checkpointing.h"

#include <algorithm>
#include <utility>

#include "runtime/json.h"
#include "runtime/pregel/reserved.h"

namespace heddle::runtime {
namespace {

using Plan = CompiledGraph::Plan;

std::string text_member(const json::value& value, std::string_view key) {
  return std::string(find_text(value, key).value_or(""));
}

std::int64_t integer_member(const json::value& value, std::string_view key) {
  const json::value* member = find_member(value, key);
  return member && member->is_int64() ? member->get_int64() : 0;
}

bool is_untracked(const Plan& plan, std::string_view key) {
  const auto found = plan.channel_by_name.find(key);
  return found != plan.channel_by_name.end() && plan.channels[found->second].kind == ChannelKind::untracked;
}

// A Send without those members of its argument that are never stored (runtime.md 3).
json::value stored_send(const Plan& plan, const json::value& stored) {
  const std::optional<Send> send = send_from_json(stored);
  if (!send || !send->argument.json().is_object()) return stored;
  json::object argument;
  for (const auto& member : send->argument.json().get_object()) {
    if (!is_untracked(plan, member.key())) argument.emplace(member.key(), member.value());
  }
  return send_to_json({send->node, Value(std::move(argument)), send->timeout});
}

bool has_untracked(const Plan& plan) {
  return std::ranges::any_of(plan.state_keys,
                             [&](ChannelIndex key) { return plan.channels[key].kind == ChannelKind::untracked; });
}

Value stored_sends(const Plan& plan, const Value& sends) {
  json::array stored;
  for (std::size_t index = 0; index < sends.size(); ++index) stored.push_back(stored_send(plan, sends.item(index)));
  return Value(std::move(stored));
}

void add_stored(const Plan& plan, const std::vector<Write>& writes, std::vector<ChannelWrite>& stored) {
  for (const Write& write : writes) {
    const ChannelSpec& spec = plan.channels[write.channel];
    if (spec.kind == ChannelKind::untracked) continue;
    const bool is_stripped = write.channel == plan.sends && !write.value.is_list() && has_untracked(plan);
    stored.push_back({spec.name, is_stripped ? Value(stored_send(plan, write.value.json())) : write.value});
  }
}

void add_special(std::string_view channel, json::value value, std::vector<ChannelWrite>& stored) {
  stored.push_back({std::string(channel), Value(std::move(value))});
}

json::array stored_answers(const Answers& answers) {
  // As a list of lists, so that an answer that is null and no answer differ.
  json::array list;
  for (const std::optional<json::value>& answer : answers) {
    json::array one;
    if (answer) one.push_back(*answer);
    list.push_back(std::move(one));
  }
  return list;
}

Answers restored_answers(const Value& stored) {
  Answers answers;
  if (!stored.is_list()) return answers;
  for (const Value::Item& item : stored.items()) {
    const json::array* one = item->if_array();
    std::optional<json::value> answer;
    if (one && !one->empty()) answer = one->front();
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::vector<Interrupt> restored_interrupts(const Value& stored) {
  std::vector<Interrupt> interrupts;
  if (!stored.is_list()) return interrupts;
  for (const Value::Item& item : stored.items()) {
    const json::value* value = find_member(*item, "value");
    interrupts.push_back({text_member(*item, "id"), value ? *value : json::value()});
  }
  return interrupts;
}

json::object stored_failure(const HandledFailure& failure) {
  return {{"node", failure.node},
          {"error", json::object{{"message", failure.error.message}, {"name", failure.error.name}}},
          {"attempt", failure.attempt},
          {"questions", failure.questions},
          {"subgraphs", failure.subgraphs}};
}

HandledFailure restored_failure(const json::value& stored) {
  HandledFailure failure;
  failure.node = text_member(stored, "node");
  if (const json::value* error = find_member(stored, "error")) {
    failure.error = ErrorInfo{text_member(*error, "name"), text_member(*error, "message")};
  }
  failure.attempt = integer_member(stored, "attempt");
  failure.questions = integer_member(stored, "questions");
  failure.subgraphs = integer_member(stored, "subgraphs");
  return failure;
}

// Whether the write is one of the pseudo-channels; then it is noted.
bool restore_special(const ChannelWrite& write, TaskRecord& record) {
  if (write.channel == reserved::kInterrupt) {
    record.interrupts = restored_interrupts(write.value);
    record.asked = true;
  } else if (write.channel == reserved::kResume) {
    record.answers = restored_answers(write.value);
  } else if (write.channel == reserved::kError) {
    record.error = ErrorInfo{text_member(write.value.json(), "name"), text_member(write.value.json(), "message")};
  } else if (write.channel == reserved::kErrorSource) {
    record.handled = restored_failure(write.value.json());
  } else if (write.channel == reserved::kFinishedCall) {
    const json::value* result = find_member(write.value.json(), "result");
    record.finished_calls.insert_or_assign(text_member(write.value.json(), "id"), result ? *result : json::value());
  } else {
    // That of a call that finished is for the storage alone (runtime/run_progress.h).
    return write.channel == reserved::kAttempt;
  }
  return true;
}

}  // namespace

void store_cells(const Plan& plan, const Cells& cells, Checkpoint& checkpoint) {
  for (ChannelIndex channel = 0; channel < plan.channels.size(); ++channel) {
    const ChannelSpec& spec = plan.channels[channel];
    std::optional<Value> value = cells.channels[channel].checkpoint(spec);
    if (value && channel == plan.sends && value->is_list() && has_untracked(plan)) value = stored_sends(plan, *value);
    if (value) checkpoint.values.emplace(spec.name, std::move(*value));
    if (cells.versions[channel] > 0) checkpoint.versions.emplace(spec.name, cells.versions[channel]);
  }
  for (const PlannedNode& node : plan.nodes) {
    for (std::size_t place = 0; place < node.triggers.size(); ++place) {
      const std::int64_t version = cells.seen(node, place);
      if (version > 0) checkpoint.seen[node.name].emplace(plan.channels[node.triggers[place]].name, version);
    }
  }
  for (ChannelIndex channel = 0; channel < cells.seen_at_stop.size(); ++channel) {
    if (cells.seen_at_stop[channel] == 0) continue;
    checkpoint.seen[std::string(reserved::kInterrupt)].emplace(plan.channels[channel].name,
                                                               cells.seen_at_stop[channel]);
  }
}

Cells restored_cells(const Plan& plan, const Checkpoint& checkpoint) {
  Cells cells(plan);
  for (const auto& [name, value] : checkpoint.values) {
    const auto found = plan.channel_by_name.find(name);
    if (found != plan.channel_by_name.end()) cells.channels[found->second].restore(plan.channels[found->second], value);
  }
  for (const auto& [name, version] : checkpoint.versions) {
    cells.newest = std::max(cells.newest, version);
    const auto found = plan.channel_by_name.find(name);
    if (found != plan.channel_by_name.end()) cells.versions[found->second] = version;
  }
  for (const PlannedNode& node : plan.nodes) {
    const auto seen = checkpoint.seen.find(node.name);
    if (seen == checkpoint.seen.end()) continue;
    for (std::size_t place = 0; place < node.triggers.size(); ++place) {
      const auto version = seen->second.find(plan.channels[node.triggers[place]].name);
      if (version != seen->second.end()) cells.seen(node, place) = version->second;
    }
  }
  const auto stopped = checkpoint.seen.find(std::string(reserved::kInterrupt));
  if (stopped != checkpoint.seen.end()) {
    cells.seen_at_stop.assign(plan.channels.size(), 0);
    for (const auto& [name, version] : stopped->second) {
      const auto found = plan.channel_by_name.find(name);
      if (found != plan.channel_by_name.end()) cells.seen_at_stop[found->second] = version;
    }
  }
  return cells;
}

std::vector<ChannelWrite> stored_record(const Plan& plan, const TaskRecord& record) {
  std::vector<ChannelWrite> stored;
  if (record.finished) {
    add_stored(plan, record.writes, stored);
    if (stored.empty()) add_special(reserved::kNoWrites, nullptr, stored);
    // The history shows what a task had asked beside its result.
    if (record.asked) add_special(reserved::kInterrupt, to_json(record.interrupts), stored);
    return stored;
  }
  if (record.error) {
    add_special(reserved::kError, json::object{{"message", record.error->message}, {"name", record.error->name}},
                stored);
  }
  if (record.handled) add_special(reserved::kErrorSource, stored_failure(*record.handled), stored);
  if (record.asked) add_special(reserved::kInterrupt, to_json(record.interrupts), stored);
  if (!record.answers.empty()) add_special(reserved::kResume, stored_answers(record.answers), stored);
  for (const auto& [id, result] : record.finished_calls) {
    add_special(reserved::kFinishedCall, json::object{{"id", id}, {"result", result}}, stored);
  }
  return stored;
}

TaskRecord restored_record(const Plan& plan, const std::vector<ChannelWrite>& writes) {
  TaskRecord record;
  for (const ChannelWrite& write : writes) {
    if (restore_special(write, record)) continue;
    record.finished = true;
    const auto found = plan.channel_by_name.find(write.channel);
    if (found != plan.channel_by_name.end()) record.writes.push_back({found->second, write.value});
  }
  return record;
}

std::vector<Write> OutsideWrites::all() const {
  std::vector<Write> writes;
  for (const Group& group : groups) writes.insert(writes.end(), group.writes.begin(), group.writes.end());
  return writes;
}

const OutsideWrites::Group* OutsideWrites::of_run(std::string_view run_id) const {
  if (run_id.empty()) return nullptr;
  const auto found = std::ranges::find(groups, run_id, &Group::run_id);
  return found == groups.end() ? nullptr : &*found;
}

std::vector<ChannelWrite> stored_outside(const Plan& plan, const OutsideWrites& outside) {
  std::vector<ChannelWrite> stored;
  for (const OutsideWrites::Group& group : outside.groups) {
    json::object run{{"run_id", group.run_id}};
    if (group.answers) run.emplace("answers", *group.answers);
    if (group.resume) run.emplace("resume", *group.resume);
    if (!group.targets.empty()) {
      json::object targets;
      for (const auto& [target, named] : group.targets) targets.emplace(target, named);
      run.emplace("targets", std::move(targets));
    }
    add_special(reserved::kCommandRun, std::move(run), stored);
    add_stored(plan, group.writes, stored);
  }
  return stored;
}

OutsideWrites restored_outside(const Plan& plan, const std::vector<ChannelWrite>& writes) {
  OutsideWrites outside;
  for (const ChannelWrite& write : writes) {
    if (write.channel == reserved::kCommandRun) {
      OutsideWrites::Group group{text_member(write.value.json(), "run_id"), std::nullopt, {}};
      if (find_text(write.value.json(), "answers")) group.answers = text_member(write.value.json(), "answers");
      if (const json::value* resume = find_member(write.value.json(), "resume")) group.resume = *resume;
      if (const json::value* targets = find_member(write.value.json(), "targets"); targets && targets->is_object()) {
        for (const auto& member : targets->get_object()) {
          group.targets.emplace(member.key(), text_member(*targets, member.key()));
        }
      }
      outside.groups.push_back(std::move(group));
      continue;
    }
    const auto found = plan.channel_by_name.find(write.channel);
    if (found == plan.channel_by_name.end()) continue;
    if (outside.groups.empty()) outside.groups.emplace_back();
    outside.groups.back().writes.push_back({found->second, write.value});
  }
  return outside;
}

}  // namespace heddle::runtime
