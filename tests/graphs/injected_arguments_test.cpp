#include "graphs/injected_arguments.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "graphs/tool_node.h"
#include "runtime/json.h"
#include "runtime/schema.h"
#include "tests/graphs/fake_context.h"
#include "tests/support/run.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::runtime::State;
using heddle::test::FakeContext;
using heddle::test::FakeTask;

namespace {

// A tool that repeats what it was given; all but `city` are injected.
struct InjectedFixture {
  FakeTask task;
  json::object configurable;
  json::value context = json::object();
  ToolPointer tool = with_injected(
      make_tool({"weather", "Tells the weather.",
                 parameters({{"city", runtime::schema::text()},
                             {"user", runtime::schema::text()},
                             {"state", runtime::schema::object()},
                             {"call", runtime::schema::text()},
                             {"runtime", runtime::schema::object()},
                             {"store", runtime::schema::anything()}})},
                [](ToolContext&, const json::object& arguments) -> ToolResult { return json::value(arguments); }),
      {{"user", InjectedArgument::of_state("user_id")},
       {"state", InjectedArgument::of_state()},
       {"call", InjectedArgument::of_tool_call_id()},
       {"runtime", InjectedArgument::of_runtime()},
       {"store", InjectedArgument::of_store()}});

  // What the tool was given, or what the model is told.
  json::value given(json::object arguments, const char* more_state = R"({"user_id":"u1"})") {
    boost::asio::io_context io;
    json::object state = runtime::parse_json(more_state).as_object();
    json::object wanted{{"id", "c1"}, {"name", "weather"}, {"args", std::move(arguments)}};
    json::array calls;
    calls.push_back(std::move(wanted));
    json::array messages;
    messages.push_back(runtime::ai_message("", std::move(calls)));
    state["messages"] = std::move(messages);
    FakeContext node_context(task, State::of(state));
    node_context.run_config.configurable = configurable;
    node_context.run_config.context = context;
    const runtime::NodeFunction node = tool_node({tool});
    const runtime::NodeResult result = test::run(io, node(node_context));
    const json::value& answer = std::get<runtime::Update>(result.parts().at(0)).at("messages").at(0);
    if (answer.at("status") == "error") return answer.at("content");
    return runtime::parse_json(runtime::message_text(answer));
  }
};

}  // namespace

TEST_CASE_METHOD(InjectedFixture, "Injected arguments are not in the schema that a model sees") {
  CHECK(runtime::to_text(tool->declaration().parameters) ==
        R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})");
  CHECK(tool->declaration().name == "weather");
  CHECK(tool->declaration().description == "Tells the weather.");
}

TEST_CASE_METHOD(InjectedFixture, "A tool is given the state, one of its keys, and the id of the call") {
  const json::value arguments = given({{"city", "Oslo"}});
  CHECK(arguments.at("city") == "Oslo");
  CHECK(arguments.at("user") == "u1");
  CHECK(arguments.at("call") == "c1");
  CHECK(arguments.at("state").at("user_id") == "u1");
  CHECK(arguments.at("state").at("messages").as_array().size() == 1);
  CHECK_FALSE(arguments.as_object().contains("store"));
}

TEST_CASE_METHOD(InjectedFixture, "A key of the state that has no value is null") {
  CHECK(given({{"city", "Oslo"}}, "{}").at("user").is_null());
}

TEST_CASE_METHOD(InjectedFixture, "The runtime is what a node knows of its run, without its secrets") {
  configurable["language"] = "nb";
  context = json::object{{"tier", "gold"}};
  const json::value runtime_of_call = given({{"city", "Oslo"}}).at("runtime");
  CHECK(runtime_of_call.at("config").at("configurable").at("language") == "nb");
  CHECK(runtime_of_call.at("context").at("tier") == "gold");
  CHECK(runtime_of_call.at("tool_call_id") == "c1");
  CHECK(runtime_of_call.at("state").at("user_id") == "u1");
}

TEST_CASE_METHOD(InjectedFixture, "What a model gives for an injected argument is thrown away") {
  const json::value arguments = given({{"city", "Oslo"}, {"user", "root"}, {"call", 7}, {"store", "mine"}});
  CHECK(arguments.at("user") == "u1");
  CHECK(arguments.at("call") == "c1");
  CHECK_FALSE(arguments.as_object().contains("store"));
}

TEST_CASE_METHOD(InjectedFixture, "Arguments that do not fit are told without the injected ones") {
  const std::string told(given({{"user", 5}}).as_string());
  CHECK(told.find("at city") != std::string::npos);
  CHECK(told.find("user") == std::string::npos);
}

TEST_CASE_METHOD(InjectedFixture, "A task that was sent one call does not see it in the state") {
  const json::value arguments =
      given({}, R"({"user_id":"u1","lg_tool_call":{"id":"c2","name":"weather","args":{"city":"Bergen"}}})");
  CHECK(arguments.at("call") == "c2");
  CHECK_FALSE(arguments.at("state").as_object().contains("lg_tool_call"));
  CHECK_FALSE(arguments.at("runtime").at("state").as_object().contains("lg_tool_call"));
}

TEST_CASE_METHOD(InjectedFixture, "An argument that the tool does not have cannot be injected") {
  CHECK_THROWS_WITH(with_injected(tool, {{"nobody", InjectedArgument::of_state()}}),
                    "the tool weather has no argument \"nobody\" to be injected; name it in the tool's parameters");
}
