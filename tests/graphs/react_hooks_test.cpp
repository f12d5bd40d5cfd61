// ReAct agents whose parts are all there: versions, hooks, structured responses, tools that return directly.

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <memory>

#include "graphs/react_agent.h"
#include "runtime/json.h"
#include "runtime/memory_saver.h"
#include "runtime/schema.h"
#include "tests/graphs/list_model.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run.h"

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::graphs;
using namespace heddle::runtime;
using heddle::test::calls;
using heddle::test::ListModel;

namespace {

using Texts = std::vector<std::string>;

struct HooksFixture {
  asio::io_context io;
  std::unique_ptr<MemorySaver> saver = std::make_unique<MemorySaver>();
  test::ManualClock clock;
  CheckpointIds checkpoint_ids;
  RunConfig config;
  std::map<std::string, int> made;
  Texts ran;              // tasks of the last run: node and first trigger
  Texts values;           // keys of the state of the last run, each time it was told
  json::value last_sent;  // what the last task of `tools` was given
  ReactAgentOptions options;

  ToolPointer tool(const std::string& name) {
    return make_tool({name, "", parameters({})}, [this, name](ToolContext&, const json::object&) {
      ++made[name];
      return ToolResult(name + " done");
    });
  }
  ToolPointer asking_tool(const std::string& name) {
    return make_tool({name, "", parameters({})}, [this, name](ToolContext& context, const json::object&) {
      ++made[name];
      const json::value answer = context.interrupt(json::value("about " + name));
      return ToolResult(name + " heard " + to_text(answer));
    });
  }
  std::shared_ptr<const ListModel> model(std::vector<Message> answers) {
    auto made_model = std::make_shared<const ListModel>(std::move(answers));
    options.model = made_model;
    return made_model;
  }
  RunOutcome run(RunInput input) {
    ran.clear();
    values.clear();
    EventSink sink = [this](RunEvent event) {
      if (const auto* start = std::get_if<TaskStartFact>(&event)) {
        ran.push_back(start->name + " " + start->triggers.front());
        if (start->name == "tools" && std::holds_alternative<Value>(start->input)) {
          last_sent = std::get<Value>(start->input).json();
        }
      } else if (const auto* told = std::get_if<ValuesFact>(&event)) {
        std::string keys;
        for (const State::Member& member : told->values.members()) keys += member.first + " ";
        values.push_back(keys);
      }
    };
    const RunServices services{saver.get(), nullptr, clock, checkpoint_ids, std::move(sink)};
    RunOptions wanted;
    wanted.input = std::move(input);
    wanted.config = std::make_shared<RunConfig>(config);
    wanted.kinds.tasks = true;
    const auto graph = make_react_agent(options);
    return test::run(io, graph->run(std::move(wanted), services));
  }
  RunOutcome say(const char* text) { return run(GraphInput{json::object{{"messages", text}}}); }
  static std::string shown(const RunOutcome& outcome) {
    std::string text;
    for (const Value::Item& message : outcome.values["messages"].items()) {
      text += std::string(message_type(*message)) + ":" + message_text(*message) + "\n";
    }
    return text;
  }
  // "a -> b" for a plain edge, "a ?> b" for one with a condition.
  Texts drawn() const {
    Texts edges;
    for (const GraphEdgeDrawing& edge : make_react_agent(options)->drawing(0).edges) {
      edges.push_back(edge.source + (edge.conditional ? " ?> " : " -> ") + edge.target);
    }
    return edges;
  }
};

NodeFunction writing(std::function<Update(const State&)> update) {
  return [update = std::move(update)](NodeContext& context) -> asio::awaitable<NodeResult> {
    NodeResult result = update(context.state());
    co_return result;
  };
}

const NodeFunction kNothing = writing([](const State&) { return Update(); });

ReactResponse weather_response() {
  return {
      {{"title", "Weather"}, {"type", "object"}, {"properties", {{"city", schema::text()}}}, {"required", {"city"}}},
      ""};
}

}  // namespace

TEST_CASE_METHOD(HooksFixture, "In version 2 each call is sent to the tools as a task of its own") {
  options.tools = {tool("a"), tool("b")};
  model({calls({{"b", {}}, {"a", {}}}), ai_message("done")});
  CHECK(shown(say("hi")) == "human:hi\nai:\ntool:b done\ntool:a done\nai:done\n");
  CHECK(ran == Texts{"agent branch:to:agent", "tools __pregel_push", "tools __pregel_push", "agent branch:to:agent"});
  CHECK(to_text(last_sent.at("lg_tool_call")) == R"({"name":"a","args":{},"id":"call-2","type":"tool_call"})");
  CHECK(last_sent.at("messages").as_array().size() == 2);
}

