// Cancelling a run ends it at once, wherever it waits: without any time passing.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>
#include <chrono>

#include "runtime/entrypoint.h"
#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;
using std::chrono::hours;

asio::awaitable<void> wait_an_hour() {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, hours{1});
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<NodeResult> waits(NodeContext&) {
  co_await wait_an_hour();
  co_return NodeResult();
}

NodeResult fails(const State&) {
  throw std::runtime_error("fails");
}

RetryPolicy hourly() {
  RetryPolicy policy;
  policy.initial_interval = hours{1};
  policy.max_interval = hours{2};
  policy.retry_on = [](const std::exception&) { return true; };
  return policy;
}

template <class Body>
Graph one_node(Body body, NodeOptions options = {}, CompileOptions compile = {}) {
  return StateGraph().append("log").node("n", body, std::move(options)).edge(kStart, "n").compile(std::move(compile));
}

struct StopFixture : ThreadFixture {
  // Whether the run ended with operation_aborted as soon as it was cancelled.
  bool ends_at_once(const Graph& graph, RunInput given = GraphInput{json::object{}}) {
    bool over = false;
    bool aborted = false;
    asio::cancellation_signal stop;
    auto ended = [&](std::exception_ptr error, RunOutcome) {
      over = true;
      try {
        if (error) std::rethrow_exception(error);
      } catch (const boost::system::system_error& thrown) {
        aborted = thrown.code() == asio::error::operation_aborted;
      }
    };
    asio::co_spawn(io, start(graph, std::move(given)), asio::bind_cancellation_slot(stop.slot(), ended));
    io.restart();
    io.poll();
    CHECK_FALSE(over);
    asio::post(io, [&stop] { stop.emit(asio::cancellation_type::terminal); });
    io.restart();
    io.poll();
    return over && aborted;
  }
};

TEST_CASE_METHOD(StopFixture, "A node that waits is stopped at once, also behind timeouts and inside other graphs") {
  CHECK(ends_at_once(one_node(waits)));
  NodeOptions limited;
  limited.timeout = hours{2};
  limited.idle_timeout = hours{2};
  CHECK(ends_at_once(one_node(waits, limited)));
  CompileOptions step;
  step.step_timeout = hours{2};
  CHECK(ends_at_once(one_node(waits, {}, step)));
  CHECK(ends_at_once(StateGraph()
                         .append("log")
                         .node("inner", one_node(waits, limited), limited)
                         .node("beside", waits)
                         .edge(kStart, "inner")
                         .edge(kStart, "beside")
                         .compile()));
}

TEST_CASE_METHOD(StopFixture, "The pause before another attempt is no reason to wait") {
  NodeOptions again;
  again.retry = hourly();
  CHECK(ends_at_once(one_node(fails, again)));
}

TEST_CASE_METHOD(StopFixture, "An error handler that waits is stopped at once") {
  NodeOptions handled;
  handled.on_error = [](NodeContext&, NodeFailure) -> asio::awaitable<NodeResult> {
    co_await wait_an_hour();
    co_return NodeResult();
  };
  CHECK(ends_at_once(one_node(fails, handled)));
}

TEST_CASE_METHOD(StopFixture, "The tasks of a workflow are stopped at once, one or many, waiting or between attempts") {
  const auto slow = called_task("slow", [](NodeContext&, json::value) -> asio::awaitable<json::value> {
    co_await wait_an_hour();
    co_return json::value();
  });
  const auto flaky = called_task(
      "flaky",
      [](NodeContext&, json::value) -> asio::awaitable<json::value> {
        throw std::runtime_error("fails");
        co_return json::value();
      },
      hourly());
  for (const auto& task : {slow, flaky}) {
    CHECK(ends_at_once(entrypoint("one", [task](Workflow& workflow, json::value) -> asio::awaitable<WorkflowResult> {
      const json::value result = co_await workflow.call(task, nullptr);
      WorkflowResult ended(json::object{{"result", result}});
      co_return ended;
    })));
    CHECK(ends_at_once(entrypoint("many", [task](Workflow& workflow, json::value) -> asio::awaitable<WorkflowResult> {
      std::vector<json::value> inputs(3);
      const std::vector<json::value> results = co_await workflow.call_all(task, std::move(inputs));
      WorkflowResult ended(json::object{{"count", results.size()}});
      co_return ended;
    })));
  }
}

// Asks, and works for an hour with the answer unless it is told not to.
auto works_with_answer(const bool& at_once) {
  return [&at_once](NodeContext& context) -> asio::awaitable<NodeResult> {
    const json::value answer = context.interrupt("?");
    if (!at_once) co_await wait_an_hour();
    NodeResult result = Update{{"log", {answer}}};
    co_return result;
  };
}

TEST_CASE_METHOD(StopFixture, "An answer whose run is stopped before it was used is there when the thread goes on") {
  bool at_once = false;
  const Graph graph = one_node(works_with_answer(at_once));
  const bool by_id = GENERATE(false, true);
  durability = GENERATE(Durability::sync, Durability::async, Durability::exit);
  const RunOutcome asked = input(graph, "{}");
  Command command;
  command.resume = "yes";
  if (by_id) command.resume = json::object{{asked.all_interrupts.at(0).id, "yes"}};
  CHECK(ends_at_once(graph, command));
  at_once = true;
  CHECK(text_of(go_on(graph).values) == R"({"log":["yes"]})");
}

TEST_CASE_METHOD(StopFixture, "What a graph inside has done is kept when the run is stopped, also with exit") {
  bool at_once = false;
  int ran = 0;
  const auto counts = [&ran](const State&) {
    ++ran;
    return Update{{"log", {"counted"}}};
  };
  const auto slow = [&at_once](NodeContext&) -> asio::awaitable<NodeResult> {
    if (!at_once) co_await wait_an_hour();
    co_return NodeResult();
  };
  const Graph inner = StateGraph()
                          .append("log")
                          .node("count", counts)
                          .node("slow", slow)
                          .edge(kStart, "count")
                          .edge("count", "slow")
                          .compile();
  const Graph graph = StateGraph().append("log").node("inner", inner).edge(kStart, "inner").compile();
  for (const Durability mode : {Durability::async, Durability::exit}) {
    MemorySaver fresh;
    saver = &fresh;
    durability = mode;
    at_once = false;
    ran = 0;
    CHECK(ends_at_once(graph));
    at_once = true;
    CHECK(text_of(go_on(graph).values) == R"({"log":["counted"]})");
    CHECK(ran == 1);
  }
}

}  // namespace
}  // namespace heddle::runtime
