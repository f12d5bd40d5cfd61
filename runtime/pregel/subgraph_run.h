#pragma once
// A graph that runs inside a task of another (runtime.md 9).

#include <boost/asio/awaitable.hpp>
#include <string>

#include "runtime/compiled_graph.h"
#include "runtime/pregel/run_scope.h"
#include "runtime/state.h"

namespace heddle::runtime {

struct SubgraphCall {
  std::string checkpoint_ns;  // where its checkpoints are kept
  bool again = false;         // the task ran before: what was begun is gone on with
};

// Runs a graph inside a task and gives its final values. Throws SubgraphInterrupted, TaskDrained, CommandToParent,
// RunCancelled, StoringFailed, or what the graph failed with.
boost::asio::awaitable<State> run_subgraph(SuperstepScope& superstep, Task& task, const CompiledGraph& graph,
                                           SubgraphCall call, State input);

}  // namespace heddle::runtime
