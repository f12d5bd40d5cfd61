#include "graphs/agent_state.h"

#include <string>
#include <utility>
#include <vector>

#include "runtime/message.h"
#include "runtime/uuid.h"

namespace heddle::graphs {
namespace {

namespace json = boost::json;
using runtime::ChannelSpec;
using runtime::State;
using runtime::Value;

std::string new_id() {
  return runtime::uuid4().text();
}

json::value with_ids_of_messages(const json::value& write) {
  const json::value* replacement = runtime::overwrite_of(write);
  if (replacement == nullptr) return runtime::with_ids(write, new_id);
  return json::object{{"__overwrite__", runtime::with_ids(*replacement, new_id)}};
}

}  // namespace

State with_update(const std::vector<ChannelSpec>& keys, State state, runtime::Update& update) {
  for (const ChannelSpec& key : keys) {
    json::value* write = update.if_contains(key.name);
    if (write == nullptr) continue;
    if (key.is_messages) *write = with_ids_of_messages(*write);
    runtime::Channel cell(key);
    if (state.has(key.name)) cell.restore(key, state[key.name]);
    cell.update(key, {Value(*write)});
    if (cell.available(key)) state.set(key.name, cell.get());
  }
  return state;
}

void keep_private(runtime::StateGraph& graph, const OwnKeys& own) {
  std::vector<std::string> taken;
  std::vector<std::string> shown;
  for (const ChannelSpec& key : graph.state_keys()) {
    if (key.name.starts_with('_') || own.hidden.contains(key.name)) continue;
    shown.push_back(key.name);
    if (!own.given.contains(key.name)) taken.push_back(key.name);
  }
  graph.input_keys(std::move(taken)).output_keys(std::move(shown));
}

}  // namespace heddle::graphs
