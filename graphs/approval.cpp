#include "graphs/approval.h"

#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <utility>

#include "runtime/json.h"
#include "runtime/message.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;

const json::value& only_decision(const json::value& answer) {
  const json::array* decisions = answer.is_object() ? runtime::find_array(answer.get_object(), "decisions") : nullptr;
  const std::size_t count = decisions == nullptr ? 0 : decisions->size();
  if (count == 1) return decisions->front();
  throw std::invalid_argument("Number of human decisions (" + std::to_string(count) +
                              ") does not match number of hanging tool calls (1).");
}

json::object edited_arguments(const json::value& decision, std::string_view name) {
  const json::value* action = runtime::find_member(decision, "editedAction");
  if (action == nullptr) action = runtime::find_member(decision, "edited_action");
  const json::value* arguments = action == nullptr ? nullptr : runtime::find_member(*action, "args");
  if (arguments == nullptr || !arguments->is_object()) {
    throw std::invalid_argument("Unexpected human decision: an edit needs editedAction with name and args.");
  }
  if (runtime::find_text(*action, "name").value_or(name) != name) {
    throw std::invalid_argument("Unexpected human decision: an edit may change the arguments of " + std::string(name) +
                                ", and not which tool is called.");
  }
  return arguments->get_object();
}

// The model's own call stays in the conversation as it was, so the answer says what was done instead.
ToolResult told_of_edit(ToolResult result, const json::object& arguments) {
  ToolResult::Kind kind = std::move(result).take();
  if (const json::value* value = std::get_if<json::value>(&kind); value != nullptr && value->is_string()) {
    return std::string(value->get_string()) + "\nThe user changed the arguments before: " + runtime::to_text(arguments);
  }
  return std::visit([](auto&& one) { return ToolResult(std::forward<decltype(one)>(one)); }, std::move(kind));
}

// Another tool behind a question.
class ApprovedTool final : public Tool {
 public:
  ApprovedTool(ToolPointer tool, ApprovalOptions options) : tool_(std::move(tool)), options_(std::move(options)) {}

  const ToolDeclaration& declaration() const override { return tool_->declaration(); }
  std::optional<runtime::Probe> probe() const override { return tool_->probe(); }

  asio::awaitable<ToolResult> call(ToolContext& context, json::object arguments) const override {
    if (options_.before) co_await options_.before(context);
    const json::value answer = context.interrupt(approval_question(context.name(), arguments));
    Decision decision = decision_from(answer, context.name());
    if (decision.kind == Decision::Kind::reject) {
      const std::string text = decision.message.value_or("User rejected the tool call for `" + context.name() +
                                                         "` with id " + context.tool_call_id());
      ToolMessage rejected{runtime::tool_message(text, context.tool_call_id(), context.name(), "error")};
      co_return rejected;
    }
    const bool edited = decision.kind == Decision::Kind::edit;
    if (edited) {
      const std::optional<std::string> mismatch = argument_mismatch(declaration().parameters, decision.arguments);
      if (mismatch) throw std::invalid_argument(*mismatch);
      arguments = decision.arguments;
    }
    ToolResult result = co_await tool_->call(context, std::move(arguments));
    if (edited) co_return told_of_edit(std::move(result), decision.arguments);
    co_return result;
  }

 private:
  ToolPointer tool_;
  ApprovalOptions options_;
};

}  // namespace

json::object approval_question(const std::string& name, const json::object& arguments) {
  const std::string description = "Tool execution requires approval\n\nTool: " + name +
                                  "\nArgs: " + runtime::to_pretty_text(json::value(arguments));
  json::object action;
  action["name"] = name;
  action["args"] = arguments;
  action["description"] = description;
  json::object review;
  review["actionName"] = name;
  review["allowedDecisions"] = json::array{"approve", "edit", "reject"};
  json::object question;
  question["actionRequests"].emplace_array().push_back(std::move(action));
  question["reviewConfigs"].emplace_array().push_back(std::move(review));
  return question;
}

Decision decision_from(const json::value& answer, std::string_view name) {
  const json::value& said = only_decision(answer);
  const std::string_view type = runtime::find_text(said, "type").value_or("");
  Decision decision;
  if (type == "approve") {
    decision.kind = Decision::Kind::approve;
  } else if (type == "edit") {
    decision.kind = Decision::Kind::edit;
    decision.arguments = edited_arguments(said, name);
  } else if (type == "reject") {
    const std::optional<std::string_view> message = runtime::find_text(said, "message");
    if (message) decision.message = std::string(*message);
  } else {
    throw std::invalid_argument("Unexpected human decision: " + runtime::to_text(said) + ". Decision type '" +
                                std::string(type) + "' is not allowed for tool '" + std::string(name) +
                                "'. Expected one of [\"approve\",\"edit\",\"reject\"] based on the tool's "
                                "configuration.");
  }
  return decision;
}

ToolPointer with_approval(ToolPointer tool, ApprovalOptions options) {
  return std::make_shared<const ApprovedTool>(std::move(tool), std::move(options));
}

}  // namespace heddle::graphs
