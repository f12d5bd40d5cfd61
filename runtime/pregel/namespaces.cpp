#include "runtime/pregel/namespaces.h"

#include <algorithm>
#include <memory>
#include <string>
#include <variant>

#include "runtime/error.h"
#include "runtime/pregel/plan.h"

namespace heddle::runtime {
namespace {

const CompiledGraph& subgraph(const CompiledGraph& graph, std::string_view node) {
  const CompiledGraph::Plan& plan = graph.plan();
  const auto found = plan.node_by_name.find(node);
  if (found != plan.node_by_name.end()) {
    const auto* inner = std::get_if<std::shared_ptr<const CompiledGraph>>(&plan.nodes[found->second].body);
    if (inner) return **inner;
  }
  throw GraphError("Error", "Subgraph \"" + std::string(node) + "\" not found");
}

bool is_counter(std::string_view segment) {
  return !segment.empty() && segment.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

const CompiledGraph& graph_at(const CompiledGraph& root, std::string_view checkpoint_ns) {
  const CompiledGraph* graph = &root;
  while (!checkpoint_ns.empty()) {
    const std::size_t end = checkpoint_ns.find('|');
    const std::string_view segment = checkpoint_ns.substr(0, end);
    checkpoint_ns = end == std::string_view::npos ? std::string_view() : checkpoint_ns.substr(end + 1);
    if (!is_counter(segment)) graph = &subgraph(*graph, segment.substr(0, segment.find(':')));
  }
  return *graph;
}

std::string namespace_of_subgraph(const CompiledGraph& graph, const std::string& node_ns) {
  if (graph.plan().persistence != Persistence::per_thread) return node_ns;
  std::string stripped;
  for (std::size_t at = 0; at < node_ns.size();) {
    const std::size_t end = std::min(node_ns.find('|', at), node_ns.size());
    const std::string segment = node_ns.substr(at, end - at);
    if (!stripped.empty()) stripped += "|";
    stripped += segment.substr(0, segment.find(':'));
    at = end + 1;
  }
  return stripped;
}

}  // namespace heddle::runtime
