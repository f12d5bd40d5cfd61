// Error handlers that wait: the node has failed for good and does not run again (runtime.md 8.3).

#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <stdexcept>

#include "runtime/error.h"
#include "runtime/pregel/run_scope.h"
#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;

struct HandlerFixture : ThreadFixture {
  // A node that fails, and a handler that asks "what now?" and writes the answer beside what it was told.
  Graph asks_when_it_failed() {
    NodeOptions options;
    options.on_error = [this](NodeContext& context, NodeFailure failure) -> asio::awaitable<NodeResult> {
      ++handled;
      const json::value question = "what now?";
      const json::value answer = context.interrupt(question);
      const std::string text = failure.node + " " + failure.error.name + " " + failure.error.message;
      NodeResult result = Update{{"log", {text, answer, context.node_attempt()}}};
      co_return result;
    };
    options.retry = RetryPolicy{};
    options.retry->initial_interval = std::chrono::milliseconds{1};
    options.retry->max_attempts = 2;
    options.retry->jitter = false;
    options.retry->retry_on = [](const std::exception&) { return true; };
    return StateGraph().append("log").node("broken", failing(), options).edge(kStart, "broken").compile();
  }

  std::function<NodeResult(const State&)> failing() {
    return [this](const State&) -> NodeResult {
      ++ran;
      throw GraphError("TypeError", "boom");
    };
  }

  int ran = 0;
  int handled = 0;
};

TEST_CASE_METHOD(HandlerFixture, "When an error handler has asked, only it runs again") {
  durability = GENERATE(Durability::sync, Durability::async, Durability::exit);
  const Graph graph = asks_when_it_failed();
  kinds.tasks = true;
  const RunOutcome asked = input(graph, "{}");
  CHECK(asked.status == OutcomeStatus::interrupted);
  CHECK(asked.next == std::vector<std::string>{"broken"});
  CHECK(state(graph).tasks.at(0).view.interrupts.size() == 1);
  CHECK_FALSE(state(graph).tasks.at(0).view.error);

  const RunOutcome same = go_on(graph);
  CHECK(same.all_interrupts.at(0).id == asked.all_interrupts.at(0).id);
  const RunOutcome done = resume(graph, "go on");
  CHECK(text_of(done.values) == R"({"log":["broken TypeError boom","go on",2]})");
  CHECK(ran == 2);  // two attempts, both in the first run
  CHECK(handled == 3);
  CHECK(lines == Lines{R"(values {"log":[]})", R"(task 1 __error_handler__broken {"log":[]} __pregel_push)",
                       R"(updates __error_handler__broken {"log":["broken TypeError boom","go on",2]})",
                       R"(result 1 __error_handler__broken {"log":["broken TypeError boom","go on",2]})",
                       R"(values {"log":["broken TypeError boom","go on",2]})"});
}

TEST_CASE_METHOD(HandlerFixture, "The questions of an error handler follow those of its node") {
  NodeOptions options;
  options.on_error = [this](NodeContext& context, NodeFailure) -> asio::awaitable<NodeResult> {
    ++handled;
    const json::value first = context.interrupt("first");
    const json::value second = context.interrupt("second");
    NodeResult result = Update{{"log", {first, second}}};
    co_return result;
  };
  const auto asks_and_fails = [this](NodeContext& context) -> NodeResult {
    ++ran;
    context.interrupt("sure?");
    throw std::runtime_error("boom");
  };
  const Graph graph = StateGraph().append("log").node("n", asks_and_fails, options).edge(kStart, "n").compile();
  const RunOutcome sure = input(graph, "{}");
  const RunOutcome first = resume(graph, "yes");
  CHECK(first.all_interrupts.at(0).value == "first");
  const RunOutcome second = resume(graph, 1);
  CHECK(second.all_interrupts.at(0).value == "second");
  CHECK(text_of(resume(graph, 2).values) == R"({"log":[1,2]})");
  CHECK(ran == 2);
  CHECK(handled == 3);
  const std::set<std::string> asked{sure.all_interrupts.at(0).id, first.all_interrupts.at(0).id,
                                    second.all_interrupts.at(0).id};
  CHECK(asked.size() == 3);
}

TEST_CASE_METHOD(HandlerFixture,
                 "After an error handler that failed itself the node is tried again, and then its handler") {
  NodeOptions options;
  options.on_error = [this](NodeContext&, NodeFailure failure) -> asio::awaitable<NodeResult> {
    if (++handled == 1) throw GraphError("HandlerError", "gave up");
    NodeResult result = Update{{"log", {failure.error.message}}};
    co_return result;
  };
  const Graph graph = StateGraph().append("log").node("broken", failing(), options).edge(kStart, "broken").compile();
  CHECK(input(graph, "{}").error->name == "HandlerError");
  CHECK(state(graph).tasks.at(0).view.error->name == "HandlerError");
  CHECK(text_of(go_on(graph).values) == R"({"log":["boom"]})");
  CHECK(ran == 2);
  CHECK(handled == 2);
}

TEST_CASE_METHOD(HandlerFixture, "A run that ends while an error handler works goes on with the handler") {
  NodeOptions options;
  options.on_error = [this](NodeContext&, NodeFailure failure) -> asio::awaitable<NodeResult> {
    if (++handled == 1) throw RunCancelled{};
    NodeResult result = Update{{"log", {failure.error.message}}};
    co_return result;
  };
  const Graph graph = StateGraph().append("log").node("broken", failing(), options).edge(kStart, "broken").compile();
  CHECK_THROWS(input(graph, "{}"));
  CHECK(text_of(go_on(graph).values) == R"({"log":["boom"]})");
  CHECK(ran == 1);
}

TEST_CASE_METHOD(HandlerFixture, "From an older checkpoint the node runs again, and then its error handler") {
  const Graph graph = asks_when_it_failed();
  input(graph, "{}");
  const CheckpointAddress old = *state(graph).checkpoint;
  resume(graph, "one");
  ran = 0;
  CHECK(run(graph, NoInput{}, old).status == OutcomeStatus::interrupted);
  CHECK(ran == 2);
  CHECK(text_of(resume(graph, "two").values) == R"({"log":["broken TypeError boom","two",2]})");
}

}  // namespace
}  // namespace heddle::runtime
