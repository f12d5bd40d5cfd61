// What clients are shown of every graph that ships or is made of what ships: schemas and drawings.

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "graphs/agent.h"
#include "graphs/assistant0.h"
#include "graphs/handoff.h"
#include "graphs/human_in_the_loop.h"
#include "graphs/react_agent.h"
#include "graphs/summarization.h"
#include "graphs/tools/ask_human.h"
#include "graphs/tools/calculator.h"
#include "runtime/entrypoint.h"
#include "runtime/json.h"
#include "runtime/schema.h"
#include "tests/graphs/list_model.h"
#include "tests/support/manual_clock.h"

using namespace heddle;
using namespace heddle::graphs;
using namespace heddle::runtime;

namespace {

using GraphPointer = std::shared_ptr<const CompiledGraph>;

struct NativeGraphs {
  std::shared_ptr<const ChatModel> model = std::make_shared<const test::ListModel>(std::vector<Message>{});
  std::vector<ToolPointer> tools{calculator_tool(), ask_human_tool()};
  test::ManualClock clock;
  std::map<std::string, GraphPointer> all;

  NativeGraphs() {
    all["react v1"] = react(ReactVersion::v1);
    all["react v2"] = react(ReactVersion::v2);
    all["assistant0"] = make_assistant0({model, tools, clock});
    AgentOptions agent;
    agent.model = model;
    agent.tools = tools;
    agent.response_schema = json::object{{"type", "object"}, {"properties", {{"city", schema::text()}}}};
    SummaryOptions summary;
    summary.model = model;
    agent.middleware = {summarization(summary), human_in_the_loop({{"calculator", ReviewRule{}}})};
    all["agent"] = make_agent(agent);
    SupervisorOptions team;
    team.model = model;
    team.members = {{"poet", react(ReactVersion::v2)}};
    all["supervisor"] = make_supervisor(team);
    SwarmOptions swarm;
    swarm.members = {{"alice", react(ReactVersion::v2)}, {"bob", react(ReactVersion::v2)}};
    swarm.first = "alice";
    all["swarm"] = make_swarm(swarm);
    const auto body = [](Workflow&, json::value) -> boost::asio::awaitable<WorkflowResult> {
      json::object result;
      co_return result;
    };
    EntrypointOptions workflow;
    workflow.output_schema = schema::object();
    all["workflow"] = entrypoint("workflow", body, std::move(workflow));
  }

  GraphPointer react(ReactVersion version) const {
    ReactAgentOptions options;
    options.model = model;
    options.tools = tools;
    options.version = version;
    return make_react_agent(options);
  }
};

}  // namespace

TEST_CASE_METHOD(NativeGraphs, "Every graph says in JSON Schema what it takes, gives and holds") {
  for (const auto& [name, graph] : all) {
    INFO(name);
    const GraphSchemas& schemas = graph->schemas();
    for (const json::object* schema : {&schemas.input, &schemas.output, &schemas.state}) {
      CHECK(schema->at("type") == "object");
      const json::value* properties = schema->if_contains("properties");
      for (const auto& property : properties ? properties->as_object() : json::object()) {
        CHECK(property.value().is_object());
      }
    }
  }
  for (const char* const name : {"react v1", "react v2", "assistant0", "agent", "supervisor", "swarm"}) {
    INFO(name);
    CHECK(to_text(all.at(name)->schemas().input.at("properties").at("messages")) == R"({"langgraph_type":"messages"})");
  }
  CHECK(all.at("agent")->schemas().state.at("properties").as_object().contains("structuredResponse"));
}

TEST_CASE_METHOD(NativeGraphs, "Every graph is drawn with edges between nodes that are there, at every depth") {
  for (const auto& [name, graph] : all) {
    for (const int depth : {0, 1, 9}) {
      INFO(name << " to depth " << depth);
      const GraphDrawing drawing = graph->drawing(depth);
      std::set<std::string> ids;
      for (const GraphNodeDrawing& node : drawing.nodes) CHECK(ids.insert(node.id).second);
      for (const GraphEdgeDrawing& edge : drawing.edges) {
        CHECK(ids.contains(edge.source));
        CHECK(ids.contains(edge.target));
      }
      for (const std::string& id : ids) {
        INFO(id);
        const bool is_connected = std::ranges::any_of(
            drawing.edges, [&](const GraphEdgeDrawing& edge) { return edge.source == id || edge.target == id; });
        CHECK(is_connected);
      }
    }
  }
}

TEST_CASE_METHOD(NativeGraphs, "The Mermaid text of a graph names all its nodes and has all its edges") {
  for (const auto& [name, graph] : all) {
    INFO(name);
    const std::string text = graph->mermaid();
    CHECK(text.starts_with("flowchart TD\n"));
    const GraphDrawing drawing = graph->drawing(0);
    for (const GraphNodeDrawing& node : drawing.nodes) CHECK(text.find("\"" + node.id + "\"") != std::string::npos);
    std::size_t arrows = 0;
    for (std::size_t at = text.find("->"); at != std::string::npos; at = text.find("->", at + 2)) ++arrows;
    CHECK(arrows == drawing.edges.size());
  }
}
