#pragma once
// Which graph a checkpoint namespace belongs to (runtime.md 9).

#include <string_view>

#include "runtime/compiled_graph.h"

namespace heddle::runtime {

// The graph itself for the empty namespace; for "node:task|..." that of the node, and so on. Bare counters and
// missing task ids are allowed. Throws GraphError when a node is no graph.
const CompiledGraph& graph_at(const CompiledGraph& root, std::string_view checkpoint_ns);

}  // namespace heddle::runtime
