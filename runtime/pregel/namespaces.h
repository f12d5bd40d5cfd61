#pragma once
// Which graph a checkpoint namespace belongs to (runtime.md 9).

#include <string>
#include <string_view>

#include "runtime/compiled_graph.h"

namespace heddle::runtime {

// The graph itself for the empty namespace; for "node:task|..." that of the node, and so on. Bare counters and
// missing task ids are allowed. Throws GraphError when a node is no graph.
const CompiledGraph& graph_at(const CompiledGraph& root, std::string_view checkpoint_ns);

// Where `graph` keeps its checkpoints when the task with the namespace `node_ns` runs it: there, or for one that is
// kept per thread in the same namespace without the ids of tasks.
std::string namespace_of_subgraph(const CompiledGraph& graph, const std::string& node_ns);

}  // namespace heddle::runtime
