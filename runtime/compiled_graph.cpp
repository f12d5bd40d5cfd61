#include "runtime/compiled_graph.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "runtime/pregel/plan.h"

namespace heddle::runtime {

void fill_derived(CompiledGraph::Plan& plan) {
  for (ChannelIndex channel = 0; channel < plan.channels.size(); ++channel) {
    const ChannelSpec& spec = plan.channels[channel];
    // The kinds of which Channel::update() without writes, or Channel::finish(), can change a cell.
    const bool is_cleared = spec.kind == ChannelKind::ephemeral || spec.kind == ChannelKind::any_value ||
                            (spec.kind == ChannelKind::topic && !spec.accumulate);
    const bool finishes_late =
        spec.kind == ChannelKind::barrier_after_finish || spec.kind == ChannelKind::last_value_after_finish;
    if (is_cleared) plan.cleared_by_steps.push_back(channel);
    if (finishes_late) plan.finished_late.push_back(channel);
  }
  std::vector<PlannedNode*> by_name;
  std::size_t triggers = 0;
  for (PlannedNode& node : plan.nodes) {
    by_name.push_back(&node);
    node.first_trigger = triggers;
    triggers += node.triggers.size();
  }
  std::ranges::sort(by_name, {}, [](const PlannedNode* node) -> const std::string& { return node->name; });
  for (std::size_t rank = 0; rank < by_name.size(); ++rank) by_name[rank]->rank = rank;
}

CompiledGraph::CompiledGraph(std::unique_ptr<const Plan> plan) : plan_(std::move(plan)) {}
CompiledGraph::~CompiledGraph() = default;

const std::string& CompiledGraph::name() const {
  return plan_->name;
}
const std::optional<std::string>& CompiledGraph::description() const {
  return plan_->description;
}
const GraphSchemas& CompiledGraph::schemas() const {
  return plan_->schemas;
}

const Probe* CompiledGraph::find_probe(const std::string& wanted) const {
  const auto own = plan_->probes.find(wanted);
  if (own != plan_->probes.end()) return &own->second;
  for (const auto& [node, graph] : subgraphs()) {
    if (const Probe* below = graph->find_probe(wanted)) return below;
  }
  return nullptr;
}

std::map<std::string, std::shared_ptr<const CompiledGraph>> CompiledGraph::subgraphs() const {
  std::map<std::string, std::shared_ptr<const CompiledGraph>> graphs;
  for (const PlannedNode& node : plan_->nodes) {
    const auto* graph = std::get_if<std::shared_ptr<const CompiledGraph>>(&node.body);
    if (graph) graphs.emplace(node.name, *graph);
  }
  return graphs;
}

}  // namespace heddle::runtime
