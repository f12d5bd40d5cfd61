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
  bool ends_at_once(const Graph& graph) {
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
    const GraphInput empty{json::object{}};
    asio::co_spawn(io, start(graph, empty), asio::bind_cancellation_slot(stop.slot(), ended));
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

}  // namespace
}  // namespace heddle::runtime
