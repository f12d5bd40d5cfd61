#include "graphs/unanswered_calls.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/json.h"

namespace heddle::graphs {
namespace {

namespace json = boost::json;
using runtime::Message;
using runtime::Value;

Value::Item cancelled_answer(const json::value& call, std::string_view id) {
  const std::string name(runtime::find_text(call, "name").value_or(""));
  Message answer = runtime::tool_message("The call was cancelled by the user, who wrote a new message instead.",
                                         std::string(id), name, "error");
  return std::make_shared<const json::value>(std::move(answer));
}

// The ids of tool messages directly behind `at`.
std::set<std::string_view> answered_behind(const runtime::ItemList& messages, std::size_t at) {
  std::set<std::string_view> answered;
  for (std::size_t i = at + 1; i < messages.size() && runtime::message_type(*messages[i]) == "tool"; ++i) {
    answered.insert(runtime::find_text(*messages[i], "tool_call_id").value_or(""));
  }
  return answered;
}

// Answers to those calls of the message that have none behind it.
runtime::ItemList owed_to(const runtime::ItemList& messages, std::size_t at) {
  runtime::ItemList owed;
  if (runtime::message_type(*messages[at]) != "ai") return owed;
  const json::array& calls = runtime::tool_calls(*messages[at]);
  if (calls.empty()) return owed;
  std::set<std::string_view> answered = answered_behind(messages, at);
  for (const json::value& call : calls) {
    const std::string_view id = runtime::find_text(call, "id").value_or("");
    if (answered.insert(id).second) owed.push_back(cancelled_answer(call, id));
  }
  return owed;
}

}  // namespace

runtime::ItemList with_all_calls_answered(runtime::ItemList messages) {
  std::size_t first = 0;
  while (first < messages.size() && owed_to(messages, first).empty()) ++first;
  if (first == messages.size()) return messages;

  runtime::ItemList whole = messages;
  whole.shorten(first);
  runtime::ItemList owed;  // answers, to go behind the tool messages that there are
  for (std::size_t at = first; at < messages.size(); ++at) {
    if (runtime::message_type(*messages[at]) != "tool") {
      whole.append(owed);
      owed = {};
    }
    whole.push_back(messages[at]);
    owed.append(owed_to(messages, at));
  }
  whole.append(owed);
  return whole;
}

void take_broken_calls(Message& answer) {
  const auto found = answer.find("invalid_tool_calls");
  if (found == answer.end() || !found->value().is_array() || found->value().get_array().empty()) return;
  json::array calls = runtime::tool_calls(answer);
  for (const json::value& call : found->value().get_array()) {
    const std::string_view id = runtime::find_text(call, "id").value_or("");
    const std::string_view name = runtime::find_text(call, "name").value_or("");
    if (id.empty() || name.empty()) continue;
    calls.push_back({{"name", name}, {"args", json::object()}, {"id", id}, {"type", "tool_call"}});
  }
  answer["tool_calls"] = std::move(calls);
}

}  // namespace heddle::graphs
