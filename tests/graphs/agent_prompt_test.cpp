// What a prompt makes of the messages with which the model of an agent is asked.

#include "graphs/prompt.h"

#include <catch2/catch.hpp>

#include "graphs/handoff.h"
#include "graphs/react_agent.h"
#include "tests/graphs/agents_fixture.h"
#include "tests/graphs/list_model.h"

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::graphs;
using namespace heddle::runtime;
using heddle::test::AgentsFixture;
using heddle::test::ListModel;
using heddle::test::shown;

namespace {

// The texts of the messages of the last question, after their types.
std::string asked_with(const ListModel& model) {
  std::string text;
  for (const Value::Item& message : model.given) {
    text += std::string(message_type(*message)) + ":" + message_text(*message) + " ";
  }
  return text;
}

ItemList newest_in(const State& state, const RunConfig& config) {
  const json::value role{{"role", "system"}, {"content", "speak " + state.text("language")}};
  ItemList messages{std::make_shared<const json::value>(role), state["messages"].items().back()};
  const json::object* settings = &config.configurable;
  if (settings->contains("hint")) {
    messages.push_back(std::make_shared<const json::value>(settings->at("hint")));
  }
  return messages;
}

}  // namespace

TEST_CASE_METHOD(AgentsFixture, "A prompt that is a function of the state gives all that the model is asked with") {
  const auto asked = model({ai_message("salut")});
  options.prompt = newest_in;
  options.more_state = [](StateGraph& graph) { graph.last("language"); };
  config.configurable["hint"] = "be brief";
  json::array given{human_message("one"), human_message("two")};
  const RunOutcome outcome =
      run(make_agent(options), GraphInput{json::object{{"messages", given}, {"language", "French"}}});
  CHECK(asked_with(*asked) == "system:speak French human:two human:be brief ");
  CHECK(shown(outcome.values) == "human:one\nhuman:two\nai:salut\n");
}

TEST_CASE_METHOD(AgentsFixture, "A prompt that is a message goes in front of the others as it is") {
  const auto asked = model({ai_message("hello")});
  Message prompt = system_message("be brief");
  prompt["content"] = json::array{{{"type", "text"}, {"text", "be brief"}, {"cache_control", {{"type", "ephemeral"}}}}};
  options.prompt = prompt;
  const RunOutcome outcome = say(make_agent(options), "hi");
  CHECK(asked_with(*asked) == "system:be brief human:hi ");
  CHECK(asked->given.front()->at("content") == prompt.at("content"));
  CHECK(shown(outcome.values) == "human:hi\nai:hello\n");
}

TEST_CASE_METHOD(AgentsFixture, "A prompt that gives what is no message fails the node") {
  model({ai_message("hello")});
  options.prompt = [](const State&, const RunConfig&) { return ItemList{std::make_shared<const json::value>(5)}; };
  const RunOutcome outcome = say(make_agent(options), "hi");
  REQUIRE(outcome.error);
  CHECK(outcome.values["messages"].size() == 1);
}

TEST_CASE_METHOD(AgentsFixture, "The function of a ReAct agent finds what its hook gave in place of the messages") {
  const auto asked = model({ai_message("hello")});
  ReactAgentOptions react;
  react.model = options.model;
  react.prompt = [](const State& state, const RunConfig&) { return led_by(system_message("be brief"), state); };
  SECTION("without a hook these are the messages") {
    say(make_react_agent(react), "hi");
    CHECK(asked_with(*asked) == "system:be brief human:hi ");
  }
  SECTION("with one they are those of the hook") {
    react.pre_model_hook = [](NodeContext&) -> asio::awaitable<NodeResult> {
      NodeResult shorter = Update{{"llmInputMessages", {{{"role", "user"}, {"content", "go"}}}}};
      co_return shorter;
    };
    say(make_react_agent(react), "hi");
    CHECK(asked_with(*asked) == "system:be brief human:go ");
  }
}

TEST_CASE_METHOD(AgentsFixture, "The prompt of a supervisor may be a function of the state too") {
  const auto asked = model({ai_message("done")});
  ReactAgentOptions poet;
  poet.model = options.model;
  SupervisorOptions team;
  team.model = options.model;
  team.members = {{"poet", make_react_agent(poet)}};
  team.prompt = [](const State& state, const RunConfig&) { return led_by(system_message("lead"), state); };
  say(make_supervisor(team), "hi");
  CHECK(asked_with(*asked) == "system:lead human:hi ");
}
