#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>
#include <chrono>

#include "runtime/error.h"
#include "runtime/pregel/retry.h"
#include "runtime/pregel/task_group.h"
#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// Waits until the test opens the gate, and can be cancelled there.
struct Gate {
  explicit Gate(asio::io_context& io) : timer(io, asio::steady_timer::time_point::max()) {}
  asio::steady_timer timer;
  bool is_open = false;
  int waiting = 0;

  void open() {
    is_open = true;
    timer.expires_at(asio::steady_timer::time_point::min());
  }
  asio::awaitable<void> pass() {
    ++waiting;
    while (!is_open) {
      boost::system::error_code error;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
};

struct FailureFixture : ThreadFixture {
  auto gated(std::string name, Gate& gate) {
    return [name = std::move(name), &gate](NodeContext&) -> asio::awaitable<NodeResult> {
      co_await gate.pass();
      NodeResult result = Update{{"log", {name}}};
      co_return result;
    };
  }
};

// runtime.md 18.6.
Graph ok_and_boom(bool& broken) {
  return StateGraph()
      .append("log")
      .node("a", writing("a"))
      .node("b",
            [&broken](NodeContext&) -> NodeResult {
              if (broken) throw GraphError("TypeError", "boom");
              return Update{{"log", {"b"}}};
            })
      .node("z", writing("z"))
      .edge(kStart, "a")
      .edge(kStart, "b")
      .edge({"a", "b"}, "z")
      .compile();
}

TEST_CASE_METHOD(FailureFixture, "A failed node leaves its siblings' work, and null input runs only what failed") {
  bool broken = true;
  const Graph graph = ok_and_boom(broken);
  kinds.tasks = true;
  const RunOutcome failed = input(graph, "{}");
  CHECK(failed.status == OutcomeStatus::failed);
  CHECK(failed.error->name == "TypeError");
  CHECK(failed.error->message == "boom");
  CHECK(failed.next == std::vector<std::string>{"b"});
  CHECK(text_of(failed.values) == R"({"log":["a"]})");
  CHECK(lines == Lines{
                     R"(task 1 a {"log":[]} branch:to:a)",
                     R"(task 1 b {"log":[]} branch:to:b)",
                     R"(updates a {"log":["a"]})",
                     R"(result 1 a {"log":["a"]})",
                     R"(result 1 b {} TypeError: boom)",
                 });
  const StateSnapshot snapshot = state(graph);
  CHECK(snapshot.next == std::vector<std::string>{"b"});
  CHECK(snapshot.tasks.at(1).view.error->message == "boom");
  CHECK(text_of(snapshot.values) == R"({"log":["a"]})");

  kinds.tasks = false;
  broken = false;
  CHECK(go_on(graph).status == OutcomeStatus::done);
  CHECK(lines == Lines{
                     R"(values {"log":[]})",
                     R"(updates a {"log":["a"]} cached)",
                     R"(updates b {"log":["b"]})",
                     R"(values {"log":["a","b"]})",
                     R"(updates z {"log":["z"]})",
                     R"(values {"log":["a","b","z"]})",
                 });
}

TEST_CASE_METHOD(FailureFixture, "Two writes of a value that takes one fail the run, again on going on") {
  const auto write_x = [](const State&) { return Update{{"x", 1}}; };
  const Graph graph =
      StateGraph().last("x").node("l", write_x).node("r", write_x).edge(kStart, "l").edge(kStart, "r").compile();
  const RunOutcome first = input(graph, "{}");
  CHECK(first.status == OutcomeStatus::failed);
  CHECK(first.error->name == "InvalidUpdateError");
  CHECK(first.error->message.starts_with(R"(Invalid update for channel "x" with values [1,1]: )"));
  CHECK(lines == Lines{R"(updates l {"x":1})", R"(updates r {"x":1})"});
  CHECK(go_on(graph).error->name == "InvalidUpdateError");
  CHECK(state(graph).values.empty());
}

TEST_CASE_METHOD(FailureFixture, "A graph of n steps needs a limit of n + 1") {
  const Graph graph = StateGraph()
                          .append("log")
                          .node("one", writing("one"))
                          .node("two", writing("two"))
                          .edge(kStart, "one")
                          .edge("one", "two")
                          .compile();
  config.recursion_limit = 2;
  const RunOutcome outcome = input(graph, "{}");
  CHECK(outcome.status == OutcomeStatus::failed);
  CHECK(outcome.error->name == "GraphRecursionError");
  CHECK(outcome.error->message.starts_with("Recursion limit of 2 reached without hitting a stop condition."));
  CHECK(text_of(outcome.values) == R"({"log":["one","two"]})");
  config.recursion_limit = 3;
  CHECK(input(graph, "{}").status == OutcomeStatus::done);
  config.recursion_limit = 1;
  CHECK(input(graph, "{}").next == std::vector<std::string>{"two"});
}

TEST_CASE_METHOD(FailureFixture, "No input on a fresh thread is an error") {
  bool broken = false;
  CHECK(go_on(ok_and_boom(broken)).error->name == "EmptyInputError");
  CHECK(run(ok_and_boom(broken), Command()).error->message == "Received empty Command input");
  CHECK(run(ok_and_boom(broken), Command().of_parent()).error->message == "There is no parent graph.");
}

TEST_CASE_METHOD(FailureFixture, "A node is tried again as its policy says, without the writes of what failed") {
  int tries = 0;
  NodeOptions options;
  options.retry = RetryPolicy{};
  options.retry->initial_interval = milliseconds{1};
  options.retry->jitter = false;
  std::vector<std::int64_t> attempts;
  const auto flaky = [&](NodeContext& context) -> NodeResult {
    attempts.push_back(context.node_attempt());
    if (++tries < 3) throw boost::system::system_error(asio::error::connection_reset);
    return Update{{"log", {"done"}}};
  };
  const Graph graph = StateGraph().append("log").node("flaky", flaky, options).edge(kStart, "flaky").compile();
  CHECK(text_of(input(graph, "{}").values) == R"({"log":["done"]})");
  CHECK(attempts == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE_METHOD(FailureFixture, "A mistake in a node is not tried again") {
  int tries = 0;
  NodeOptions options;
  options.retry = RetryPolicy{};
  const auto wrong = [&](NodeContext&) -> NodeResult {
    ++tries;
    throw std::logic_error("wrong");
  };
  const Graph graph = StateGraph().append("log").node("wrong", wrong, options).edge(kStart, "wrong").compile();
  CHECK(input(graph, "{}").error->message == "wrong");
  CHECK(tries == 1);
}

TEST_CASE_METHOD(FailureFixture, "A node that takes too long is stopped") {
  Gate gate(io);
  const auto limited = [&](milliseconds timeout) {
    NodeOptions options;
    options.timeout = timeout;
    return StateGraph().append("log").node("slow", gated("slow", gate), options).edge(kStart, "slow").compile();
  };
  const RunOutcome outcome = input(limited(milliseconds{5}), "{}");
  REQUIRE(outcome.error);
  CHECK(outcome.error->name == "NodeTimeoutError");
  CHECK(outcome.error->message.starts_with(R"(Node "slow" exceeded its run timeout of 5ms (elapsed: )"));
  gate.open();
  // A limit that a busy machine cannot reach either.
  CHECK(go_on(limited(std::chrono::minutes{5})).status == OutcomeStatus::done);
}

TEST_CASE_METHOD(FailureFixture, "Several nodes that fail on their own are told as one error, and each by itself") {
  Gate gate(io);
  const auto failing = [&gate](std::string name, std::string text) {
    return [&gate, name, text](NodeContext&) -> asio::awaitable<NodeResult> {
      co_await gate.pass();
      throw GraphError(name, text);
    };
  };
  const auto opens = [&gate](NodeContext&) -> asio::awaitable<NodeResult> {
    gate.open();
    NodeResult result = Update{{"log", {"c"}}};
    co_return result;
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", failing("TypeError", "one"))
                          .node("b", failing("RangeError", "two"))
                          .node("c", opens)
                          .edge(kStart, "a")
                          .edge(kStart, "b")
                          .edge(kStart, "c")
                          .compile();
  const RunOutcome outcome = input(graph, "{}");
  CHECK(outcome.status == OutcomeStatus::failed);
  CHECK(outcome.error->name == "AggregateError");
  CHECK(outcome.error->message ==
        "Multiple errors occurred during superstep 1. See the \"errors\" field of this exception for more details.");
  const StateSnapshot snapshot = state(graph);
  CHECK(snapshot.tasks.at(0).view.error->message == "one");
  CHECK(snapshot.tasks.at(1).view.error->name == "RangeError");
  CHECK(text_of(snapshot.values) == R"({"log":["c"]})");
}

TEST_CASE("Several errors are worth a retry if each of them is") {
  const auto made = [](auto error) { return std::make_exception_ptr(error); };
  const auto lost = made(boost::system::system_error(asio::error::connection_reset));
  const auto wrong = made(std::logic_error("wrong"));
  CHECK(wants_retry(RetryPolicy{}, made(AggregateError(1, {lost, lost}))));
  CHECK_FALSE(wants_retry(RetryPolicy{}, made(AggregateError(1, {lost, wrong}))));
}

TEST_CASE_METHOD(FailureFixture, "A failure stops the siblings that still run, and they say so") {
  Gate never(io);
  Gate other(io);
  const auto boom = [&](NodeContext&) -> asio::awaitable<NodeResult> {
    co_await other.pass();
    throw std::runtime_error("boom");
  };
  const auto conduct = [&](NodeContext&) -> asio::awaitable<NodeResult> {
    other.open();
    NodeResult result;
    co_return result;
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("boom", boom)
                          .node("slow", gated("slow", never))
                          .node("then", conduct)
                          .edge(kStart, "boom")
                          .edge(kStart, "slow")
                          .edge(kStart, "then")
                          .compile();
  const RunOutcome outcome = input(graph, "{}");
  CHECK(outcome.error->message == "boom");
  CHECK(outcome.next == std::vector<std::string>{"boom", "slow"});
  CHECK(state(graph).tasks.at(1).view.error.value().name == "AbortError");
}

TEST_CASE_METHOD(FailureFixture, "Updates come in order of completion, state in order of paths") {
  const std::vector<std::vector<int>> orders{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (const std::vector<int>& order : orders) {
    saver = nullptr;
    std::vector<std::unique_ptr<Gate>> gates;
    for (int i = 0; i < 3; ++i) gates.push_back(std::make_unique<Gate>(io));
    const std::vector<std::string> names{"a", "b", "c"};
    const auto conduct = [&](NodeContext&) -> asio::awaitable<NodeResult> {
      const asio::any_io_executor executor = co_await asio::this_coro::executor;
      for (const int index : order) {
        gates[static_cast<std::size_t>(index)]->open();
        asio::steady_timer pause(executor, milliseconds{1});
        co_await pause.async_wait(asio::use_awaitable);
      }
      NodeResult result = Update{};
      co_return result;
    };
    const Graph graph = StateGraph()
                            .append("log")
                            .node("a", gated("a", *gates[0]))
                            .node("b", gated("b", *gates[1]))
                            .node("c", gated("c", *gates[2]))
                            .node("conduct", conduct)
                            .edge(kStart, "a")
                            .edge(kStart, "b")
                            .edge(kStart, "c")
                            .edge(kStart, "conduct")
                            .compile();
    const RunOutcome outcome = input(graph, "{}");
    CHECK(text_of(outcome.values) == R"({"log":["a","b","c"]})");
    for (std::size_t place = 0; place < 3; ++place) {
      const std::string& name = names[static_cast<std::size_t>(order[place])];
      CHECK(lines.at(place) == "updates " + name + R"( {"log":[")" + name + R"("]})");
    }
  }
}

TEST_CASE_METHOD(FailureFixture, "At most so many tasks run at a time as the run allows") {
  config.max_concurrency = 2;
  int running = 0;
  int most = 0;
  const auto work = [&](NodeContext& context) -> asio::awaitable<NodeResult> {
    most = std::max(most, ++running);
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::steady_timer pause(executor, milliseconds{1});
    co_await pause.async_wait(asio::use_awaitable);
    --running;
    json::array log;
    log.push_back(context.argument().json());
    NodeResult result = Update{{"log", std::move(log)}};
    co_return result;
  };
  const auto send = [](NodeContext&) -> NodeResult {
    Command command;
    for (int i = 0; i < 5; ++i) command.to(Send{"work", json::value(i)});
    return command;
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("send", send, {.ends = {"work"}})
                          .node("work", work)
                          .edge(kStart, "send")
                          .compile();
  CHECK(text_of(input(graph, "{}").values) == R"({"log":[0,1,2,3,4]})");
  CHECK(most == 2);
}

// Runs the graph, cancels it once `waiting` nodes wait at the gate, and gives whether run() said so.
struct CancelFixture : FailureFixture {
  bool run_and_cancel(const Graph& graph, Gate& gate, int waiting) {
    bool aborted = false;
    auto work = [&]() -> asio::awaitable<void> {
      try {
        const GraphInput empty{json::object{}};
        RunOutcome outcome = co_await start(graph, empty);
      } catch (const boost::system::system_error& error) {
        aborted = error.code() == asio::error::operation_aborted;
      }
      // The caller can wait for other things afterwards.
      const asio::any_io_executor executor = co_await asio::this_coro::executor;
      asio::steady_timer pause(executor, milliseconds{1});
      co_await pause.async_wait(asio::use_awaitable);
    };
    auto conduct = [&]() -> asio::awaitable<void> {
      const asio::any_io_executor executor = co_await asio::this_coro::executor;
      TaskGroup group(executor);
      group.start(work());
      while (gate.waiting < waiting) {
        asio::steady_timer pause(executor, milliseconds{1});
        co_await pause.async_wait(asio::use_awaitable);
      }
      group.cancel();
      while (group.running() > 0) co_await group.wait();
      CHECK_FALSE(group.thrown());
    };
    test::run(io, conduct());
    return aborted;
  }
};

TEST_CASE_METHOD(CancelFixture, "Cancelling keeps what siblings finished, and the stopped nodes write nothing") {
  Gate gate(io);
  durability = GENERATE(Durability::sync, Durability::async, Durability::exit);
  const int slow = GENERATE(1, 2);
  StateGraph declared;
  declared.append("log").node("done", writing("done")).edge(kStart, "done");
  declared.node("slow1", gated("slow1", gate)).edge(kStart, "slow1");
  if (slow == 2) declared.node("slow2", gated("slow2", gate)).edge(kStart, "slow2");
  const Graph graph = declared.compile();

  CHECK(run_and_cancel(graph, gate, slow));
  CHECK(text_of(state(graph).values) == R"({"log":["done"]})");
  const std::vector<std::string> all{"slow1", "slow2"};
  CHECK(state(graph).next == std::vector<std::string>(all.begin(), all.begin() + slow));
  for (const SnapshotTask& task : state(graph).tasks) CHECK_FALSE(task.view.error);

  gate.open();
  const RunOutcome rest = go_on(graph);
  CHECK(rest.status == OutcomeStatus::done);
  CHECK(lines.at(1) == R"(updates done {"log":["done"]} cached)");
}

TEST_CASE_METHOD(CancelFixture, "Cancelling reaches nodes of graphs inside and nodes with a timeout") {
  Gate gate(io);
  NodeOptions options;
  options.timeout = std::chrono::hours{1};
  const Graph inner = StateGraph()
                          .append("log")
                          .node("slow", gated("slow", gate), options)
                          .node("slow2", gated("slow2", gate))
                          .edge(kStart, "slow")
                          .edge(kStart, "slow2")
                          .compile();
  const Graph graph = StateGraph()
                          .append("log")
                          .node("inner", inner)
                          .node("beside", gated("beside", gate))
                          .edge(kStart, "inner")
                          .edge(kStart, "beside")
                          .compile();
  CHECK(run_and_cancel(graph, gate, 3));
  CHECK(state(graph).next == std::vector<std::string>{"inner", "beside"});
  gate.open();
  CHECK(text_of(go_on(graph).values) == R"({"log":["beside","slow","slow2"]})");
}

}  // namespace
}  // namespace heddle::runtime
