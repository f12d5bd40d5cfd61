#include "graphs/react_agent.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "graphs/offline_model.h"
#include "graphs/tools/ask_human.h"
#include "graphs/tools/calculator.h"
#include "graphs/tools/current_time.h"
#include "runtime/memory_saver.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run.h"

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::graphs;
using namespace heddle::runtime;

namespace {

// Says how many messages it was given and of which types.
class CountingModel final : public ChatModel {
 public:
  asio::awaitable<Message> ask(NodeContext&, ItemList messages, ModelOptions) const override {
    std::string text;
    for (const Value::Item& message : messages) text += std::string(message_type(*message)) + " ";
    co_return ai_message(text);
  }
};

struct AgentFixture {
  asio::io_context io;
  MemorySaver saver;
  test::ManualClock clock;
  CheckpointIds checkpoint_ids;
  ReactAgentOptions options;

  AgentFixture() {
    options.model = std::make_shared<const OfflineModel>(OfflineModelSettings{std::chrono::milliseconds{0}});
    options.tools = {calculator_tool(), ask_human_tool(), current_time_tool(clock)};
  }

  RunOutcome run(RunInput input) {
    const auto graph = make_react_agent(options);
    const RunServices services{&saver, nullptr, clock, checkpoint_ids, {}};
    RunOptions wanted;
    wanted.input = std::move(input);
    wanted.config = std::make_shared<RunConfig>();
    return test::run(io, graph->run(std::move(wanted), services));
  }
  RunOutcome say(const char* text) { return run(GraphInput{json::object{{"messages", text}}}); }
  static std::string last_text(const RunOutcome& outcome) {
    return message_text(*outcome.values["messages"].items().back());
  }
};

}  // namespace

TEST_CASE_METHOD(AgentFixture, "An agent calls its tools until the model has no more calls") {
  const RunOutcome outcome = say("what is 6 * 7?");
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(outcome.values["messages"].size() == 4);
  CHECK(last_text(outcome) == "[offline model] calculator: 42");
  CHECK(last_text(say("what time is it?")) == "[offline model] current_time: 2026-11-22T00:00:00Z");
}

TEST_CASE_METHOD(AgentFixture, "An agent waits for the human it asks, and goes on with the answer") {
  const RunOutcome asked = say("ask me how I am");
  REQUIRE(asked.all_interrupts.size() == 1);
  CHECK(to_text(asked.all_interrupts[0].value) == R"({"question":"how I am"})");
  Command answer;
  answer.resume = "fine";
  CHECK(last_text(run(answer)) == "[offline model] ask_human: fine");
}

TEST_CASE_METHOD(AgentFixture, "The prompt goes in front of the messages and is not stored") {
  options.model = std::make_shared<const CountingModel>();
  options.prompt = "be brief";
  const RunOutcome outcome = say("hi");
  CHECK(last_text(outcome) == "system human ");
  CHECK(outcome.values["messages"].size() == 2);
}

TEST_CASE_METHOD(AgentFixture, "The answers of an agent with a name carry it") {
  options.name = "helper";
  CHECK(make_react_agent(options)->name() == "helper");
  CHECK(say("hi").values["messages"].items().back()->at("name") == "helper");
}

TEST_CASE_METHOD(AgentFixture, "An agent without tools has no node for them") {
  options.tools.clear();
  std::vector<std::string> nodes;
  for (const GraphNodeDrawing& node : make_react_agent(options)->drawing(0).nodes) nodes.push_back(node.id);
  CHECK(nodes == std::vector<std::string>{"__start__", "agent", "__end__"});
  CHECK(last_text(say("1+1")).starts_with("[offline model] I am a stand-in"));
}

TEST_CASE_METHOD(AgentFixture, "An agent without a model is refused") {
  options.model = nullptr;
  CHECK_THROWS_AS(make_react_agent(options), std::logic_error);
}
