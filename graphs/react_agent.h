#pragma once
// A model and its tools in a loop (runtime.md 16.1, version v1): node `agent` asks the model, node
// `tools` makes the calls of its answer, until an answer has none.

#include <memory>
#include <string>
#include <vector>

#include "graphs/chat_model.h"
#include "graphs/tool.h"
#include "graphs/tool_node.h"
#include "runtime/compiled_graph.h"

namespace heddle::graphs {

struct ReactAgentOptions {
  std::shared_ptr<const ChatModel> model;
  std::vector<ToolPointer> tools;  // none: there is no node `tools`
  std::string prompt;              // goes in front of the messages as a system message, and is not stored
  std::string name;                // of the graph, and `name` of the model's answers; empty: LangGraph, and none
  ModelOptions model_options;      // `tools` is filled from the tools above
  ToolNodeOptions tool_options;
};

// Throws std::logic_error without a model, and if two tools have one name.
std::shared_ptr<const runtime::CompiledGraph> make_react_agent(ReactAgentOptions options);

}  // namespace heddle::graphs
