#pragma once
// The graphs of docs/graphs.md.

#include <memory>

#include "runtime/compiled_graph.h"

namespace heddle::guide {

std::shared_ptr<const runtime::CompiledGraph> greeter();
std::shared_ptr<const runtime::CompiledGraph> researcher();
std::shared_ptr<const runtime::CompiledGraph> mapper();
std::shared_ptr<const runtime::CompiledGraph> reviewer();
std::shared_ptr<const runtime::CompiledGraph> newsroom();
std::shared_ptr<const runtime::CompiledGraph> careful();
std::shared_ptr<const runtime::CompiledGraph> report();

}  // namespace heddle::guide
