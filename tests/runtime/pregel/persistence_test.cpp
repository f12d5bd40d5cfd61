#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include "runtime/error.h"
#include "runtime/pregel/checkpointing.h"
#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

// Counts its own runs in a key of its own, and asks if it is told to.
Graph counter(Persistence persistence) {
  CompileOptions options;
  options.persistence = persistence;
  return StateGraph("counter")
      .last("x")
      .sum("runs")
      .input_keys({"x"})
      .node("count",
            [](NodeContext& context) -> NodeResult {
              if (context.state().text("x") == "ask") context.interrupt("go on?");
              return Update{{"runs", 1}};
            })
      .edge(kStart, "count")
      .compile(std::move(options));
}

Graph around(const Graph& inner) {
  return StateGraph()
      .last("x")
      .last("runs")
      .node("before", [](const State&) { return Update{}; })
      .node("inner", inner)
      .edge(kStart, "before")
      .edge("before", "inner")
      .compile();
}

TEST_CASE_METHOD(ThreadFixture, "A graph that is kept per thread goes on where it ended, in every run") {
  const Graph graph = around(counter(Persistence::per_thread));
  CHECK(text_of(input(graph, R"({"x":"a"})").values) == R"({"x":"a","runs":1})");
  CHECK(text_of(input(graph, R"({"x":"b"})").values) == R"({"x":"b","runs":2})");
  CHECK(text_of(state(graph, {"inner", std::nullopt, {}}).values) == R"({"x":"b","runs":2})");
  CHECK(history(graph, "inner").size() == 6);
}

TEST_CASE_METHOD(ThreadFixture, "A graph that is kept per thread remembers also what was stored at the exit only") {
  durability = Durability::exit;
  const Graph graph = around(counter(Persistence::per_thread));
  input(graph, R"({"x":"a"})");
  CHECK(text_of(input(graph, R"({"x":"b"})").values) == R"({"x":"b","runs":2})");
}

TEST_CASE_METHOD(ThreadFixture, "A graph that is kept per run starts afresh in each run") {
  const Graph graph = around(counter(Persistence::per_run));
  input(graph, R"({"x":"a"})");
  CHECK(text_of(input(graph, R"({"x":"b"})").values) == R"({"x":"b","runs":1})");
}

TEST_CASE_METHOD(ThreadFixture, "A graph that is kept per thread asks, and the answer finds it") {
  const Graph graph = around(counter(Persistence::per_thread));
  input(graph, R"({"x":"a"})");
  const RunOutcome asked = input(graph, R"({"x":"ask"})");
  CHECK(asked.status == OutcomeStatus::interrupted);
  const StateSnapshot snapshot = state(graph);
  REQUIRE(snapshot.tasks.size() == 1);
  CHECK(snapshot.tasks[0].view.subgraph_ns == "inner");
  CHECK(text_of(resume(graph, "yes").values) == R"({"x":"ask","runs":2})");
}

TEST_CASE_METHOD(ThreadFixture, "Going on after a question elsewhere runs a graph that is kept per thread anew") {
  const Graph inner = counter(Persistence::per_thread);
  const auto body = [inner](NodeContext& context) -> boost::asio::awaitable<NodeResult> {
    const json::value question = "first?";
    const json::value answer = context.interrupt(question);
    json::value given = json::object{{"x", answer}};
    const State values = co_await context.invoke(*inner, std::move(given));
    NodeResult result = Update{{"runs", values.integer("runs")}};
    co_return result;
  };
  const Graph graph = StateGraph().last("runs").node("n", body).edge(kStart, "n").compile();
  input(graph, "{}");
  CHECK(text_of(resume(graph, "a").values) == R"({"runs":1})");
  input(graph, "{}");
  CHECK(text_of(resume(graph, "b").values) == R"({"runs":2})");
}

TEST_CASE_METHOD(ThreadFixture, "Going back in time finds a graph that is kept per thread as it was then") {
  const Graph graph = around(counter(Persistence::per_thread));
  input(graph, R"({"x":"a"})");
  const CheckpointAddress before_inner = address_at(graph, 1);
  const CheckpointAddress before_all = address_at(graph, 0);
  input(graph, R"({"x":"b"})");
  // Also where it is reached in a later superstep, and inside of another graph.
  CHECK(text_of(run(graph, NoInput{}, before_all).values) == R"({"x":"a","runs":1})");
  CHECK(text_of(run(graph, NoInput{}, before_inner).values) == R"({"x":"a","runs":1})");
}

