#include "graphs/human_in_the_loop.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "graphs/agent_routes.h"
#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/message.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using runtime::Message;
using runtime::NodeContext;
using runtime::Value;

using Rules = std::map<std::string, ReviewRule>;

std::string name_of(const json::value& call) {
  return std::string(runtime::find_text(call, "name").value_or(""));
}

json::object arguments_of(const json::value& call) {
  const json::value* arguments = runtime::find_member(call, "args");
  return arguments != nullptr && arguments->is_object() ? arguments->get_object() : json::object();
}

json::array allowed_of(const ReviewRule& rule) {
  return json::array(rule.allowed.begin(), rule.allowed.end());
}

json::object question_about(const std::vector<json::value>& calls, const Rules& rules) {
  json::array actions;
  json::array reviews;
  for (const json::value& call : calls) {
    const ReviewRule& rule = rules.at(name_of(call));
    const std::string words = "Tool execution requires approval\n\nTool: " + name_of(call) +
                              "\nArgs: " + runtime::to_pretty_text(json::value(arguments_of(call)));
    actions.push_back(
        {{"name", name_of(call)}, {"args", arguments_of(call)}, {"description", rule.description.value_or(words)}});
    json::object review{{"actionName", name_of(call)}, {"allowedDecisions", allowed_of(rule)}};
    if (rule.args_schema) review["argsSchema"] = *rule.args_schema;
    reviews.push_back(std::move(review));
  }
  return {{"actionRequests", std::move(actions)}, {"reviewConfigs", std::move(reviews)}};
}

// A decision names what it wants by `type`. `edited` is the call with other arguments, or another call, under its id.
json::value edited_call(const json::value& call, const json::value& decision) {
  const json::value* action = runtime::find_member(decision, "editedAction");
  if (action == nullptr) action = runtime::find_member(decision, "edited_action");
  const json::value* arguments = action == nullptr ? nullptr : runtime::find_member(*action, "args");
  if (arguments == nullptr || !arguments->is_object()) {
    throw runtime::GraphError("Error", "Unexpected human decision: an edit needs editedAction with name and args.");
  }
  json::object edited = call.as_object();
  if (runtime::find_text(*action, "name")) edited["name"] = name_of(*action);
  edited["args"] = *arguments;
  return edited;
}

// What is left of an answer of the model after a review.
struct Reviewed {
  json::array approved;
  json::array rejected;
  json::array answers;  // to the rejected calls
};

void review(const json::value& call, const json::value& decision, const ReviewRule& rule, Reviewed& reviewed) {
  const std::string type(runtime::find_text(decision, "type").value_or(""));
  if (std::ranges::find(rule.allowed, type) == rule.allowed.end()) {
    throw runtime::GraphError("Error", "Unexpected human decision: " + runtime::to_text(decision) +
                                           ". Decision type '" + type + "' is not allowed for tool '" + name_of(call) +
                                           "'. Expected one of " + runtime::to_text(allowed_of(rule)) +
                                           " based on the tool's configuration.");
  }
  if (type == "approve") {
    reviewed.approved.push_back(call);
  } else if (type == "edit") {
    reviewed.approved.push_back(edited_call(call, decision));
  } else {
    const std::string id(runtime::find_text(call, "id").value_or(""));
    const std::string words = "User rejected the tool call for `" + name_of(call) + "` with id " + id;
    const std::string text(runtime::find_text(decision, "message").value_or(words));
    reviewed.rejected.push_back(call);
    reviewed.answers.push_back(runtime::tool_message(text, id, name_of(call), "error"));
  }
}

Reviewed reviewed_by(const json::value& answer, const std::vector<json::value>& calls, const Rules& rules) {
  const json::array* decisions = answer.is_object() ? runtime::find_array(answer.get_object(), "decisions") : nullptr;
  const std::size_t count = decisions == nullptr ? 0 : decisions->size();
  if (count != calls.size()) {
    throw runtime::GraphError("Error", "Number of human decisions (" + std::to_string(count) +
                                           ") does not match number of hanging tool calls (" +
                                           std::to_string(calls.size()) + ").");
  }
  Reviewed reviewed;
  for (std::size_t place = 0; place < count; ++place) {
    review(calls[place], (*decisions)[place], rules.at(name_of(calls[place])), reviewed);
  }
  return reviewed;
}

HookResult ask_human(const Rules& rules, NodeContext& context) {
  // Other hooks may have answered some of the calls: tool messages stand behind the answer then.
  const runtime::ItemList& messages = context.state()["messages"].items();
  const auto is_ai = [](const Value::Item& message) { return runtime::message_type(*message) == "ai"; };
  const auto last = std::find_if(messages.rbegin(), messages.rend(), is_ai);
  if (last == messages.rend()) return {};
  const json::array open = open_calls(messages);
  json::array calls;  // those that nobody reviews come first
  std::vector<json::value> reviewable;
  for (const json::value& call : runtime::tool_calls(**last)) {
    const bool is_open = std::ranges::find(open, call) != open.end();
    if (is_open && rules.contains(name_of(call))) {
      reviewable.push_back(call);
    } else {
      calls.push_back(call);
    }
  }
  if (reviewable.empty()) return {};
  json::value question = question_about(reviewable, rules);
  const json::value answer = context.interrupt(std::move(question));
  Reviewed reviewed = reviewed_by(answer, reviewable, rules);

  HookResult result;
  const bool is_rejected = !reviewed.rejected.empty();
  for (json::value& call : is_rejected ? reviewed.rejected : reviewed.approved) calls.push_back(std::move(call));
  Message revised = (*last)->as_object();
  revised["tool_calls"] = std::move(calls);
  json::array written{std::move(revised)};
  for (json::value& told : reviewed.answers) written.push_back(std::move(told));
  result.update["messages"] = std::move(written);
  if (is_rejected) result.jump = Jump::model;
  return result;
}

asio::awaitable<HookResult> review_calls(std::shared_ptr<const Rules> rules, NodeContext& context) {
  HookResult result = ask_human(*rules, context);
  co_return result;
}

}  // namespace

Middleware human_in_the_loop(std::map<std::string, ReviewRule> rules) {
  Middleware middleware;
  middleware.name = "HumanInTheLoopMiddleware";
  const auto shared = std::make_shared<const Rules>(std::move(rules));
  middleware.after_model.body = [shared](NodeContext& context) { return review_calls(shared, context); };
  middleware.after_model.may_jump_to = {Jump::model};
  return middleware;
}

}  // namespace heddle::graphs
