// What bounds a node, and what takes its place: timeouts, the cache, error handlers.

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <chrono>

#include "runtime/error.h"
#include "runtime/node_cache.h"
#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

asio::awaitable<void> nap(milliseconds time) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

auto napping(std::string name, milliseconds time) {
  return [name = std::move(name), time](NodeContext&) -> asio::awaitable<NodeResult> {
    co_await nap(time);
    NodeResult result = Update{{"log", {name}}};
    co_return result;
  };
}

auto at_once(std::string name) {
  return [name = std::move(name)](NodeContext&) -> asio::awaitable<NodeResult> {
    NodeResult result = Update{{"log", {name}}};
    co_return result;
  };
}

TEST_CASE_METHOD(ThreadFixture, "A node that needs no time is in time, however short its limit is") {
  NodeOptions options;
  options.timeout = milliseconds{0};
  const Graph graph =
      StateGraph().append("log").node("quick", at_once("quick"), options).edge(kStart, "quick").compile();
  CHECK(text_of(input(graph, "{}").values) == R"({"log":["quick"]})");
}

TEST_CASE_METHOD(ThreadFixture, "A graph as a node is stopped when it takes too long") {
  NodeOptions options;
  options.timeout = milliseconds{5};
  const Graph inner =
      StateGraph().append("log").node("slow", napping("slow", milliseconds{5'000})).edge(kStart, "slow").compile();
  const Graph graph = StateGraph().append("log").node("inner", inner, options).edge(kStart, "inner").compile();
  const RunOutcome outcome = input(graph, "{}");
  REQUIRE(outcome.error);
  CHECK(outcome.error->message.starts_with(R"(Node "inner" exceeded its run timeout of 5ms (elapsed: )"));
}

TEST_CASE_METHOD(ThreadFixture, "The timeout of a Send takes the place of that of its node, also after a restart") {
  NodeOptions options;
  options.timeout = milliseconds{60'000};
  const auto send = [](const State&, const RunConfig&) -> Routes {
    return Send{"work", json::value(json::object()), milliseconds{5}};
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("work", napping("slow", milliseconds{60'000}), options)
                          .conditional(kStart, send, {"work"})
                          .compile();
  const std::string late = R"(Node "work" exceeded its run timeout of 5ms (elapsed: )";
  CHECK(input(graph, "{}").error->message.starts_with(late));
  CHECK(go_on(graph).error->message.starts_with(late));
}

TEST_CASE_METHOD(ThreadFixture, "A node that shows no sign of life is stopped, one that does is not") {
  NodeOptions options;
  options.idle_timeout = milliseconds{500};
  const auto longer = std::chrono::steady_clock::now() + milliseconds{600};
  const auto busy = [longer](NodeContext& context) -> asio::awaitable<NodeResult> {
    const milliseconds pause{5};
    for (int beats = 0; std::chrono::steady_clock::now() < longer; ++beats) {
      co_await nap(pause);
      if (beats % 2 == 0) {
        context.heartbeat();
      } else {
        context.write("still here");
      }
    }
    NodeResult result = Update{{"log", {"busy"}}};
    co_return result;
  };
  const Graph lively = StateGraph().append("log").node("busy", busy, options).edge(kStart, "busy").compile();
  CHECK(text_of(input(lively, "{}").values) == R"({"log":["busy"]})");

  options.idle_timeout = milliseconds{5};
  const Graph dead = StateGraph()
                         .append("log")
                         .node("dead", napping("dead", milliseconds{5'000}), options)
                         .edge(kStart, "dead")
                         .compile();
  const RunOutcome outcome = input(dead, "{}");
  REQUIRE(outcome.error);
  CHECK(outcome.error->name == "NodeTimeoutError");
  CHECK(outcome.error->message.starts_with(
      R"(Node "dead" exceeded its idle timeout of 5ms without making progress (elapsed: )"));
}

TEST_CASE_METHOD(ThreadFixture, "A superstep that takes too long fails, and what finished in it is kept") {
  CompileOptions options;
  options.step_timeout = milliseconds{40};
  bool is_slow = true;
  const auto slow = [&is_slow](NodeContext&) -> asio::awaitable<NodeResult> {
    const milliseconds time{5'000};
    if (is_slow) co_await nap(time);
    NodeResult result = Update{{"log", {"slow"}}};
    co_return result;
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("quick", at_once("quick"))
                          .node("slow", slow)
                          .edge(kStart, "quick")
                          .edge(kStart, "slow")
                          .compile(std::move(options));
  const RunOutcome outcome = input(graph, "{}");
  REQUIRE(outcome.error);
  CHECK(outcome.error->name == "TimeoutError");
  CHECK(outcome.error->message == "Timed out: superstep 1 took longer than the 40ms that the graph allows");
  CHECK(outcome.next == std::vector<std::string>{"slow"});
  is_slow = false;
  CHECK(text_of(go_on(graph).values) == R"({"log":["quick","slow"]})");
  CHECK(lines.at(1) == R"(updates quick {"log":["quick"]} cached)");
}

Graph cached(int& runs, CachePolicy policy) {
  NodeOptions options;
  options.cache = std::move(policy);
  return StateGraph()
      .last("x")
      .last("y")
      .last("doubled")
      .node(
          "double",
          [&runs](const State& state) {
            ++runs;
            return Update{{"doubled", state.integer("x") * 2}};
          },
          options)
      .edge(kStart, "double")
      .compile();
}

TEST_CASE_METHOD(ThreadFixture, "A cached node does not run again for an input that it has seen") {
  int runs = 0;
  saver = nullptr;
  const Graph graph = cached(runs, {});
  kinds.tasks = true;
  input(graph, R"({"x":1})");
  input(graph, R"({"x":1})");
  CHECK(runs == 1);
  CHECK(lines == Lines{R"(values {"x":1})", R"(task 1 double {"x":1} branch:to:double)",
                       R"(updates double {"doubled":2} cached)", R"(values {"x":1,"doubled":2})"});
  input(graph, R"({"x":2})");
  CHECK(runs == 2);
}

TEST_CASE_METHOD(ThreadFixture, "What a cache keeps ends with its time to live") {
  int runs = 0;
  saver = nullptr;
  CachePolicy policy;
  policy.ttl = milliseconds{1'000};
  const Graph graph = cached(runs, policy);
  input(graph, R"({"x":1})");
  clock.advance(milliseconds{999});
  input(graph, R"({"x":1})");
  CHECK(runs == 1);
  clock.advance(milliseconds{1});
  input(graph, R"({"x":1})");
  CHECK(runs == 2);
}

TEST_CASE_METHOD(ThreadFixture, "The author of a node says what tells its inputs apart") {
  int runs = 0;
  saver = nullptr;
  CachePolicy policy;
  policy.key = [](const State& state, const RunConfig&) { return std::to_string(state.integer("x")); };
  const Graph graph = cached(runs, policy);
  input(graph, R"({"x":1,"y":1})");
  input(graph, R"({"x":1,"y":2})");
  CHECK(runs == 1);
}

TEST_CASE_METHOD(ThreadFixture, "A failure is not cached") {
  int runs = 0;
  saver = nullptr;
  NodeOptions options;
  options.cache = CachePolicy{};
  const auto fails_once = [&runs](const State&) -> NodeResult {
    if (++runs == 1) throw std::runtime_error("once");
    return Update{{"log", {"ok"}}};
  };
  const Graph graph = StateGraph().append("log").node("n", fails_once, options).edge(kStart, "n").compile();
  CHECK(input(graph, "{}").status == OutcomeStatus::failed);
  CHECK(input(graph, "{}").status == OutcomeStatus::done);
  CHECK(runs == 2);
}

TEST_CASE("A cache that is full forgets what was used longest ago") {
  NodeCache cache(2);
  const Timestamp now{};
  for (const char* key : {"a", "b"}) cache.keep(key, {}, now, std::nullopt);
  CHECK(cache.find("a", now));
  cache.keep("c", {}, now, std::nullopt);
  CHECK(cache.find("a", now));
  CHECK_FALSE(cache.find("b", now));
  CHECK(cache.find("c", now));
}

TEST_CASE_METHOD(ThreadFixture, "An error handler gives the result that its node could not give") {
  int tries = 0;
  NodeOptions options;
  options.retry =
      RetryPolicy{milliseconds{1}, 2, milliseconds{1}, 2, false, [](const std::exception&) { return true; }};
  options.on_error = [](NodeContext& context, NodeFailure failure) -> asio::awaitable<NodeResult> {
    const std::string text = failure.node + " " + failure.error.name + " " + failure.error.message;
    NodeResult result = Update{{"log", {text + " of " + std::to_string(context.node_attempt())}}};
    co_return result;
  };
  const auto broken = [&tries](const State&) -> NodeResult {
    ++tries;
    throw GraphError("TypeError", "boom");
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("broken", broken, options)
                          .node("after", [](const State&) { return Update{{"log", {"after"}}}; })
                          .edge(kStart, "broken")
                          .edge("broken", "after")
                          .compile();
  kinds.tasks = true;
  const RunOutcome outcome = input(graph, "{}");
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(text_of(outcome.values) == R"({"log":["broken TypeError boom of 2","after"]})");
  CHECK(tries == 2);
  CHECK(lines.at(0) == R"(task 1 broken {"log":[]} branch:to:broken)");
  CHECK(lines.at(1) == R"(task 1 __error_handler__broken {"log":[]} __pregel_push)");
  CHECK(lines.at(2) == R"(result 1 broken {} TypeError: boom)");
  CHECK(lines.at(3) == R"(updates __error_handler__broken {"log":["broken TypeError boom of 2"]})");
  CHECK(lines.at(4) == R"(result 1 __error_handler__broken {"log":["broken TypeError boom of 2"]})");
}

TEST_CASE_METHOD(ThreadFixture, "An error handler may steer elsewhere, ask, and fail itself") {
  NodeOptions options;
  options.ends = {"rescue"};
  options.on_error = [](NodeContext& context, NodeFailure) -> asio::awaitable<NodeResult> {
    const json::value question = "what now?";
    const json::value answer = context.interrupt(question);
    if (answer == "fail") throw GraphError("HandlerError", "gave up");
    NodeResult result = Command().to("rescue");
    co_return result;
  };
  const auto broken = [](const State&) -> NodeResult { throw std::runtime_error("boom"); };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("broken", broken, options)
                          .node("rescue", [](const State&) { return Update{{"log", {"rescue"}}}; })
                          .edge(kStart, "broken")
                          .compile();
  CHECK(input(graph, "{}").status == OutcomeStatus::interrupted);
  CHECK(text_of(resume(graph, "help").values) == R"({"log":["rescue"]})");
  input(graph, "{}");
  const RunOutcome failed = resume(graph, "fail");
  REQUIRE(failed.error);
  CHECK(failed.error->name == "HandlerError");
}

}  // namespace
}  // namespace heddle::runtime
