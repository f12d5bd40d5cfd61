#include "graphs/agent.h"

#include <catch2/catch.hpp>

#include "graphs/handoff.h"
#include "graphs/human_in_the_loop.h"
#include "graphs/react_agent.h"
#include "runtime/json.h"
#include "runtime/schema.h"
#include "tests/graphs/agents_fixture.h"
#include "tests/graphs/list_model.h"
#include "tests/support/run.h"

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::graphs;
using namespace heddle::runtime;
using heddle::test::AgentsFixture;
using heddle::test::calls;
using heddle::test::ListModel;
using heddle::test::shown;

TEST_CASE_METHOD(AgentsFixture, "Each tool call is a task of its own, and the answers keep the order of the calls") {
  model({calls({{"weather", {{"city", "Paris"}}}, {"news", {}}}), ai_message("sunny")});
  options.tools = {tool("weather"), tool("news")};
  const RunOutcome outcome = say(make_agent(options), "hi");
  CHECK(shown(outcome.values) == "human:hi\nai:\ntool:weather {\"city\":\"Paris\"}\ntool:news {}\nai:sunny\n");
  CHECK(outcome.values["messages"].items().back()->at("name") == "model");
  CHECK(starts == std::vector<std::string>{"model_request branch:to:model_request", "tools __pregel_push",
                                           "tools __pregel_push", "model_request branch:to:model_request"});
}

TEST_CASE_METHOD(AgentsFixture,
                 "Hooks run before in order and after in reverse, at the ends once and around each answer") {
  model({calls({{"weather", {}}}), ai_message("done")});
  options.tools = {tool("weather")};
  const auto hook = [](NodeContext&) -> asio::awaitable<HookResult> {
    HookResult nothing;
    co_return nothing;
  };
  for (const char* name : {"A", "B"}) {
    options.middleware.push_back({name, {hook, {}}, {hook, {}}, {hook, {}}, {hook, {}}});
  }
  say(make_agent(options), "hi");
  std::vector<std::string> order;
  for (const std::string& update : updates) order.push_back(update.substr(0, update.find(' ')));
  CHECK(order == std::vector<std::string>{"A.before_agent", "B.before_agent", "A.before_model", "B.before_model",
                                          "model_request", "B.after_model", "A.after_model", "tools", "A.before_model",
                                          "B.before_model", "model_request", "B.after_model", "A.after_model",
                                          "B.after_agent", "A.after_agent"});
  CHECK(updates.front() == "A.before_agent {}");
}

TEST_CASE_METHOD(AgentsFixture, "A hook may jump where it has said it may, and nowhere else") {
  const auto ends = [](NodeContext&) -> asio::awaitable<HookResult> {
    HookResult result;
    result.update["messages"] = json::array{ai_message("no")};
    result.jump = Jump::end;
    co_return result;
  };
  model({});
  Middleware guard;
  guard.name = "Guard";
  guard.before_model = {ends, {Jump::end}};
  options.middleware = {guard};
  const RunOutcome ended = say(make_agent(options), "hi");
  CHECK(shown(ended.values) == "human:hi\nai:no\n");
  CHECK(updates.back().find("\"jumpTo\":\"end\"") != std::string::npos);
  const std::optional<LoadedCheckpoint> stored = test::run(io, saver.newest(""));
  REQUIRE(stored);
  CHECK_FALSE(stored->checkpoint.values.contains("jumpTo"));

  options.middleware[0].before_model.may_jump_to.clear();
  const RunOutcome refused = say(make_agent(options), "hi");
  REQUIRE(refused.error);
  CHECK(refused.error->message == "Invalid jump target: end. \"Guard.before_model\" has not declared it.");
}