TEST_CASE_METHOD(HooksFixture, "In version 1 one task of the tools makes all calls") {
  options.version = ReactVersion::v1;
  options.tools = {tool("a"), tool("b")};
  model({calls({{"b", {}}, {"a", {}}}), ai_message("done")});
  CHECK(shown(say("hi")) == "human:hi\nai:\ntool:b done\ntool:a done\nai:done\n");
  CHECK(ran == Texts{"agent branch:to:agent", "tools branch:to:tools", "agent branch:to:agent"});
}

TEST_CASE_METHOD(HooksFixture, "In version 2 calls that ask do so side by side, and no other is made twice") {
  options.tools = {asking_tool("a"), tool("b"), asking_tool("c")};
  model({calls({{"a", {}}, {"b", {}}, {"c", {}}}), ai_message("done")});
  const RunOutcome asked = say("hi");
  REQUIRE(asked.all_interrupts.size() == 2);
  CHECK(asked.all_interrupts[0].value == "about a");
  CHECK(asked.all_interrupts[1].value == "about c");

  Command second;
  second.resume = json::object{{asked.all_interrupts[1].id, "yes"}};
  const RunOutcome partly = run(second);
  REQUIRE(partly.all_interrupts.size() == 1);
  CHECK(partly.all_interrupts[0].id == asked.all_interrupts[0].id);

  Command first;
  first.resume = "no";
  CHECK(shown(run(first)) == "human:hi\nai:\ntool:a heard \"no\"\ntool:b done\ntool:c heard \"yes\"\nai:done\n");
  CHECK(made == std::map<std::string, int>{{"a", 3}, {"b", 1}, {"c", 2}});
}

TEST_CASE_METHOD(HooksFixture, "A hook before the model may give other messages for one question") {
  int times = 0;
  options.pre_model_hook = writing([&](const State&) {
    if (++times > 1) return Update();
    return Update{
        {"llmInputMessages", {{{"role", "system"}, {"content", "be brief"}}, {{"role", "user"}, {"content", "go"}}}}};
  });
  options.tools = {tool("a")};
  const auto asked = model({calls({{"a", {}}}), ai_message("done")});
  const RunOutcome outcome = say("hi");
  CHECK(asked->asked == Texts{"system human ", "human ai tool "});
  CHECK(shown(outcome) == "human:hi\nai:\ntool:a done\nai:done\n");
  CHECK(values == Texts{"messages ", "messages llmInputMessages ", "messages ", "messages ", "messages "});
  CHECK(ran == Texts{"pre_model_hook branch:to:pre_model_hook", "agent branch:to:agent", "tools __pregel_push",
                     "pre_model_hook branch:to:pre_model_hook", "agent branch:to:agent"});
}

TEST_CASE_METHOD(HooksFixture, "A hook before the model may change the messages for good") {
  options.pre_model_hook = writing([](const State&) {
    json::array replaced;
    replaced.push_back({{"type", "remove"}, {"id", "__remove_all__"}, {"content", ""}});
    replaced.push_back({{"role", "user"}, {"content", "shorter"}});
    return Update{{"messages", std::move(replaced)}};
  });
  model({ai_message("done")});
  CHECK(shown(say("hi, how are you?")) == "human:shorter\nai:done\n");
}

TEST_CASE_METHOD(HooksFixture, "A hook behind the model runs before the calls, and may answer one itself") {
  bool first = true;
  options.post_model_hook = writing([&](const State&) {
    if (!first) return Update();
    first = false;
    return Update{{"messages", {tool_message("not today", "call-1", "a", "error")}}};
  });
  options.tools = {tool("a"), tool("b")};
  model({calls({{"a", {}}, {"b", {}}}), ai_message("done")});
  CHECK(shown(say("hi")) == "human:hi\nai:\ntool:not today\ntool:b done\nai:done\n");
  CHECK(made == std::map<std::string, int>{{"b", 1}});
  CHECK(ran == Texts{"agent branch:to:agent", "post_model_hook branch:to:post_model_hook", "tools __pregel_push",
                     "agent branch:to:agent", "post_model_hook branch:to:post_model_hook"});
}

TEST_CASE_METHOD(HooksFixture, "When a hook has answered all calls the model is asked again") {
  bool first = true;
  options.post_model_hook = writing([&](const State&) {
    if (!first) return Update();
    first = false;
    return Update{{"messages", {tool_message("not today", "call-1", "a", "error")}}};
  });
  for (const ReactVersion version : {ReactVersion::v1, ReactVersion::v2}) {
    first = true;
    saver = std::make_unique<MemorySaver>();
    options.version = version;
    options.tools = {tool("a")};
    model({calls({{"a", {}}}), ai_message("a pity")});
    CHECK(shown(say("hi")) == "human:hi\nai:\ntool:not today\nai:a pity\n");
  }
  CHECK(made.empty());
}

