#include "graphs/registry.h"

#include <stdexcept>
#include <utility>

namespace heddle::graphs {

void Registry::add(std::string graph_id, std::shared_ptr<const runtime::CompiledGraph> graph,
                   std::optional<std::string> description) {
  const auto [place, is_new] = graphs_.try_emplace(std::move(graph_id), std::move(graph));
  if (!is_new) throw std::logic_error("two graphs have the id \"" + place->first + "\"; rename one of them");
  if (!description) description = place->second->description();
  if (description) descriptions_[place->first] = std::move(*description);
}

std::optional<std::string> Registry::description(const std::string& graph_id) const {
  const auto found = descriptions_.find(graph_id);
  if (found == descriptions_.end()) return std::nullopt;
  return found->second;
}

std::shared_ptr<const runtime::CompiledGraph> Registry::find(const std::string& graph_id) const {
  const auto found = graphs_.find(graph_id);
  return found == graphs_.end() ? nullptr : found->second;
}

std::vector<std::string> Registry::ids() const {
  std::vector<std::string> ids;
  ids.reserve(graphs_.size());
  for (const auto& [id, graph] : graphs_) ids.push_back(id);
  return ids;
}

}  // namespace heddle::graphs
