#pragma once
// The agent of the Auth0 sample (auth0-token-vault.md 11): Assistant0, with tools that work in the user's name.

#include <memory>
#include <string>
#include <vector>

#include "graphs/chat_model.h"
#include "graphs/tool.h"
#include "runtime/clock.h"
#include "runtime/compiled_graph.h"
#include "runtime/run_config.h"

namespace heddle::graphs {

struct Assistant0Options {
  std::shared_ptr<const ChatModel> model;
  std::vector<ToolPointer> tools;  // in the order in which the model sees them
  const runtime::Clock& clock;     // outlives the graph
};

// Nodes `agent` and `tools`, temperature 0. What a tool cannot do is told to the model, and the run goes on; what only
// the user can allow interrupts it. Throws as make_react_agent() does.
std::shared_ptr<const runtime::CompiledGraph> make_assistant0(Assistant0Options options);

// When the run was asked for, by its id (UUIDv7), so that all its questions to the model name one time. `now` for a run
// without such an id, and for one that was asked for more than an hour ago (`after_seconds`, a restart).
storage::Timestamp time_of_run(const runtime::RunConfig& config, storage::Timestamp now);

}  // namespace heddle::graphs
