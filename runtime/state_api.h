#pragma once
// Reading and changing the state of a thread between runs (runtime.md 12).

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/checkpoint_saver.h"
#include "runtime/compiled_graph.h"
#include "runtime/run_event.h"
#include "runtime/state.h"

namespace heddle::runtime {

struct StateSnapshot;

struct SnapshotTask {
  TaskView view;
  std::shared_ptr<const StateSnapshot> state;  // of a subgraph that waits, if it was asked for
};

// The state at one checkpoint. Without a checkpoint everything is empty.
struct StateSnapshot {
  State values;
  std::vector<std::string> next;
  std::vector<SnapshotTask> tasks;
  std::optional<CheckpointMetadata> metadata;
  std::optional<Timestamp> created_at;
  std::optional<CheckpointAddress> checkpoint;  // id set; map set for subgraphs
  std::optional<CheckpointAddress> parent;
};

enum class Subgraphs { as_pointer, expanded };

// At the newest checkpoint of the namespace the writes of finished tasks are applied; at an explicit one not
// (runtime.md 12.1). An unknown id gives an empty snapshot whose `checkpoint` echoes the address.
boost::asio::awaitable<StateSnapshot> get_state(const CompiledGraph& graph, CheckpointSaver& saver,
                                                CheckpointAddress address, Subgraphs subgraphs);

// Newest first.
boost::asio::awaitable<std::vector<StateSnapshot>> get_history(const CompiledGraph& graph, CheckpointSaver& saver,
                                                               HistoryQuery query);

// One update: what goes through the writers of `as_node`. `values` null: no values.
struct StateUpdate {
  json::value values;  // an object, null, or for __copy__ a list of pairs
  std::optional<std::string> as_node;
  std::vector<Goto> go_to = {};  // as if the node had returned a Command with them; only of a node of the graph
};

struct UpdateServices {
  CheckpointSaver& saver;
  const Clock& clock;
  CheckpointIds& checkpoint_ids;
  std::shared_ptr<const json::object> checkpoint_metadata;  // laid into the new checkpoints
  std::shared_ptr<const RunConfig> config;                  // what path functions see
};

// Applies each superstep's updates together, one checkpoint per superstep, and waits until they are durable. Gives the
// address of the last one. Throws GraphError (`InvalidUpdateError`) with the texts of runtime.md 12.3; then nothing was
// stored.
boost::asio::awaitable<CheckpointAddress> update_state(const CompiledGraph& graph, const UpdateServices& services,
                                                       CheckpointAddress address,
                                                       std::vector<std::vector<StateUpdate>> supersteps);

}  // namespace heddle::runtime
