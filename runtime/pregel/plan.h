#pragma once
// A compiled graph as the loop uses it: channels and nodes by index, edges as writers.

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "runtime/channels.h"
#include "runtime/compiled_graph.h"
#include "runtime/node.h"
#include "runtime/node_cache.h"
#include "runtime/state_graph.h"

namespace heddle::runtime {

using ChannelIndex = std::size_t;
using NodeIndex = std::size_t;

// A plain edge: writes null to the target's trigger.
struct EdgeWriter {
  ChannelIndex trigger;
};
// A waiting edge: writes the own name to the barrier.
struct BarrierWriter {
  ChannelIndex barrier;
  Value name;
};
// A conditional edge.
struct BranchWriter {
  PathFunction path;
  std::map<std::string, std::string> targets;  // label -> node; empty: any node
};
using ControlWriter = std::variant<EdgeWriter, BarrierWriter, BranchWriter>;

using NodeBody = std::variant<PlainNodeFunction, NodeFunction, std::shared_ptr<const CompiledGraph>>;

// The name under which streams show the error handler of a node.
std::string handler_name(const std::string& node);

// A key that nodes and path functions see in the state, and that is computed for each superstep.
struct ManagedKey {
  enum class Kind { remaining_steps, is_last_step };
  std::string name;
  Kind kind = Kind::remaining_steps;
};

struct PlannedNode {
  std::string name;
  NodeBody body;                       // of __start__: a plain function that is never called
  std::vector<ChannelIndex> triggers;  // branch:to:<name> first, then joins in order of declaration
  std::vector<ChannelIndex> reads;     // state keys that make up its input
  std::vector<ManagedKey> managed;     // and managed ones
  std::vector<ControlWriter> writers;  // in order of registration
  NodeOptions options;
  std::size_t rank = 0;           // place among all nodes by name
  std::size_t first_trigger = 0;  // place of the first of `triggers` among those of all nodes
  bool is_start = false;          // __start__
  bool hidden = false;            // never in streams: __start__, and nodes with kHiddenTag
};

// Looks names up without making a string of them.
struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
};
template <class Index>
using IndexByName = std::unordered_map<std::string, Index, NameHash, std::equal_to<>>;

// What a plan of an entrypoint is besides (runtime.md 15): one node, started by the input channel itself, whose result
// is the whole state.
struct WorkflowPlan {
  ChannelIndex result = 0;    // __end__
  ChannelIndex previous = 0;  // __previous__
};

struct CompiledGraph::Plan {
  std::string name;
  std::optional<std::string> description;
  std::map<std::string, Probe> probes;  // by name
  GraphSchemas schemas;
  std::optional<json::object> context_schema;  // that the context of a run must fit

  std::vector<ChannelSpec> channels;  // state keys in order of declaration, then control channels
  IndexByName<ChannelIndex> channel_by_name;
  // Channels that a superstep may change without writing to them, and those that wait for the end.
  std::vector<ChannelIndex> cleared_by_steps;
  std::vector<ChannelIndex> finished_late;
  std::vector<ChannelIndex> state_keys;
  std::vector<ChannelIndex> input_keys;
  std::vector<ChannelIndex> output_keys;
  std::vector<ManagedKey> managed;  // in order of declaration
  ChannelIndex start = 0;           // __start__
  ChannelIndex sends = 0;           // __pregel_tasks

  std::vector<PlannedNode> nodes;  // __start__ first, then in order of registration
  IndexByName<NodeIndex> node_by_name;
  std::vector<std::vector<NodeIndex>> triggered_by;     // per channel: nodes with that trigger
  std::vector<std::optional<ChannelIndex>> trigger_of;  // per node: its branch:to: channel

  std::shared_ptr<const Breakpoints> interrupt_before;
  std::shared_ptr<const Breakpoints> interrupt_after;

  Persistence persistence = Persistence::per_run;
  std::optional<std::chrono::milliseconds> step_timeout;
  std::shared_ptr<NodeCache> cache;      // null pointer: no node has a cache policy
  std::optional<WorkflowPlan> workflow;  // nothing: a graph of nodes and edges

  // Edges as declared, for drawings.
  std::vector<GraphEdgeDrawing> edges;
};

// Fills what follows from the rest, when all channels and nodes are there: cleared_by_steps, finished_late, and rank
// and first_trigger of nodes.
void fill_derived(CompiledGraph::Plan& plan);

}  // namespace heddle::runtime
