#pragma once
// Several agents in one graph: under a supervisor who gives out the work, or as a swarm in which whoever has it passes
// it on (runtime.md 6, Command to the parent).

#include <memory>
#include <string>
#include <vector>

#include "graphs/chat_model.h"
#include "graphs/prompt.h"
#include "graphs/tool.h"
#include "runtime/compiled_graph.h"

namespace heddle::graphs {

// An agent of a group. `graph` has `messages` in its state and shares them with the group.
struct TeamMember {
  std::string name;
  std::shared_ptr<const runtime::CompiledGraph> graph;
};

// The tool `transfer_to_<agent>`. Called in an agent it leaves that agent's graph and goes on at `agent` in the graph
// around it, which takes over the messages. `description`: for the model; empty: that it transfers to `agent`.
ToolPointer handoff_tool(const std::string& agent, std::string description = "");

struct SupervisorOptions {
  std::shared_ptr<const ChatModel> model;
  std::vector<TeamMember> members;
  std::vector<ToolPointer> tools;  // of the supervisor itself, beside those that hand off
  Prompt prompt;
  std::string name = "supervisor";
};

// A graph with node `supervisor` (an agent with a hand-off to each member) and one node for each member, from which the
// work goes back to the supervisor. Throws std::logic_error without a model or members. What a member's tools wait for
// outside is asked for when a client resumes, and not by the server: the members' probes are not the supervisor's.
std::shared_ptr<const runtime::CompiledGraph> make_supervisor(SupervisorOptions options);

struct SwarmOptions {
  // Each with hand-off tools to others among its tools. A hand-off ends what the member does, calls beside it in the
  // same answer too, unless the member is a react agent of ReactVersion::v1, which waits for them.
  std::vector<TeamMember> members;
  std::string first;  // who has the work in the beginning; one of the members
  std::string name = "swarm";
};

// A graph with one node for each member. State key `active_agent` names who has the work, also for the next run of the
// thread. Throws std::logic_error if `first` is no member.
std::shared_ptr<const runtime::CompiledGraph> make_swarm(SwarmOptions options);

}  // namespace heddle::graphs
