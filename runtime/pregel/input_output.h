#pragma once
// What comes into a graph as writes, and writes as what comes out of it (runtime.md 2.2, 2.4, 4.1; streaming.md 3.2).
// Pure, but for the ids that messages are given.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/command.h"
#include "runtime/error.h"
#include "runtime/node.h"
#include "runtime/pregel/superstep.h"
#include "runtime/run_config.h"
#include "runtime/state.h"

namespace heddle::runtime {

// Where in its run a superstep is.
struct RunPosition {
  std::int64_t step = 0;
  std::int64_t stop = 0;  // a run that is not over before this step fails
};

// What path functions are told besides the channels.
struct PathView {
  const RunConfig& config;
  RunPosition position;
};

// All state keys that have a value.
State all_values(const CompiledGraph::Plan& plan, const Cells& cells);
// The keys that a direct call of the graph shows.
State output_values(const CompiledGraph::Plan& plan, const Cells& cells);
// What a node is given: those of its keys that have a value, then managed ones.
State node_input(const CompiledGraph::Plan& plan, const Cells& cells, NodeIndex node, RunPosition position);

// The members of the input that the graph takes in.
State taken_input(const CompiledGraph::Plan& plan, const State& input);

// What `__start__` writes for the input that was taken in, and where its edges lead. Path functions of START see the
// input.
std::vector<Write> start_writes(const CompiledGraph::Plan& plan, const State& input, const PathView& paths);

// What a node writes: its updates, then the targets of its Commands, then its edges, in order of registration. Path
// functions see the channels with these updates applied. Keys that are no state keys and targets that are no nodes
// are passed over. Throws GraphError (`InvalidUpdateError`) for Sends to nowhere, and what path functions and messages
// throw.
std::vector<Write> result_writes(const CompiledGraph::Plan& plan, const Cells& cells, NodeIndex node, NodeResult result,
                                 const PathView& paths);
// The same for a node that is a graph and ended with these values. A workflow that ended with something else than null
// or an object throws GraphError (`InvalidUpdateError`).
std::vector<Write> subgraph_writes(const CompiledGraph::Plan& plan, const Cells& cells, NodeIndex node,
                                   const State& values, const PathView& paths);

// What a Command from outside writes: goto, then update.
std::vector<Write> command_writes(const CompiledGraph::Plan& plan, const Command& command);
// The first Command to the enclosing graph among the parts of a result; null pointer without one.
const Command* command_to_parent(const NodeResult& result);

bool is_state_key(const CompiledGraph::Plan& plan, ChannelIndex channel);
bool writes_state(const CompiledGraph::Plan& plan, std::span<const Write> writes);

// As `updates` shows writes: an object, or a list of objects with one key each if a key was written twice.
boost::json::value shown_update(const CompiledGraph::Plan& plan, std::span<const Write> writes);
// As `tasks` shows them: an object; of a key written more than once {"$writes": [...]}. Both show what a workflow wrote
// as it is.
boost::json::value shown_result(const CompiledGraph::Plan& plan, std::span<const Write> writes);

// Whether the value of a `resume` names the questions it answers: an object whose keys are all ids of interrupts.
bool is_answers_by_id(const boost::json::value& resume);
// Something was returned that a node cannot return (runtime.md 4.3). Neither null nor an object.
GraphError no_update(const std::string& node, const Value& returned);
// One answer for several questions is refused (runtime.md 7.4).
GraphError several_questions();

}  // namespace heddle::runtime