TEST_CASE_METHOD(AgentsFixture, "A jump to the model is a task of its own, sent the state as the hook leaves it") {
  const auto asked = model({ai_message("one"), ai_message("two")});
  Middleware again;
  again.name = "Again";
  again.before_model.body = [](NodeContext&) -> asio::awaitable<HookResult> {
    HookResult nothing;
    co_return nothing;
  };
  again.after_model = {[](NodeContext& context) -> asio::awaitable<HookResult> {
                         HookResult result;
                         const bool is_first = context.state().integer("rounds") == 0;
                         result.update["rounds"] = 1;
                         if (!is_first) co_return result;
                         result.update["messages"] = json::array{human_message("again")};
                         result.jump = Jump::model;
                         co_return result;
                       },
                       {Jump::model}};
  options.middleware = {again};
  options.more_state = [](StateGraph& graph) { graph.sum("rounds"); };
  json::value seen;
  options.prompt = [&seen](const State& state, const RunConfig&) {
    seen = state.to_json();
    return state["messages"].items();
  };
  const auto graph = make_agent(options);
  const RunOutcome outcome = say(graph, "hi");
  CHECK(shown(outcome.values) == "human:hi\nai:one\nhuman:again\nai:two\n");
  CHECK(outcome.values.integer("rounds") == 2);
  CHECK(starts == std::vector<std::string>{
                      "Again.before_model branch:to:Again.before_model", "model_request branch:to:model_request",
                      "Again.after_model branch:to:Again.after_model", "model_request __pregel_push",
                      "Again.after_model branch:to:Again.after_model"});
  CHECK(seen.at("rounds") == 1);
  CHECK_FALSE(seen.as_object().contains("jumpTo"));
  CHECK(message_id(seen.at("messages").as_array().at(2)) == message_id(*outcome.values["messages"].items()[2]));
}

TEST_CASE_METHOD(AgentsFixture, "Ways of hooks are drawn with a condition only where there is a choice") {
  model({});
  const auto nothing = [](NodeContext&) -> asio::awaitable<HookResult> {
    HookResult result;
    co_return result;
  };
  Middleware plain{"Plain", {nothing, {}}, {nothing, {}}, {}, {nothing, {}}};
  Middleware guard{"Guard", {}, {nothing, {Jump::end}}, {}, {}};
  options.middleware = {plain, guard};
  std::vector<std::string> edges;
  for (const GraphEdgeDrawing& edge : make_agent(options)->drawing(0).edges) {
    edges.push_back(edge.source + (edge.conditional ? " ?> " : " -> ") + edge.target);
  }
  CHECK(edges == std::vector<std::string>{"__start__ -> Plain.before_agent", "model_request -> Plain.after_agent",
                                          "Plain.before_agent -> Plain.before_model",
                                          "Plain.before_model -> Guard.before_model",
                                          "Guard.before_model ?> Plain.after_agent",
                                          "Guard.before_model ?> model_request", "Plain.after_agent -> __end__"});
}

TEST_CASE_METHOD(AgentsFixture, "A human is asked about all calls that need it in one question") {
  model({calls({{"weather", {{"city", "Paris"}}}, {"news", {}}, {"free", {}}}), ai_message("done")});
  options.tools = {tool("weather"), tool("news"), tool("free")};
  ReviewRule news;
  news.allowed = {"approve", "reject"};
  news.description = "Reads the news";
  options.middleware = {human_in_the_loop({{"weather", ReviewRule{}}, {"news", news}})};
  const auto graph = make_agent(options);
  const RunOutcome asked = say(graph, "hi");
  REQUIRE(asked.all_interrupts.size() == 1);
  CHECK(
      to_text(asked.all_interrupts[0].value) ==
      R"({"actionRequests":[{"name":"weather","args":{"city":"Paris"},"description":"Tool execution requires approval\n\nTool: weather\nArgs: {\n  \"city\": \"Paris\"\n}"},{"name":"news","args":{},"description":"Reads the news"}],)"
      R"("reviewConfigs":[{"actionName":"weather","allowedDecisions":["approve","edit","reject"]},{"actionName":"news","allowedDecisions":["approve","reject"]}]})");
  CHECK(made.empty());

  const RunOutcome done =
      decide(graph, R"([{"type":"edit","editedAction":{"name":"weather","args":{"city":"Rome"}}},{"type":"approve"}])");
  CHECK(shown(done.values) == "human:hi\nai:\ntool:free {}\ntool:weather {\"city\":\"Rome\"}\ntool:news {}\nai:done\n");
}

TEST_CASE_METHOD(AgentsFixture, "A rejected call is told to the model, and none of the approved ones is made") {
  const auto asked_model = model({calls({{"weather", {}}, {"news", {}}}), ai_message("a pity")});
  options.tools = {tool("weather"), tool("news")};
  options.middleware = {human_in_the_loop({{"weather", ReviewRule{}}, {"news", ReviewRule{}}})};
  const auto graph = make_agent(options);
  say(graph, "hi");
  const RunOutcome done = decide(graph, R"([{"type":"approve"},{"type":"reject"}])");
  CHECK(made.empty());
  CHECK(shown(done.values) == "human:hi\nai:\ntool:User rejected the tool call for `news` with id call-2\nai:a pity\n");
  CHECK(tool_calls(*done.values["messages"].items()[1]).size() == 1);
  CHECK(asked_model->asked.back() == "human ai tool ");
}

