#pragma once
// Graph id to graph. Filled by main() by name, never by static objects.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/compiled_graph.h"

namespace heddle::graphs {

// A value: filled once before the server starts, then only read.
class Registry {
 public:
  // Throws std::logic_error if the id is taken.
  // `description`: what clients read about it instead of the graph's own words.
  void add(std::string graph_id, std::shared_ptr<const runtime::CompiledGraph> graph,
           std::optional<std::string> description = std::nullopt);
  // Null pointer for an unknown id.
  std::shared_ptr<const runtime::CompiledGraph> find(const std::string& graph_id) const;
  std::vector<std::string> ids() const;  // sorted
  // Nothing for an unknown id and for a graph without one.
  std::optional<std::string> description(const std::string& graph_id) const;

 private:
  std::map<std::string, std::shared_ptr<const runtime::CompiledGraph>> graphs_;
  std::map<std::string, std::string> descriptions_;
};

}  // namespace heddle::graphs
