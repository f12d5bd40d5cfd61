#include "graphs/tool_node.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "runtime/schema.h"
#include "tests/graphs/fake_context.h"
#include "tests/support/run.h"

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::graphs;
using heddle::runtime::NodeInterrupted;
using heddle::runtime::NodeResult;
using heddle::runtime::State;
using heddle::test::FakeContext;
using heddle::test::FakeTask;

namespace {

json::object call(const std::string& id, const std::string& name, json::object args = {}) {
  return {{"id", id}, {"name", name}, {"args", std::move(args)}, {"type", "tool_call"}};
}

State asking_for(std::vector<json::object> calls, std::vector<runtime::Message> answers = {}) {
  json::array tool_calls;
  for (json::object& one : calls) tool_calls.push_back(std::move(one));
  json::array messages;
  messages.push_back(runtime::human_message("please"));
  messages.push_back(runtime::ai_message("", std::move(tool_calls)));
  for (runtime::Message& answer : answers) messages.push_back(std::move(answer));
  json::object state;
  state["messages"] = std::move(messages);
  return State::of(state);
}

asio::awaitable<void> yield() {
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

struct ToolNodeFixture {
  asio::io_context io;
  FakeTask task;
  std::vector<std::string> log;      // of the last execution
  std::map<std::string, int> times;  // how often a tool was called
  std::vector<ToolPointer> tools;
  ToolNodeOptions options{ToolErrors::told_to_the_model, [](const std::string& id) { return "tool-" + id; }};

  ToolNodeFixture() {
    tools.push_back(make_tool({"say", "", parameters({{"text", runtime::schema::text()}})},
                              [this](ToolContext&, const json::object& arguments) -> ToolResult {
                                ++times["say"];
                                return std::string(arguments.at("text").as_string());
                              }));
    tools.push_back(
        make_tool({"ask", "", parameters({})}, [this](ToolContext& context, const json::object&) -> ToolResult {
          ++times["ask"];
          const json::value answer = context.interrupt({{"for", context.tool_call_id()}});
          return "heard " + runtime::to_text(answer);
        }));
    // Asks later than `ask`, which was called after it.
    tools.push_back(make_waiting_tool({"ask_late", "", parameters({})},
                                      [this](ToolContext& context, json::object) -> asio::awaitable<ToolResult> {
                                        ++times["ask_late"];
                                        if (times["ask_late"] == 1) co_await yield();
                                        const json::value answer = context.interrupt({{"for", context.tool_call_id()}});
                                        co_return "heard late " + runtime::to_text(answer);
                                      }));
    tools.push_back(make_waiting_tool({"slow", "", parameters({})},
                                      [this](ToolContext&, json::object) -> asio::awaitable<ToolResult> {
                                        ++times["slow"];
                                        co_await yield();
                                        co_await yield();
                                        co_return "slow done";
                                      }));
    tools.push_back(make_tool({"fail", "", parameters({})}, [this](ToolContext&, const json::object&) -> ToolResult {
      ++times["fail"];
      throw std::runtime_error("out of paper");
    }));
    tools.push_back(make_waiting_tool({"forever", "", parameters({})},
                                      [](ToolContext&, json::object) -> asio::awaitable<ToolResult> {
                                        const auto executor = co_await asio::this_coro::executor;
                                        asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
                                        co_await timer.async_wait(asio::use_awaitable);
                                        co_return "never";
                                      }));
  }

  NodeResult run(State state) {
    const runtime::NodeFunction node = tool_node(tools, options);
    FakeContext context(task, std::move(state));
    struct KeepLog {
      ToolNodeFixture& fixture;
      FakeContext& context;
      ~KeepLog() { fixture.log = context.log; }
    } const keep_log{*this, context};
    return test::run(io, node(context));
  }

  // The tool messages of a result that is one update.
  std::vector<std::string> answers(State state) {
    const NodeResult result = run(std::move(state));
    REQUIRE(result.parts().size() == 1);
    std::vector<std::string> texts;
    for (const json::value& message : std::get<runtime::Update>(result.parts()[0]).at("messages").as_array()) {
      texts.push_back(std::string(message.at("tool_call_id").as_string()) + ": " + runtime::message_text(message));
    }
    return texts;
  }

  // The question that left the node.
  std::string question(State state) {
    try {
      run(std::move(state));
    } catch (const NodeInterrupted& asked) {
      return runtime::to_text(asked.interrupt.value);
    }
    return "none";
  }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(ToolNodeFixture, "Answers come in the order of the calls, whichever call finished first") {
  const Texts expected{"1: slow done", "2: quick"};
  CHECK(answers(asking_for({call("1", "slow"), call("2", "say", {{"text", "quick"}})})) == expected);
}

TEST_CASE_METHOD(ToolNodeFixture, "Calls that are made together have all begun before the first of them ends") {
  run(asking_for({call("1", "say", {{"text", "a"}}), call("2", "say", {{"text", "b"}})}));
  CHECK(log == Texts{R"(start 1 say {"text":"a"})", R"(start 2 say {"text":"b"})", "end 1 with id", "end 2 with id"});
}

TEST_CASE_METHOD(ToolNodeFixture, "An answer is a whole tool message with the id that the graph's author wants") {
  const NodeResult result = run(asking_for({call("1", "say", {{"text", "hi"}})}));
  const json::value& message = std::get<runtime::Update>(result.parts().at(0)).at("messages").at(0);
  CHECK(message.at("type") == "tool");
  CHECK(message.at("id") == "tool-1");
  CHECK(message.at("name") == "say");
  CHECK(message.at("tool_call_id") == "1");
  CHECK(message.at("status") == "success");
  CHECK(message.at("content") == "hi");
}

TEST_CASE_METHOD(ToolNodeFixture, "Without a wish the id of a tool message is a random UUID") {
  options.message_id = nullptr;
  const NodeResult result = run(asking_for({call("1", "say", {{"text", "hi"}})}));
  const json::value& message = std::get<runtime::Update>(result.parts().at(0)).at("messages").at(0);
  CHECK(storage::Uuid::parse(std::string_view(message.at("id").as_string())));
}

TEST_CASE_METHOD(ToolNodeFixture, "A result that is no text is printed as JSON") {
  tools.push_back(make_tool({"json", "", parameters({})}, [](ToolContext&, const json::object&) -> ToolResult {
    return json::value{{"a", 1}, {"b", nullptr}};
  }));
  CHECK(answers(asking_for({call("1", "json")})) == Texts{R"(1: {"a":1,"b":null})"});
}

TEST_CASE_METHOD(ToolNodeFixture, "A call that already has its answer is not made") {
  const State state = asking_for({call("1", "say", {{"text", "a"}}), call("2", "say", {{"text", "b"}})},
                                 {runtime::tool_message("by hand", "1", "say", "success")});
  CHECK(answers(state) == Texts{"2: b"});
}

TEST_CASE_METHOD(ToolNodeFixture, "A call is made whose id an earlier answer of the model has used already") {
  json::array messages;
  for (const char* text : {"a", "b"}) {
    json::array calls;
    calls.push_back(call("call-0", "say", {{"text", text}}));
    if (!messages.empty()) messages.push_back(runtime::tool_message("a", "call-0", "say", "success"));
    messages.push_back(runtime::ai_message("", std::move(calls)));
  }
  json::object state;
  state["messages"] = std::move(messages);
  CHECK(answers(State::of(state)) == Texts{"call-0: b"});
}

TEST_CASE_METHOD(ToolNodeFixture, "A tool that throws, wrong arguments and an unknown tool are told to the model") {
  const State state =
      asking_for({call("1", "fail"), call("2", "zz"), call("3", "say"), call("4", "say", {{"text", 5}})});
  const Texts told = answers(state);
  CHECK(told[0] == "1: Error: out of paper\n Please fix your mistakes.");
  CHECK(told[1] == "2: Error: Tool \"zz\" not found.\n Please fix your mistakes.");
  CHECK(told[2] ==
        "3: Error: Received tool input did not match expected schema\n\n"
        "\u2716 Invalid input: expected string, received undefined\n  \u2192 at text\n Please fix your mistakes.");
  CHECK(told[3].find("expected string, received number") != std::string::npos);
  CHECK(log == Texts{"start 1 fail {}", "fail 1 out of paper"});
}

TEST_CASE_METHOD(ToolNodeFixture, "With errors switched off a throwing tool fails the node after its siblings") {
  options.errors = ToolErrors::fail_the_node;
  const State state = asking_for({call("1", "fail"), call("2", "slow")});
  CHECK_THROWS_WITH(run(state), "out of paper");
  CHECK_THROWS_WITH(run(state), "out of paper");
  CHECK(times["slow"] == 1);
}

TEST_CASE_METHOD(ToolNodeFixture, "Where only mistakes are told to the model, what a tool throws fails the node") {
  options.errors = ToolErrors::mistakes_told_to_the_model;
  const Texts told = answers(asking_for({call("1", "zz"), call("2", "say"), call("3", "slow")}));
  CHECK(told[0] == "1: Error: Tool \"zz\" not found.\n Please fix your mistakes.");
  CHECK(told[1].starts_with("2: Error: Received tool input did not match expected schema"));
  CHECK(told[2] == "3: slow done");
  CHECK_THROWS_WITH(run(asking_for({call("4", "fail")})), "out of paper");
}

TEST_CASE_METHOD(ToolNodeFixture, "One text may stand for all failures") {
  options.errors = "Try something else.";
  const NodeResult result = run(asking_for({call("1", "fail"), call("2", "zz"), call("3", "say")}));
  const json::array& messages = std::get<runtime::Update>(result.parts().at(0)).at("messages").as_array();
  for (const json::value& message : messages) {
    CHECK(message.at("content") == "Try something else.");
    CHECK(message.at("status") == "error");
  }
}

TEST_CASE_METHOD(ToolNodeFixture, "A function sees each failure and finds the words, or lets the node fail") {
  std::vector<ToolFailure> seen;
  options.errors = [&](const ToolFailure& failure) -> std::optional<std::string> {
    seen.push_back(failure);
    if (failure.error.message == "out of paper") return std::nullopt;
    return failure.tool + " did not work";
  };
  CHECK(answers(asking_for({call("1", "zz"), call("2", "say", {{"text", 5}})})) ==
        Texts{"1: zz did not work", "2: say did not work"});
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].kind == ToolFailure::Kind::unknown_tool);
  CHECK(seen[1].kind == ToolFailure::Kind::arguments);
  CHECK(seen[1].tool_call_id == "2");
  CHECK(seen[1].arguments == json::object{{"text", 5}});

  CHECK_THROWS_WITH(run(asking_for({call("3", "fail")})), "out of paper");
  CHECK(seen[2].kind == ToolFailure::Kind::thrown);
  CHECK(seen[2].error.name == "Error");
  CHECK_THROWS_AS(std::rethrow_exception(seen[2].thrown), std::runtime_error);
}

TEST_CASE_METHOD(ToolNodeFixture, "A function for failures that fails itself fails the node, after the other calls") {
  options.errors = [](const ToolFailure&) -> std::optional<std::string> { throw std::runtime_error("no words"); };
  CHECK_THROWS_WITH(run(asking_for({call("1", "fail"), call("2", "slow")})), "no words");
  CHECK(times["slow"] == 1);
}

TEST_CASE_METHOD(ToolNodeFixture, "A question is no failure, however failures are handled") {
  options.errors = "Try something else.";
  CHECK(question(asking_for({call("1", "ask")})) == R"({"for":"1"})");
}

TEST_CASE_METHOD(ToolNodeFixture, "A question lets the other calls finish, and none of them is made twice") {
  const State state = asking_for({call("1", "ask"), call("2", "slow"), call("3", "fail")});
  CHECK(question(state) == R"({"for":"1"})");
  CHECK(times["slow"] == 1);
  task.answers.emplace_back("yes");
  const Texts expected{"1: heard \"yes\"", "2: slow done", "3: Error: out of paper\n Please fix your mistakes."};
  CHECK(answers(state) == expected);
  CHECK(times == std::map<std::string, int>{{"ask", 2}, {"slow", 1}, {"fail", 1}});
}

TEST_CASE_METHOD(ToolNodeFixture, "Two questions are asked one after the other, each answered to the call that asked") {
  const State state = asking_for({call("1", "ask"), call("2", "ask")});
  CHECK(question(state) == R"({"for":"1"})");
  task.answers.emplace_back("first");
  CHECK(question(state) == R"({"for":"2"})");
  task.answers.emplace_back("second");
  CHECK(answers(state) == Texts{"1: heard \"first\"", "2: heard \"second\""});
  CHECK(times["ask"] == 5);  // the first call twice, the second one three times
}

TEST_CASE_METHOD(ToolNodeFixture, "An answer goes to the call that asked, even if another call is quicker next time") {
  const State state = asking_for({call("1", "ask_late"), call("2", "ask")});
  CHECK(question(state) == R"({"for":"2"})");
  task.answers.emplace_back("to two");
  CHECK(question(state) == R"({"for":"1"})");
  task.answers.emplace_back("to one");
  CHECK(answers(state) == Texts{"1: heard late \"to one\"", "2: heard \"to two\""});
}

TEST_CASE_METHOD(ToolNodeFixture, "Calls with the same id or none are told apart") {
  const State state = asking_for({call("x", "say", {{"text", "a"}}), call("x", "say", {{"text", "b"}}),
                                  call("", "say", {{"text", "c"}}), call("1", "ask")});
  CHECK(question(state) == R"({"for":"1"})");
  task.answers.emplace_back(1);
  CHECK(answers(state) == Texts{"x: a", "x: b", ": c", "1: heard 1"});
  CHECK(times["say"] == 3);
}

TEST_CASE_METHOD(ToolNodeFixture, "The idempotency key of a call stays the same when it is made again") {
  Texts keys;
  tools.push_back(make_tool({"pay", "", parameters({})}, [&](ToolContext& context, const json::object&) -> ToolResult {
    keys.push_back(context.idempotency_key());
    context.interrupt("sure?");
    return "paid";
  }));
  const State state = asking_for({call("1", "pay"), call("2", "pay")});
  question(state);
  question(state);
  CHECK(keys.size() == 4);
  CHECK(keys[0] == keys[2]);
  CHECK(keys[1] == keys[3]);
  CHECK(keys[0] != keys[1]);
  CHECK(storage::Uuid::parse(keys[0]));
}

TEST_CASE_METHOD(ToolNodeFixture, "A Command of a tool reaches the graph beside the messages of its siblings") {
  tools.push_back(make_tool({"hand_over", "", parameters({})}, [this](ToolContext&, const json::object&) -> ToolResult {
    ++times["hand_over"];
    return runtime::Command().set("note", "x").to("other");
  }));
  const State state = asking_for({call("1", "hand_over"), call("2", "say", {{"text", "b"}}), call("3", "ask")});
  question(state);
  task.answers.emplace_back(true);
  const NodeResult result = run(state);
  REQUIRE(result.parts().size() == 3);
  CHECK(std::get<std::string>(std::get<runtime::Command>(result.parts()[0]).go_to.at(0)) == "other");
  CHECK(std::get<runtime::Update>(result.parts()[1]).at("messages").as_array().size() == 1);
  CHECK(times["hand_over"] == 1);
}

TEST_CASE_METHOD(ToolNodeFixture, "Sends to the parent graph are merged into one Command") {
  tools.push_back(
      make_tool({"spread", "", parameters({})}, [](ToolContext& context, const json::object&) -> ToolResult {
        return runtime::Command().of_parent().to(runtime::Send{"worker", json::value(context.tool_call_id())});
      }));
  const NodeResult result = run(asking_for({call("1", "spread"), call("2", "spread")}));
  REQUIRE(result.parts().size() == 1);
  CHECK(std::get<runtime::Command>(result.parts()[0]).go_to.size() == 2);
}

TEST_CASE_METHOD(ToolNodeFixture, "Cancelling the node cancels its calls and keeps what has finished") {
  const runtime::NodeFunction node = tool_node(tools, options);
  FakeContext context(task,
                      asking_for({call("1", "forever"), call("2", "say", {{"text", "kept"}}), call("3", "forever")}));
  asio::cancellation_signal stop;
  std::exception_ptr thrown;
  bool done = false;
  auto ended = [&](std::exception_ptr error, const NodeResult&) {
    thrown = error;
    done = true;
  };
  asio::co_spawn(io, node(context), asio::bind_cancellation_slot(stop.slot(), ended));
  io.poll();
  REQUIRE_FALSE(done);
  stop.emit(asio::cancellation_type::terminal);
  io.poll();
  REQUIRE(done);
  CHECK_THROWS_AS(std::rethrow_exception(thrown), boost::system::system_error);
  CHECK(task.finished.size() == 1);
  CHECK(task.finished.contains("2"));
}

TEST_CASE_METHOD(ToolNodeFixture, "Two tools with one name are refused when the node is made") {
  tools.push_back(tools.front());
  CHECK_THROWS_AS(tool_node(tools, options), std::logic_error);
}

TEST_CASE("Arguments are checked by the types that the schema names") {
  const json::object schema{{"type", "object"},
                            {"properties",
                             {{"n", {{"type", "integer"}}},
                              {"t", {{"type", {"string", "null"}}}},
                              {"any", json::object{}},
                              {"list", {{"type", "array"}}}}},
                            {"required", {"n", "any"}}};
  CHECK_FALSE(argument_mismatch(schema, {{"n", 1}, {"any", true}}));
  CHECK_FALSE(argument_mismatch(schema, {{"n", 1.0}, {"any", 1}, {"t", nullptr}, {"more", 1}}));
  CHECK(argument_mismatch(schema, {{"n", 1.5}, {"any", 1}}));
  // As the reference's objects do; models make keys up.
  json::object closed = schema;
  closed["additionalProperties"] = false;
  CHECK_FALSE(argument_mismatch(closed, {{"n", 1}, {"any", 1}, {"more", 1}}));
  CHECK(argument_mismatch(schema, {{"n", 1}}));
  CHECK(argument_mismatch(schema, {{"n", 1}, {"any", 1}, {"list", "x"}}));
  CHECK(argument_mismatch(schema, {{"n", 1}, {"any", 1}, {"t", 5}})->find("string|null") != std::string::npos);
}

TEST_CASE_METHOD(ToolNodeFixture, "No call is made before the checkpoint of its task is durable") {
  bool was_recorded = false;
  tools.push_back(make_tool({"look", "", parameters({})}, [&](ToolContext&, const json::object&) -> ToolResult {
    was_recorded = task.recorded;
    return "seen";
  }));
  run(asking_for({call("1", "look")}));
  CHECK(was_recorded);

  task.recorded = was_recorded = false;
  run(asking_for({call("1", "slow"), call("2", "look")}));
  CHECK(was_recorded);
}

TEST_CASE_METHOD(ToolNodeFixture, "A node without a call to make waits for nothing") {
  run(asking_for({call("1", "say", {{"text", "a"}})}, {runtime::tool_message("a", "1", "say", "success")}));
  CHECK_FALSE(task.recorded);
}
