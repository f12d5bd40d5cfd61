#include "graphs/agent_state.h"

#include <string>
#include <utility>
#include <vector>

namespace heddle::graphs {

void keep_private(runtime::StateGraph& graph, const OwnKeys& own) {
  std::vector<std::string> taken;
  std::vector<std::string> shown;
  for (const runtime::ChannelSpec& key : graph.state_keys()) {
    if (key.name.starts_with('_') || own.hidden.contains(key.name)) continue;
    shown.push_back(key.name);
    if (!own.given.contains(key.name)) taken.push_back(key.name);
  }
  graph.input_keys(std::move(taken)).output_keys(std::move(shown));
}

}  // namespace heddle::graphs
