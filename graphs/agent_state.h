#pragma once
// The state of an agent: what of it is for those who call the agent (runtime.md 17).

#include <set>
#include <string_view>

#include "runtime/state_graph.h"

namespace heddle::graphs {

// Keys of an agent that callers see in part.
struct OwnKeys {
  std::set<std::string_view> given{};   // in the output alone
  std::set<std::string_view> hidden{};  // in neither
};

// Says which of the keys declared so far are taken from the input and shown in the output: all but the agent's own and
// those that begin with `_`, which are the middleware's. Streams of values and states of the thread show all keys.
void keep_private(runtime::StateGraph& graph, const OwnKeys& own);

}  // namespace heddle::graphs
