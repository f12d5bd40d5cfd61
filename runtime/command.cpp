#include "runtime/command.h"

#include <set>

#include "runtime/error.h"
#include "runtime/json.h"

namespace heddle::runtime {
namespace {

constexpr std::string_view kParentGraph = "__parent__";
constexpr std::string_view kSendMarker = "__send__";

[[noreturn]] void refuse(const std::string& text) {
  throw GraphError("InvalidUpdateError", text);
}

KeyedWrites update_from_json(const json::value& update) {
  KeyedWrites writes;
  if (update.is_null()) return writes;
  if (const json::object* object = update.if_object()) {
    for (const auto& [key, value] : *object) writes.emplace_back(key, value);
    return writes;
  }
  const json::array* pairs = update.if_array();
  if (!pairs) refuse("command.update: expected an object or a list of [key, value] pairs");
  for (std::size_t i = 0; i < pairs->size(); ++i) {
    const json::array* pair = (*pairs)[i].if_array();
    if (!pair || pair->size() != 2 || !pair->front().is_string()) {
      refuse("command.update[" + std::to_string(i) + "]: expected a [key, value] pair");
    }
    writes.emplace_back(std::string(pair->front().get_string()), pair->back());
  }
  return writes;
}

Goto target_from_json(const json::value& target, const std::string& path) {
  if (const json::string* name = target.if_string()) return std::string(*name);
  const std::optional<std::string_view> node = find_text(target, "node");
  if (!node) refuse(path + ": expected the name of a node or an object with node and input");
  const json::value* input = find_member(target, "input");
  return Send{std::string(*node), input ? Value(*input) : Value()};
}

std::vector<Goto> targets_from_json(const json::value& go_to) {
  std::vector<Goto> targets;
  if (go_to.is_null()) return targets;
  const json::array* list = go_to.if_array();
  if (!list) {
    targets.push_back(target_from_json(go_to, "command.goto"));
    return targets;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    targets.push_back(target_from_json((*list)[i], "command.goto[" + std::to_string(i) + "]"));
  }
  return targets;
}

json::value target_to_json(const Goto& target) {
  if (const auto* name = std::get_if<std::string>(&target)) return json::value(*name);
  const Send& send = std::get<Send>(target);
  return json::object{{"node", send.node}, {"input", send.argument.json()}};
}

json::value update_to_json(const KeyedWrites& update) {
  std::set<std::string_view> keys;
  for (const auto& [key, value] : update) keys.insert(key);
  if (keys.size() == update.size()) {
    json::object object;
    for (const auto& [key, value] : update) object[key] = value;
    return object;
  }
  json::array pairs;
  for (const auto& [key, value] : update) pairs.push_back(json::array{json::value(key), value});
  return pairs;
}

}  // namespace

json::value send_to_json(const Send& send) {
  json::object object{{kSendMarker, true}, {"node", send.node}, {"args", send.argument.json()}};
  if (send.timeout) object["timeout_ms"] = send.timeout->count();
  return object;
}

std::optional<Send> send_from_json(const json::value& value) {
  const json::object* object = value.if_object();
  if (!object) return std::nullopt;
  const json::value* marker = object->if_contains(kSendMarker);
  const json::value* node = object->if_contains("node");
  const json::value* argument = object->if_contains("args");
  const json::value* timeout = object->if_contains("timeout_ms");
  const std::size_t expected = timeout ? 4 : 3;
  if (object->size() != expected || (timeout && !timeout->is_int64())) return std::nullopt;
  if (!marker || *marker != true || !node || !node->is_string() || !argument) return std::nullopt;
  Send send{std::string(node->get_string()), *argument};
  if (timeout) send.timeout = std::chrono::milliseconds{timeout->get_int64()};
  return send;
}

json::object to_json(const Interrupt& interrupt) {
  return {{"id", interrupt.id}, {"value", interrupt.value}};
}

json::array to_json(const std::vector<Interrupt>& interrupts) {
  json::array list;
  list.reserve(interrupts.size());
  for (const Interrupt& interrupt : interrupts) list.push_back(to_json(interrupt));
  return list;
}

Command& Command::set(std::string key, json::value value) {
  update.emplace_back(std::move(key), std::move(value));
  return *this;
}

Command& Command::to(Goto target) {
  go_to.push_back(std::move(target));
  return *this;
}

Command& Command::of_parent() {
  graph = CommandTarget::parent_graph;
  return *this;
}

Command command_from_json(const json::value& value) {
  if (!value.is_object()) refuse("command: expected an object");
  Command command;
  if (const json::value* update = find_member(value, "update")) command.update = update_from_json(*update);
  if (const json::value* go_to = find_member(value, "goto")) command.go_to = targets_from_json(*go_to);
  const json::value* resume = find_member(value, "resume");
  if (resume && !resume->is_null()) command.resume = *resume;
  const json::value* graph = find_member(value, "graph");
  if (graph && !graph->is_null()) {
    if (!graph->is_string() || graph->get_string() != kParentGraph) {
      refuse("command.graph: expected \"" + std::string(kParentGraph) + "\"");
    }
    command.graph = CommandTarget::parent_graph;
  }
  return command;
}

json::object to_json(const Command& command) {
  json::object object;
  if (!command.update.empty()) object["update"] = update_to_json(command.update);
  if (command.go_to.size() == 1) {
    object["goto"] = target_to_json(command.go_to.front());
  } else if (!command.go_to.empty()) {
    json::array& targets = object["goto"].emplace_array();
    for (const Goto& target : command.go_to) targets.push_back(target_to_json(target));
  }
  if (command.resume) object["resume"] = *command.resume;
  if (command.graph == CommandTarget::parent_graph) object["graph"] = kParentGraph;
  return object;
}

}  // namespace heddle::runtime