TEST_CASE_METHOD(ThreadFixture, "Two tasks at a time are kept away from one graph that is kept per thread") {
  CompileOptions options;
  options.persistence = Persistence::per_thread;
  const auto waits = [](NodeContext&) -> boost::asio::awaitable<NodeResult> {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
    NodeResult result = Update{{"log", {"inside"}}};
    co_return result;
  };
  const Graph inner = StateGraph("inner").append("log").node("w", waits).edge(kStart, "w").compile(std::move(options));
  const auto route = [](const State&, const RunConfig&) -> Routes {
    return std::vector<Goto>{Send{"inner", json::value(json::object{})}, Send{"inner", json::value(json::object{})}};
  };
  const Graph graph = StateGraph().append("log").node("inner", inner).conditional(kStart, route, {"inner"}).compile();
  const RunOutcome outcome = input(graph, "{}");
  REQUIRE(outcome.error);
  CHECK(outcome.error->name == "MultipleSubgraphsError");
}

TEST_CASE_METHOD(ThreadFixture, "A graph that is kept nowhere runs, leaves nothing and cannot ask") {
  const Graph graph = around(counter(Persistence::none));
  CHECK(text_of(input(graph, R"({"x":"a"})").values) == R"({"x":"a","runs":1})");
  for (const StateSnapshot& snapshot : history(graph)) {
    for (const SnapshotTask& task : snapshot.tasks) {
      if (task.view.name == "inner") CHECK_FALSE(task.view.subgraph_ns);
    }
  }
  const RunOutcome asked = input(graph, R"({"x":"ask"})");
  REQUIRE(asked.error);
  CHECK(asked.error->name == "GraphValueError");
  CHECK(asked.error->message.starts_with("No checkpointer set"));
}

TEST_CASE_METHOD(ThreadFixture, "A Command climbs one level at a time") {
  const auto up = [](NodeContext&) -> NodeResult { return Command().set("log", {"up"}).to("after").of_parent(); };
  const Graph innermost =
      StateGraph().append("log").node("up", up, NodeOptions{.ends = {}}).edge(kStart, "up").compile();
  const Graph middle = StateGraph()
                           .append("log")
                           .node("innermost", innermost)
                           .node("after", writing("middle"))
                           .edge(kStart, "innermost")
                           .edge("innermost", "after")
                           .compile();
  const Graph graph = StateGraph()
                          .append("log")
                          .node("middle", middle)
                          .node("after", writing("outer"))
                          .edge(kStart, "middle")
                          .edge("middle", "after")
                          .compile();
  CHECK(text_of(input(graph, "{}").values) == R"({"log":["up","middle","outer"]})");
}

TEST_CASE_METHOD(ThreadFixture, "Going back to before a graph inside runs that graph from its beginning") {
  const Graph inner = StateGraph()
                          .append("log")
                          .node("i1", writing("i1"))
                          .node("i2", writing("i2"))
                          .edge(kStart, "i1")
                          .edge("i1", "i2")
                          .compile();
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", writing("a"))
                          .node("inner", inner)
                          .edge(kStart, "a")
                          .edge("a", "inner")
                          .compile();
  const std::string expected = text_of(input(graph, "{}").values);
  kinds.subgraphs = true;
  CHECK(text_of(run(graph, NoInput{}, address_at(graph, 1)).values) == expected);
  CHECK(std::ranges::count(lines, R"(updates|inner i1 {"log":["i1"]})") == 1);
}

// runtime.md 3: never stored, also where a Send carries it.
TEST_CASE_METHOD(ThreadFixture, "Untracked keys of a sent argument reach the task and not the checkpoint") {
  ChannelSpec hidden;
  hidden.name = "hidden";
  hidden.kind = ChannelKind::untracked;
  std::string seen;
  const auto route = [](const State&, const RunConfig&) -> Routes {
    return Send{"work", json::value(json::object{{"hidden", "h"}, {"item", 1}})};
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .channel(hidden)
                          .node("plan", writing("plan"))
                          .node("work",
                                [&](const State& argument) {
                                  seen = text_of(argument);
                                  return Update{{"log", {"work"}}};
                                })
                          .edge(kStart, "plan")
                          .conditional("plan", route, {"work"})
                          .compile();
  input(graph, "{}");
  CHECK(seen == R"({"hidden":"h","item":1})");
  const CheckpointAddress before_work = address_at(graph, 1);
  const auto loaded = test::run(io, memory.find("", *before_work.id));
  REQUIRE(loaded);
  CHECK(loaded->checkpoint.values.at("__pregel_tasks").text().find("hidden") == std::string::npos);
  CHECK(loaded->checkpoint.values.at("__pregel_tasks").text().find("item") != std::string::npos);
}

TEST_CASE_METHOD(ThreadFixture, "A deferred node runs once, when branches of any length have ended") {
  NodeOptions late;
  late.defer = true;
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", writing("a"))
                          .node("short", writing("short"))
                          .node("long1", writing("long1"))
                          .node("long2", writing("long2"))
                          .node("last", writing("last"), late)
                          .edge(kStart, "a")
                          .edge("a", "short")
                          .edge("a", "long1")
                          .edge("long1", "long2")
                          .edge("short", "last")
                          .edge("long2", "last")
                          .compile();
  CHECK(text_of(input(graph, "{}").values) == R"({"log":["a","long1","short","long2","last"]})");
}

}  // namespace
}  // namespace heddle::runtime
