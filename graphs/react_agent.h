#pragma once
// A model and its tools in a loop (runtime.md 16.1): node `agent` asks the model, node `tools` makes the calls of its
// answer, until an answer has none.

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

enum class ReactVersion {
  v1,  // one task of `tools` makes all calls of an answer; if several ask, one question goes out after the other
  v2,  // each call is a task of `tools` of its own; if several ask, all questions go out, each with its id
};

// What the agent gives besides its messages.
struct ReactResponse {
  boost::json::object schema;  // JSON Schema of an object; its `title` names it for the model
  std::string prompt;          // goes in front of the messages when the model is asked for it; may be empty
};

struct ReactAgentOptions {
  std::shared_ptr<const ChatModel> model;
  std::vector<ToolPointer> tools;  // none: there is no node `tools`
  Prompt prompt;                   // a function finds in `messages` what pre_model_hook gave in their place
  std::string name;                // of the graph, and `name` of the model's answers; empty: LangGraph, and none
  ModelOptions model_options;      // `tools` is filled from the tools above
  ToolNodeOptions tool_options;
  ReactVersion version = ReactVersion::v2;
  // Node `pre_model_hook`, before each question to the model. What it writes to `llmInputMessages` is what the model is
  // asked with in place of `messages`, once; or it changes `messages`. Empty: there is no such node.
  runtime::NodeFunction pre_model_hook;
  // Node `post_model_hook`, behind each answer and before its calls. It may answer calls itself, change them, or write
  // a tool message, behind which the model is asked again. Empty: there is no such node.
  runtime::NodeFunction post_model_hook;
  // Node `generate_structured_response` asks the model once more at the end, for `structuredResponse`. A model that
  // gives nothing, or what does not fit, fails the run with `StructuredOutputParsingError`.
  std::optional<ReactResponse> response;
  std::set<std::string> return_direct;  // names of tools whose answer ends the agent, at once
  StepGuard step_guard = StepGuard::off;
  std::function<void(runtime::StateGraph&)> more_state;  // as in AgentOptions
  runtime::CompileOptions compile;
};

// The model is asked with an answer to every tool call, also to those that were given up (unanswered_calls.h). A call
// whose arguments are no JSON is answered with that, so that the model can do better.
// Throws std::logic_error without a model, and if two tools have one name.
std::shared_ptr<const runtime::CompiledGraph> make_react_agent(ReactAgentOptions options);

}  // namespace heddle::graphs
