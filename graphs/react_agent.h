#pragma once
// A model and its tools in a loop (runtime.md 16.1, version v1): node `agent` asks the model, node
// `tools` makes the calls of its answer, until an answer has none.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graphs/chat_model.h"
#include "graphs/tool.h"
#include "graphs/tool_node.h"
#include "runtime/compiled_graph.h"
#include "runtime/run_config.h"

namespace heddle::graphs {

struct ReactAgentOptions {
  std::shared_ptr<const ChatModel> model;
  std::vector<ToolPointer> tools;  // none: there is no node `tools`
  std::string prompt;              // goes in front of the messages as a system message, and is not stored
  // The same for a prompt that depends on the run; takes the place of `prompt`. Called before every question to the
  // model; should say the same each time it is asked with one run.
  std::function<std::string(const runtime::RunConfig&)> prompt_of_run;
  std::string name;            // of the graph, and `name` of the model's answers; empty: LangGraph, and none
  ModelOptions model_options;  // `tools` is filled from the tools above
  ToolNodeOptions tool_options;
};

// The model is asked with an answer to every tool call, also to those that were given up (unanswered_calls.h). A call
// whose arguments are no JSON is answered with that, so that the model can do better.
// Throws std::logic_error without a model, and if two tools have one name.
std::shared_ptr<const runtime::CompiledGraph> make_react_agent(ReactAgentOptions options);

}  // namespace heddle::graphs
