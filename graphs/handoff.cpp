#include "graphs/handoff.h"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <utility>

#include "graphs/react_agent.h"
#include "runtime/message.h"
#include "runtime/state_graph.h"
#include "runtime/uuid.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;
using runtime::Command;
using runtime::Message;
using runtime::NodeContext;
using runtime::NodeResult;
using runtime::State;
using runtime::Update;
using runtime::Value;

constexpr const char* kActive = "active_agent";
constexpr const char* kRouter = "active_agent_router";

json::array all_messages(const State& state) {
  json::array messages;
  for (const Value::Item& message : state["messages"].items()) messages.push_back(*message);
  return messages;
}

ToolResult hand_off(ToolContext& context, const std::string& agent) {
  Message answer =
      runtime::tool_message("Successfully transferred to " + agent, context.tool_call_id(), context.name(), "success");
  answer["id"] = runtime::uuid4().text();
  json::array messages = all_messages(context.node().state());
  messages.push_back(std::move(answer));
  return Command().set("messages", std::move(messages)).set(kActive, json::value(agent)).to(agent).of_parent();
}

// The member's work, and the words with which it goes back to the supervisor.
asio::awaitable<NodeResult> work_for(std::string supervisor, TeamMember member, NodeContext& context) {
  json::value input = context.state().to_json();
  const State worked = co_await context.invoke(*member.graph, std::move(input));
  json::array messages = all_messages(worked);
  const std::string id = runtime::uuid4().text();
  const std::string tool = "transfer_back_to_" + supervisor;
  json::array calls;
  calls.push_back({{"name", tool}, {"args", json::object()}, {"id", id}, {"type", "tool_call"}});
  Message back = runtime::ai_message("Transferring back to " + supervisor, std::move(calls));
  back["name"] = member.name;
  messages.push_back(std::move(back));
  messages.push_back(runtime::tool_message("Successfully transferred back to " + supervisor, id, tool, "success"));
  NodeResult result = Update{{"messages", std::move(messages)}};
  co_return result;
}

void declare_team(runtime::StateGraph& graph) {
  graph.messages().last(kActive, runtime::schema::text());
}

}  // namespace

ToolPointer handoff_tool(const std::string& agent, std::string description) {
  if (description.empty()) description = "Ask agent '" + agent + "' for help";
  ToolDeclaration declaration{"transfer_to_" + agent, std::move(description), parameters({})};
  return make_tool(std::move(declaration),
                   [agent](ToolContext& context, const json::object&) { return hand_off(context, agent); });
}

std::shared_ptr<const runtime::CompiledGraph> make_supervisor(SupervisorOptions options) {
  if (options.members.empty()) throw std::logic_error("a supervisor needs agents to supervise");
  ReactAgentOptions agent;
  agent.model = std::move(options.model);
  agent.prompt = std::move(options.prompt);
  agent.name = options.name;
  agent.version = ReactVersion::v1;  // all hand-offs of one answer leave together
  agent.tools = std::move(options.tools);
  for (const TeamMember& member : options.members) agent.tools.push_back(handoff_tool(member.name));
  runtime::NodeOptions leads;
  for (const TeamMember& member : options.members) leads.ends.push_back(member.name);
  leads.ends.emplace_back(runtime::kEnd);

  runtime::StateGraph graph(options.name);
  declare_team(graph);
  graph.node(options.name, make_react_agent(std::move(agent)), std::move(leads)).edge(runtime::kStart, options.name);
  for (const TeamMember& member : options.members) {
    auto body = [supervisor = options.name, member](NodeContext& context) {
      return work_for(supervisor, member, context);
    };
    graph.node(member.name, body).edge(member.name, options.name);
  }
  return graph.compile();
}

std::shared_ptr<const runtime::CompiledGraph> make_swarm(SwarmOptions options) {
  std::vector<std::string> names;
  for (const TeamMember& member : options.members) names.push_back(member.name);
  if (std::ranges::find(names, options.first) == names.end()) {
    throw std::logic_error("\"" + options.first + "\" is to begin in a swarm in which no agent is called that");
  }
  runtime::StateGraph graph(options.name);
  declare_team(graph);
  for (const TeamMember& member : options.members) {
    runtime::NodeOptions passes_on;
    for (const std::string& name : names) {
      if (name != member.name) passes_on.ends.push_back(name);
    }
    passes_on.ends.emplace_back(runtime::kEnd);
    graph.node(member.name, member.graph, std::move(passes_on));
  }
  // Who is active on the thread is in the state, and not in the input that a path function of the start sees.
  auto route = [names, first = options.first](const State& state, const runtime::RunConfig&) -> runtime::Routes {
    const std::string active = state.text(kActive, first);
    return std::ranges::find(names, active) == names.end() ? first : active;
  };
  graph.node(kRouter, [](const State&) { return Update{}; }).edge(runtime::kStart, kRouter);
  graph.conditional(kRouter, route, names);
  return graph.compile();
}

}  // namespace heddle::graphs
