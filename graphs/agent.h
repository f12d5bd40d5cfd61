#pragma once
// A model and its tools in a loop, with hooks around them (runtime.md 17, create_agent).
//
// Nodes: `model_request`, `tools`, and one for each hook of a middleware, `<name>.<hook>`. before_agent hooks run once,
// in order; before_model hooks before each question to the model, in order; after_model hooks behind each answer, in
// reverse order; then each tool call is a task of its own; after_agent hooks run at the end, in reverse order.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graphs/agent_routes.h"
#include "graphs/chat_model.h"
#include "graphs/prompt.h"
#include "graphs/tool.h"
#include "graphs/tool_node.h"
#include "runtime/compiled_graph.h"
#include "runtime/node.h"
#include "runtime/state_graph.h"

namespace heddle::graphs {

// Where a hook may send the agent instead of to what comes next.
enum class Jump {
  model,  // the node that asks, past the before_model hooks, with the state as the hook leaves it, by Send
  tools,  // with each open call; the end if there are none
  end,    // the after_agent hooks, if there are any
};

// What a hook wants: an update of the state, and perhaps another way.
struct HookResult {
  runtime::Update update{};
  std::optional<Jump> jump{};
};

struct Hook {
  std::function<boost::asio::awaitable<HookResult>(runtime::NodeContext&)> body{};  // empty: there is no such hook
  std::set<Jump> may_jump_to{};  // a jump that is not named here fails the node
};

// Something around the model of an agent. A value.
struct Middleware {
  std::string name;  // unique in an agent
  Hook before_agent{};
  Hook before_model{};
  Hook after_model{};
  Hook after_agent{};
};

struct AgentOptions {
  std::shared_ptr<const ChatModel> model;
  std::vector<ToolPointer> tools;
  Prompt prompt;
  std::string name;  // of the graph and of the model's answers; empty: LangGraph, and `model`
  std::vector<Middleware> middleware;
  ModelOptions model_options;           // `tools` is filled from the tools above
  ToolNodeOptions tool_options;         // what the model is told has the words of create_agent if nothing else is said
  std::set<std::string> return_direct;  // names of tools whose answer ends the agent
  // JSON Schema of the result. The model gives it as a call of the tool `extract-1`, which is not made: its arguments
  // become `structuredResponse` of the output, and the agent ends.
  std::optional<boost::json::object> response_schema;
  StepGuard step_guard = StepGuard::off;
  // Declares state keys of the middleware; may be empty. Those that begin with `_` are neither taken from the input nor
  // shown in the output. Which keys are is the agent's to say: what is said here about input and output is passed over.
  std::function<void(runtime::StateGraph&)> more_state;
  runtime::CompileOptions compile;
};

// Throws std::logic_error without a model, and if two tools or two middlewares have one name.
std::shared_ptr<const runtime::CompiledGraph> make_agent(AgentOptions options);

}  // namespace heddle::graphs
