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
std::set<std::string_view> answered_behind(const std::vector<Value::Item>& messages, std::size_t at) {
  std::set<std::string_view> answered;
  for (std::size_t i = at + 1; i < messages.size() && runtime::message_type(*messages[i]) == "tool"; ++i) {
    answered.insert(runtime::find_text(*messages[i], "tool_call_id").value_or(""));
  }
  return answered;
}

}  // namespace

std::vector<Value::Item> with_all_calls_answered(std::vector<Value::Item> messages) {
  std::vector<Value::Item> whole;
  whole.reserve(messages.size());
  std::vector<Value::Item> owed;  // answers, to go behind the tool messages that there are
  for (std::size_t at = 0; at < messages.size(); ++at) {
    const std::string_view type = runtime::message_type(*messages[at]);
    if (type != "tool") {
      whole.insert(whole.end(), owed.begin(), owed.end());
      owed.clear();
    }
    whole.push_back(messages[at]);
    if (type != "ai") continue;
    std::set<std::string_view> answered = answered_behind(messages, at);
    for (const json::value& call : runtime::tool_calls(*messages[at])) {
      const std::string_view id = runtime::find_text(call, "id").value_or("");
      if (answered.insert(id).second) owed.push_back(cancelled_answer(call, id));
    }
  }
  whole.insert(whole.end(), owed.begin(), owed.end());
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