TEST_CASE_METHOD(HooksFixture, "A structured response is asked for once at the end") {
  options.response = weather_response();
  options.response->prompt = "Sum up.";
  options.tools = {tool("a")};
  const auto asked = model({calls({{"a", {}}}), ai_message("sunny"), calls({{"Weather", {{"city", "Oslo"}}}})});
  const RunOutcome outcome = say("hi");
  CHECK(outcome.values["structuredResponse"].text() == R"({"city":"Oslo"})");
  CHECK(shown(outcome) == "human:hi\nai:\ntool:a done\nai:sunny\n");
  CHECK(asked->asked.back() == "system human ai tool ai ");
  CHECK(asked->last_options.must_call == "Weather");
  CHECK(asked->last_options.tools.size() == 1);
  CHECK(ran.back() == "generate_structured_response branch:to:generate_structured_response");
}

TEST_CASE_METHOD(HooksFixture, "A model that gives no structured response, or one that does not fit, fails the run") {
  options.response = weather_response();
  model({ai_message("sunny"), ai_message("Oslo")});
  const RunOutcome none = say("hi");
  REQUIRE(none.error);
  CHECK(none.error->name == "StructuredOutputParsingError");
  CHECK(none.error->message.find("it did not call \"Weather\"") != std::string::npos);

  model({ai_message("sunny"), calls({{"Weather", {{"city", 5}}}})});
  const RunOutcome unfit = say("hi");
  REQUIRE(unfit.error);
  CHECK(unfit.error->message.find("expected string, received number") != std::string::npos);
}

TEST_CASE_METHOD(HooksFixture, "A tool that returns directly ends the agent, also beside one that does not") {
  options.tools = {tool("a"), tool("direct")};
  options.return_direct = {"direct"};
  for (const ReactVersion version : {ReactVersion::v1, ReactVersion::v2}) {
    saver = std::make_unique<MemorySaver>();
    options.version = version;
    model({calls({{"a", {}}}), calls({{"a", {}}, {"direct", {}}})});
    CHECK(shown(say("hi")) == "human:hi\nai:\ntool:a done\nai:\ntool:a done\ntool:direct done\n");
  }
}

TEST_CASE_METHOD(HooksFixture,
                 "With too few steps left the calls of an answer are replaced by an apology with its id") {
  options.tools = {tool("a")};
  options.step_guard = StepGuard::on;
  options.name = "helper";
  config.recursion_limit = 1;
  model({calls({{"a", {}}})});
  const RunOutcome outcome = say("hi");
  CHECK(shown(outcome) == "human:hi\nai:Sorry, need more steps to process this request.\n");
  CHECK(outcome.values["messages"].items().back()->at("name") == "helper");
  CHECK_FALSE(message_id(*outcome.values["messages"].items().back()).empty());
}

TEST_CASE_METHOD(HooksFixture, "An agent with all its parts is drawn with the nodes and edges that clients know") {
  model({});
  options.tools = {tool("a")};
  options.pre_model_hook = options.post_model_hook = kNothing;
  options.response = weather_response();
  for (const ReactVersion version : {ReactVersion::v1, ReactVersion::v2}) {
    options.version = version;
    Texts nodes;
    for (const GraphNodeDrawing& node : make_react_agent(options)->drawing(0).nodes) nodes.push_back(node.id);
    CHECK(nodes == Texts{"__start__", "tools", "pre_model_hook", "agent", "post_model_hook",
                         "generate_structured_response", "__end__"});
    CHECK(drawn() == Texts{"__start__ -> pre_model_hook", "tools -> pre_model_hook", "pre_model_hook -> agent",
                           "agent -> post_model_hook", "post_model_hook ?> generate_structured_response",
                           "post_model_hook ?> pre_model_hook", "post_model_hook ?> tools",
                           "generate_structured_response -> __end__"});
  }
}

TEST_CASE_METHOD(HooksFixture, "Parts that are not wanted are not drawn") {
  model({});
  CHECK(drawn() == Texts{"__start__ -> agent", "agent -> __end__"});
  options.tools = {tool("a")};
  CHECK(drawn() == Texts{"__start__ -> agent", "tools -> agent", "agent ?> __end__", "agent ?> tools"});
  options.return_direct = {"a"};
  CHECK(drawn() ==
        Texts{"__start__ -> agent", "tools ?> __end__", "tools ?> agent", "agent ?> __end__", "agent ?> tools"});
  options.return_direct.clear();
  options.response = weather_response();
  CHECK(drawn() == Texts{"__start__ -> agent", "tools -> agent", "agent ?> generate_structured_response",
                         "agent ?> tools", "generate_structured_response -> __end__"});
  options.response.reset();
  options.post_model_hook = kNothing;
  CHECK(drawn() == Texts{"__start__ -> agent", "tools -> agent", "agent -> post_model_hook",
                         "post_model_hook ?> __end__", "post_model_hook ?> agent", "post_model_hook ?> tools"});
}

TEST_CASE_METHOD(HooksFixture, "The schemas of an agent name what it is given and what it gives") {
  model({});
  options.response = weather_response();
  const json::object state = make_react_agent(options)->schemas().state;
  CHECK(state.at("properties").at("structuredResponse").at("properties").at("city").at("type") == "string");
  CHECK(state.at("properties").as_object().contains("messages"));
}
