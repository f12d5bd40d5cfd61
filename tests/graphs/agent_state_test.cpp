// What callers see of the state of an agent.

#include "graphs/agent_state.h"

#include <catch2/catch.hpp>

#include "graphs/react_agent.h"
#include "tests/graphs/agents_fixture.h"
#include "tests/graphs/list_model.h"

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::graphs;
using namespace heddle::runtime;
using heddle::test::AgentsFixture;

namespace {

using Texts = std::vector<std::string>;

Texts properties_of(const json::object& schema) {
  Texts names;
  for (const auto& property : schema.at("properties").as_object()) names.emplace_back(property.key());
  return names;
}

void count_privately(StateGraph& graph) {
  graph.sum("_count").last("language");
}

}  // namespace

TEST_CASE_METHOD(AgentsFixture, "The schemas of an agent show callers its public state, and its result in the output") {
  model({});
  options.response_schema = json::object{{"type", "object"}};
  options.more_state = count_privately;
  const GraphSchemas schemas = make_agent(options)->schemas();
  CHECK(properties_of(schemas.input) == Texts{"messages", "language"});
  CHECK(properties_of(schemas.output) == Texts{"messages", "structuredResponse", "language"});
  CHECK(properties_of(schemas.state) == Texts{"messages", "jumpTo", "structuredResponse", "_count", "language"});
}

TEST_CASE_METHOD(AgentsFixture, "The schemas of a ReAct agent do not show what its hooks say to the model") {
  model({});
  ReactAgentOptions react;
  react.model = options.model;
  react.more_state = count_privately;
  react.pre_model_hook = [](NodeContext&) -> asio::awaitable<NodeResult> {
    NodeResult nothing;
    co_return nothing;
  };
  const GraphSchemas schemas = make_react_agent(react)->schemas();
  CHECK(properties_of(schemas.input) == Texts{"messages", "language"});
  CHECK(properties_of(schemas.output) == Texts{"messages", "language"});
  CHECK(properties_of(schemas.state) == Texts{"messages", "llmInputMessages", "_count", "language"});
}

TEST_CASE_METHOD(AgentsFixture, "Nobody puts private state into an agent from outside, and it is kept in the thread") {
  model({ai_message("hello"), ai_message("again")});
  options.more_state = count_privately;
  Middleware counter;
  counter.name = "Counter";
  counter.before_model.body = [](NodeContext&) -> asio::awaitable<HookResult> {
    HookResult one;
    one.update["_count"] = 1;
    co_return one;
  };
  options.middleware = {counter};
  const auto graph = make_agent(options);
  const json::object meant{{"messages", "hi"}, {"_count", 40}, {"jumpTo", "end"}, {"language", "French"}};
  run(graph, GraphInput{meant});
  const RunOutcome outcome = say(graph, "and?");
  CHECK(outcome.values.text("language") == "French");
  CHECK_FALSE(outcome.values.has("jumpTo"));
  const std::optional<LoadedCheckpoint> stored = test::run(io, saver.newest(""));
  REQUIRE(stored);
  CHECK(stored->checkpoint.values.at("_count").json() == 2);
}
