#include "graphs/agent_routes.h"

#include <algorithm>
#include <utility>

#include "runtime/json.h"

namespace heddle::graphs {
namespace {

namespace json = boost::json;
using runtime::Value;

std::string_view text_at(const json::value& object, std::string_view key) {
  return runtime::find_text(object, key).value_or("");
}

bool is_ai(const Value::Item& message) {
  return runtime::message_type(*message) == "ai";
}

}  // namespace

json::array open_calls(const runtime::ItemList& messages) {
  std::set<std::string_view> answered;
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (runtime::message_type(**message) == "tool") answered.insert(text_at(**message, "tool_call_id"));
    if (!is_ai(*message)) continue;
    json::array open;
    for (const json::value& call : runtime::tool_calls(**message)) {
      const std::string_view id = text_at(call, "id");
      if (id.empty() || !answered.contains(id)) open.push_back(call);
    }
    return open;
  }
  return {};
}

std::vector<runtime::Goto> sends_of(const json::array& calls, const runtime::State& state, std::string_view node) {
  std::vector<runtime::Goto> sends;
  for (const json::value& call : calls) {
    json::object argument = state.to_json();
    argument[kSentCall] = call;
    sends.emplace_back(runtime::Send{std::string(node), Value(std::move(argument))});
  }
  return sends;
}

bool ends_with_answer_of(const runtime::ItemList& messages, const std::set<std::string>& tools, DirectAnswer counted) {
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (runtime::message_type(**message) != "tool") return false;
    if (counted == DirectAnswer::successful && text_at(**message, "status") == "error") continue;
    if (tools.contains(std::string(text_at(**message, "name")))) return true;
  }
  return false;
}

bool calls_one_of(const runtime::ItemList& messages, const std::set<std::string>& tools) {
  const auto last = std::find_if(messages.rbegin(), messages.rend(), is_ai);
  if (last == messages.rend()) return false;
  const json::array& calls = runtime::tool_calls(**last);
  return std::ranges::any_of(
      calls, [&](const json::value& call) { return tools.contains(std::string(text_at(call, "name"))); });
}

runtime::Message guarded(StepGuard guard, const runtime::NodeContext& context, runtime::Message answer) {
  const bool has_room = context.remaining_steps() >= 2 || runtime::tool_calls(answer).empty();
  if (guard == StepGuard::off || has_room) return answer;
  runtime::Message apology = runtime::ai_message("Sorry, need more steps to process this request.");
  for (const char* const key : {"id", "name"}) {
    if (const json::value* kept = answer.if_contains(key)) apology[key] = *kept;
  }
  return apology;
}

}  // namespace heddle::graphs