TEST_CASE_METHOD(AgentsFixture, "A call is reviewed also when another hook has answered one beside it") {
  model({calls({{"weather", {}}, {"news", {}}}), ai_message("done")});
  options.tools = {tool("weather"), tool("news")};
  Middleware answers;
  answers.name = "Answers";
  answers.after_model.body = [](NodeContext& context) -> asio::awaitable<HookResult> {
    HookResult result;
    const bool calls_now = !tool_calls(*context.state()["messages"].items().back()).empty();
    if (calls_now) result.update["messages"] = json::array{tool_message("cloudy", "call-1", "weather", "success")};
    co_return result;
  };
  // Behind the model the last one comes first.
  options.middleware = {human_in_the_loop({{"weather", ReviewRule{}}, {"news", ReviewRule{}}}), answers};
  const auto graph = make_agent(options);
  const RunOutcome asked = say(graph, "hi");
  CHECK(made.empty());
  REQUIRE(asked.all_interrupts.size() == 1);
  CHECK(asked.all_interrupts[0].value.at("actionRequests").as_array().size() == 1);
  const RunOutcome done = decide(graph, R"([{"type":"approve"}])");
  CHECK(shown(done.values) == "human:hi\nai:\ntool:cloudy\ntool:news {}\nai:done\n");
  CHECK(tool_calls(*done.values["messages"].items()[1]).size() == 2);
}

TEST_CASE_METHOD(AgentsFixture, "Decisions that do not fit the question fail the run and make nothing") {
  options.tools = {tool("weather")};
  ReviewRule rule;
  rule.allowed = {"approve"};
  options.middleware = {human_in_the_loop({{"weather", rule}})};
  model({calls({{"weather", {}}}), ai_message("done")});
  const auto graph = make_agent(options);
  say(graph, "hi");
  CHECK(decide(graph, "[]").error->message ==
        "Number of human decisions (0) does not match number of hanging tool calls (1).");
  CHECK(decide(graph, R"([{"type":"edit"}])")
            .error->message.find("is not allowed for tool 'weather'. Expected one of "
                                 "[\"approve\"]") != std::string::npos);
  CHECK(made.empty());
  CHECK(decide(graph, R"([{"type":"approve"}])").status == OutcomeStatus::done);
  CHECK(made["weather"] == 1);
}

TEST_CASE_METHOD(AgentsFixture, "A failed call is told to the model in the words of create_agent") {
  json::object schema{{"type", "object"}, {"properties", {{"n", schema::number()}}}, {"required", {"n"}}};
  options.tools = {tool("weather"),
                   make_tool({"fail", "", schema}, [](ToolContext&, const json::object&) -> ToolResult {
                     throw GraphError("RangeError", "too far");
                   })};
  model({calls({{"fail", {{"n", 1}}}, {"fail", {{"n", "x"}}}, {"zz", {}}}), ai_message("done")});
  const RunOutcome outcome = say(make_agent(options), "hi");
  const ItemList& messages = outcome.values["messages"].items();
  CHECK(message_text(*messages.at(2)) == "RangeError: too far\n Please fix your mistakes.");
  const std::string unfit = message_text(*messages.at(3));
  CHECK(
      unfit.starts_with("Error invoking tool 'fail' with kwargs {\"n\":\"x\"} with error: Error: Received tool input"));
  CHECK(unfit.ends_with("\n Please fix the error and try again."));
  CHECK(message_text(*messages.at(4)) == "Error: zz is not a valid tool, try one of [weather, fail].");
}

TEST_CASE_METHOD(AgentsFixture, "Where only mistakes are told to the model, what a tool throws fails the agent") {
  options.tool_options.errors = ToolErrors::mistakes_told_to_the_model;
  options.tools = {make_tool({"fail", "", parameters({})}, [](ToolContext&, const json::object&) -> ToolResult {
    throw GraphError("RangeError", "too far");
  })};
  model({calls({{"zz", {}}}), calls({{"fail", {}}})});
  const RunOutcome outcome = say(make_agent(options), "hi");
  CHECK(outcome.values["messages"].size() == 4);
  REQUIRE(outcome.error);
  CHECK(outcome.error->name == "RangeError");
}

