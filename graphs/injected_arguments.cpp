#include "graphs/injected_arguments.h"

#include <stdexcept>
#include <utility>

#include "graphs/agent_routes.h"
#include "runtime/run_config.h"
#include "runtime/state.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;

json::value state_of(const runtime::State& state) {
  json::object members;
  for (const runtime::State::Member& member : state.members()) {
    if (member.first != kSentCall) members[member.first] = member.second.json();
  }
  return members;
}

json::value runtime_of(ToolContext& context) {
  const runtime::RunConfig& run = context.node().config();
  json::array tags;
  for (const std::string& tag : run.tags) tags.emplace_back(tag);
  json::object config{{"configurable", run.configurable}, {"metadata", run.metadata}, {"tags", std::move(tags)}};
  return json::object{{"state", state_of(context.node().state())},
                      {"context", run.context},
                      {"config", std::move(config)},
                      {"tool_call_id", context.tool_call_id()}};
}

json::value value_of(const InjectedArgument& argument, ToolContext& context) {
  switch (argument.source()) {
    case InjectedArgument::Source::state:
      if (argument.key().empty()) return state_of(context.node().state());
      return context.node().state()[argument.key()].json();
    case InjectedArgument::Source::tool_call_id:
      return json::value(context.tool_call_id());
    case InjectedArgument::Source::runtime:
      return runtime_of(context);
    case InjectedArgument::Source::store:
      break;
  }
  return nullptr;
}

// The schema without a property.
void hide(json::object& schema, const std::string& name) {
  schema.at("properties").as_object().erase(name);
  json::value* required = schema.if_contains("required");
  if (required == nullptr || !required->is_array()) return;
  json::array others;
  for (json::value& one : required->get_array()) {
    if (one != json::value(name)) others.push_back(std::move(one));
  }
  *required = std::move(others);
}

class InjectedTool final : public Tool {
 public:
  InjectedTool(ToolPointer tool, std::map<std::string, InjectedArgument> arguments)
      : tool_(std::move(tool)), arguments_(std::move(arguments)), declaration_(tool_->declaration()) {
    const json::value* properties = declaration_.parameters.if_contains("properties");
    for (const auto& [name, argument] : arguments_) {
      const bool is_known = properties != nullptr && properties->is_object() && properties->get_object().contains(name);
      if (!is_known) {
        throw std::logic_error("the tool " + declaration_.name + " has no argument \"" + name +
                               "\" to be injected; name it in the tool's parameters");
      }
      hide(declaration_.parameters, name);
    }
  }

  const ToolDeclaration& declaration() const override { return declaration_; }
  std::optional<runtime::Probe> probe() const override { return tool_->probe(); }

  asio::awaitable<ToolResult> call(ToolContext& context, json::object arguments) const override {
    for (const auto& [name, argument] : arguments_) {
      arguments.erase(name);
      if (argument.source() != InjectedArgument::Source::store) arguments[name] = value_of(argument, context);
    }
    ToolResult result = co_await tool_->call(context, std::move(arguments));
    co_return result;
  }

 private:
  ToolPointer tool_;
  std::map<std::string, InjectedArgument> arguments_;
  ToolDeclaration declaration_;
};

}  // namespace

ToolPointer with_injected(ToolPointer tool, std::map<std::string, InjectedArgument> arguments) {
  return std::make_shared<const InjectedTool>(std::move(tool), std::move(arguments));
}

}  // namespace heddle::graphs
