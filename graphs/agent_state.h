#pragma once
// The state of an agent: what of it is for those who call the agent (runtime.md 17), and what a node makes of it.

#include <set>
#include <string_view>
#include <vector>

#include "runtime/channels.h"
#include "runtime/node.h"
#include "runtime/state.h"
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

// What `state` is with this update, as path functions see it: `keys` say how each key takes it. Messages of the update
// that have no id get one, the same in the update and in the state. Throws as the update itself would.
runtime::State with_update(const std::vector<runtime::ChannelSpec>& keys, runtime::State state,
                           runtime::Update& update);

}  // namespace heddle::graphs