TEST_CASE_METHOD(AgentsFixture, "A structured result is the arguments of a call that is not made") {
  options.response_schema = json::object{{"type", "object"}, {"properties", {{"city", schema::text()}}}};
  model({calls({{"extract-1", {{"city", "Paris"}}}})});
  options.tools = {tool("weather")};
  const RunOutcome outcome = say(make_agent(options), "hi");
  CHECK(outcome.values["structuredResponse"].text() == R"({"city":"Paris"})");
  CHECK(shown(outcome.values) == "human:hi\nai:\nai:Returning structured response: {\"city\":\"Paris\"}\n");
}

TEST_CASE_METHOD(AgentsFixture, "The server can ask the tools of an agent whether what they wait for has come") {
  class Waiting final : public Tool {
   public:
    const ToolDeclaration& declaration() const override { return declaration_; }
    asio::awaitable<ToolResult> call(ToolContext&, json::object) const override { co_return "paid"; }
    std::optional<Probe> probe() const override {
      return [](json::value) -> asio::awaitable<Sign> { co_return Sign{true}; };
    }

   private:
    ToolDeclaration declaration_{"pay", "", json::object{{"type", "object"}}};
  };
  model({});
  options.tools = {std::make_shared<const Waiting>(), tool("weather")};
  const auto agent = make_agent(options);
  REQUIRE(agent->find_probe("pay") != nullptr);
  CHECK(test::run(io, (*agent->find_probe("pay"))({})).has_come);
  CHECK(agent->find_probe("weather") == nullptr);
}

TEST_CASE_METHOD(AgentsFixture, "A tool that returns directly ends the agent") {
  model({calls({{"weather", {}}})});
  options.tools = {tool("weather")};
  options.return_direct = {"weather"};
  CHECK(shown(say(make_agent(options), "hi").values) == "human:hi\nai:\ntool:weather {}\n");
}

TEST_CASE_METHOD(AgentsFixture, "With too few steps left the model's calls are replaced by an apology") {
  model({calls({{"weather", {}}})});
  options.tools = {tool("weather")};
  options.step_guard = StepGuard::on;
  config.recursion_limit = 1;
  const RunOutcome outcome = say(make_agent(options), "hi");
  CHECK(shown(outcome.values) == "human:hi\nai:Sorry, need more steps to process this request.\n");
}

namespace {

std::shared_ptr<const CompiledGraph> react(std::string name, std::vector<Message> answers,
                                           std::vector<ToolPointer> tools = {}) {
  ReactAgentOptions options;
  options.model = std::make_shared<const ListModel>(std::move(answers));
  options.name = std::move(name);
  options.tools = std::move(tools);
  return make_react_agent(std::move(options));
}

}  // namespace

TEST_CASE_METHOD(AgentsFixture, "A supervisor hands work to its agents and gets it back") {
  SupervisorOptions team;
  team.model = std::make_shared<const ListModel>(
      std::vector<Message>{calls({{"transfer_to_poet", {}}}), ai_message("all done")});
  Message verse = ai_message("a verse");
  team.members = {{"poet", react("poet", {verse})}, {"critic", react("critic", {})}};
  const RunOutcome outcome = say(make_supervisor(team), "a poem, please");
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(shown(outcome.values) ==
        "human:a poem, please\nai:\ntool:Successfully transferred to poet\nai:a verse\n"
        "ai:Transferring back to supervisor\ntool:Successfully transferred back to supervisor\nai:all done\n");
}

TEST_CASE_METHOD(AgentsFixture, "In a swarm whoever has the work keeps it for the next run") {
  Message from_bob = ai_message("bob here");
  SwarmOptions swarm;
  swarm.first = "alice";
  swarm.members = {{"alice", react("alice", {calls({{"transfer_to_bob", {}}})}, {handoff_tool("bob")})},
                   {"bob", react("bob", {from_bob, ai_message("still bob")}, {handoff_tool("alice")})}};
  const auto graph = make_swarm(swarm);
  const RunOutcome first = say(graph, "bob, please");
  CHECK(first.values.text("active_agent") == "bob");
  CHECK(shown(first.values) == "human:bob, please\nai:\ntool:Successfully transferred to bob\nai:bob here\n");
  CHECK(shown(say(graph, "you there?").values).ends_with("human:you there?\nai:still bob\n"));
}
