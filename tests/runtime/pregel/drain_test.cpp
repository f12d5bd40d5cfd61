// Runs that are asked to stop at their next boundary between two supersteps (runtime.md 8.6).

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/entrypoint.h"
#include "runtime/error.h"
#include "runtime/uuid.h"
#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;

struct DrainFixture : ThreadFixture {
  DrainFixture() {
    drain = std::make_shared<DrainRequest>("the server stops");
    config.run_id = RunId{uuid4()};
  }

  // A node that writes its name.
  auto working(std::string name) {
    return [this, name = std::move(name)](const State&) {
      ++ran[name];
      return Update{{"log", {name}}};
    };
  }
  // The same; it is running when the run is asked to stop, and ends after that.
  auto asking_to_stop(std::string name) {
    return [this, name = std::move(name)](NodeContext&) -> asio::awaitable<NodeResult> {
      ++ran[name];
      drain->ask();
      const asio::any_io_executor executor = co_await asio::this_coro::executor;
      co_await asio::post(executor, asio::use_awaitable);
      NodeResult result = Update{{"log", {name}}};
      co_return result;
    };
  }
  // `asks`: the node that is running when the run is asked to stop.
  Graph chain(std::string_view asks = "a") {
    StateGraph graph;
    graph.append("log");
    std::string previous(kStart);
    for (const std::string name : {"a", "b", "c"}) {
      if (name == asks) {
        graph.node(name, asking_to_stop(name));
      } else {
        graph.node(name, working(name));
      }
      graph.edge(previous, name);
      previous = name;
    }
    return graph.compile();
  }
  // A thread of its own for a run that may be asked to stop.
  void begin_anew() {
    fresh.emplace();
    saver = &*fresh;
    ran.clear();
    drain = std::make_shared<DrainRequest>("the server stops");
  }
  void nobody_asks() { drain = std::make_shared<DrainRequest>("nobody"); }

  std::map<std::string, int> ran;
  std::optional<MemorySaver> fresh;
};

TEST_CASE_METHOD(DrainFixture, "A run that is asked to stop ends what runs, and starts nothing more") {
  for (const Durability mode : {Durability::sync, Durability::async, Durability::exit}) {
    begin_anew();
    durability = mode;
    const Graph graph = chain();
    const RunOutcome drained = input(graph, "{}");
    CHECK(drained.status == OutcomeStatus::drained);
    CHECK(drained.error->name == "GraphDrained");
    CHECK(drained.error->message == "Graph drained: the server stops");
    CHECK(drained.next == std::vector<std::string>{"b"});
    CHECK(text_of(drained.values) == R"({"log":["a"]})");
    CHECK(text_of(state(graph).values) == R"({"log":["a"]})");
    CHECK(state(graph).next == std::vector<std::string>{"b"});

    nobody_asks();
    const RunOutcome done = input(graph, "{}");  // the same run again, with its input
    CHECK(done.status == OutcomeStatus::done);
    CHECK(text_of(done.values) == R"({"log":["a","b","c"]})");
    CHECK(ran == std::map<std::string, int>{{"a", 1}, {"b", 1}, {"c", 1}});
  }
}

TEST_CASE_METHOD(DrainFixture, "A run that is asked to stop in front of a breakpoint stops there when it goes on") {
  const Graph graph = chain();
  before = Breakpoints{false, {"b"}};
  const RunOutcome drained = input(graph, "{}");
  CHECK(drained.status == OutcomeStatus::drained);
  CHECK(drained.next == std::vector<std::string>{"b"});

  // However often it is taken up again.
  nobody_asks();
  for (int i = 0; i < 2; ++i) {
    const RunOutcome stopped = go_on(graph);
    CHECK(stopped.status == OutcomeStatus::interrupted);
    CHECK(stopped.next == std::vector<std::string>{"b"});
  }
  CHECK(ran == std::map<std::string, int>{{"a", 1}});

  // Another run goes past it.
  config.run_id = RunId{uuid4()};
  const RunOutcome done = go_on(graph);
  CHECK(done.status == OutcomeStatus::done);
  CHECK(text_of(done.values) == R"({"log":["a","b","c"]})");
}

TEST_CASE_METHOD(DrainFixture,
                 "A run that is cut off behind a breakpoint, before its end is stored, stops there again") {
  const Graph graph = chain("b");
  after = Breakpoints{false, {"a"}};
  CHECK(input(graph, "{}").next == std::vector<std::string>{"b"});
  for (int i = 0; i < 2; ++i) {
    const RunOutcome stopped = go_on(graph);
    CHECK(stopped.status == OutcomeStatus::interrupted);
    CHECK(stopped.next == std::vector<std::string>{"b"});
    CHECK(text_of(stopped.values) == R"({"log":["a"]})");
  }
  CHECK(ran == std::map<std::string, int>{{"a", 1}});

  // Another run goes past it, and does not stand there when it is cut off later.
  config.run_id = RunId{uuid4()};
  CHECK(go_on(graph).next == std::vector<std::string>{"c"});
  nobody_asks();
  CHECK(text_of(go_on(graph).values) == R"({"log":["a","b","c"]})");
}

TEST_CASE_METHOD(DrainFixture, "A breakpoint in front of Sends is not taken for one behind them") {
  nobody_asks();
  const auto fan = [](NodeContext&) -> NodeResult { return Command().to(Send{"b", Value()}); };
  const Graph graph =
      StateGraph().append("log").node("a", fan, {.ends = {"b"}}).node("b", working("b")).edge(kStart, "a").compile();
  after = Breakpoints{false, {"a"}};
  CHECK(input(graph, "{}").status == OutcomeStatus::interrupted);
  config.run_id = RunId{uuid4()};
  CHECK(go_on(graph).status == OutcomeStatus::done);
  CHECK(go_on(graph).status == OutcomeStatus::done);
  CHECK(ran == std::map<std::string, int>{{"b", 1}});
}

TEST_CASE_METHOD(DrainFixture, "Another run without input goes on where a run was asked to stop") {
  const Graph graph = chain();
  input(graph, "{}");
  nobody_asks();
  config.run_id = RunId{uuid4()};
  CHECK(text_of(go_on(graph).values) == R"({"log":["a","b","c"]})");
  CHECK(ran == std::map<std::string, int>{{"a", 1}, {"b", 1}, {"c", 1}});
}

TEST_CASE_METHOD(DrainFixture, "A run that is asked to stop before it begins has taken its input in") {
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", working("a"))
                          .node("b", working("b"))
                          .edge(kStart, "a")
                          .edge("a", "b")
                          .compile();
  drain->ask();
  const RunOutcome drained = input(graph, R"({"log":["in"]})");
  CHECK(drained.status == OutcomeStatus::drained);
  CHECK(steps(graph) == "input:-1");
  CHECK(ran.empty());
  nobody_asks();
  config.run_id = RunId{uuid4()};
  CHECK(text_of(go_on(graph).values) == R"({"log":["in","a","b"]})");
}

TEST_CASE_METHOD(DrainFixture,
                 "An answer at an older checkpoint is not lost when the run is stopped before it is given out") {
  const auto question = [](NodeContext& context) -> NodeResult { return Update{{"log", {context.interrupt("?")}}}; };
  const Graph graph = StateGraph().append("log").node("ask", question).edge(kStart, "ask").compile();
  nobody_asks();
  const RunOutcome asked = input(graph, "{}");
  const CheckpointAddress old = *state(graph).checkpoint;
  config.run_id = RunId{uuid4()};
  resume(graph, "first");

  json::value answer = "second";
  SECTION("given alone") {}
  SECTION("given by the id that the question had") {
    answer = json::object{{asked.all_interrupts.at(0).id, "second"}};
  }
  Command command;
  command.resume = answer;
  config.run_id = RunId{uuid4()};
  drain = std::make_shared<DrainRequest>("the server stops");
  drain->ask();
  CHECK(run(graph, command, old).status == OutcomeStatus::drained);
  nobody_asks();
  CHECK(run(graph, command, old).status == OutcomeStatus::done);
  CHECK(text_of(state(graph).values) == R"({"log":["second"]})");
}

TEST_CASE_METHOD(DrainFixture,
                 "Answers at an older checkpoint stay with their questions when the run is taken up again") {
  const Graph graph = two_askers();
  nobody_asks();
  const RunOutcome asked = input(graph, "{}");
  const CheckpointAddress old = *state(graph).checkpoint;
  Command command;
  command.resume = json::object{{asked.all_interrupts.at(0).id, "1"}, {asked.all_interrupts.at(1).id, "2"}};
  config.run_id = RunId{uuid4()};
  run(graph, command);

  config.run_id = RunId{uuid4()};
  drain = std::make_shared<DrainRequest>("the server stops");
  drain->ask();
  CHECK(run(graph, command, old).status == OutcomeStatus::drained);
  nobody_asks();
  CHECK(text_of(run(graph, command, old).values) == R"({"log":["a:1","b:2"]})");
}

TEST_CASE_METHOD(DrainFixture, "A run that has nothing left to do is done, whoever asks") {
  const Graph graph = StateGraph().append("log").node("a", asking_to_stop("a")).edge(kStart, "a").compile();
  CHECK(input(graph, "{}").status == OutcomeStatus::done);
}

TEST_CASE_METHOD(DrainFixture, "Without a saver there is nothing to go on with, so the run goes on") {
  saver = nullptr;
  CHECK(text_of(input(chain(), "{}").values) == R"({"log":["a","b","c"]})");
}

TEST_CASE_METHOD(DrainFixture, "A graph inside stops too, and what its siblings did is kept") {
  const auto inside = [this](Persistence persistence) {
    CompileOptions options;
    options.persistence = persistence;
    return StateGraph("child")
        .append("log")
        .output_keys({})
        .node("one", asking_to_stop("one"))
        .node("two", working("two"))
        .edge(kStart, "one")
        .edge("one", "two")
        .compile(options);
  };
  const auto around = [this](Graph child) {
    return StateGraph()
        .append("log")
        .node("child", std::move(child))
        .node("sibling", asking_to_stop("sibling"))
        .node("last", working("last"))
        .edge(kStart, "child")
        .edge(kStart, "sibling")
        .edge({"child", "sibling"}, "last")
        .compile();
  };
  SECTION("between its supersteps, where it is gone on with") {
    durability = GENERATE(Durability::sync, Durability::async, Durability::exit);
    for (const Persistence persistence : {Persistence::per_run, Persistence::per_thread}) {
      begin_anew();
      const Graph graph = around(inside(persistence));
      const RunOutcome drained = input(graph, "{}");
      CHECK(drained.status == OutcomeStatus::drained);
      CHECK(drained.next == std::vector<std::string>{"child"});
      CHECK(text_of(drained.values) == R"({"log":["sibling"]})");
      nobody_asks();
      CHECK(text_of(input(graph, "{}").values) == R"({"log":["sibling","last"]})");
      CHECK(ran == std::map<std::string, int>{{"one", 1}, {"two", 1}, {"sibling", 1}, {"last", 1}});
    }
  }
  SECTION("at its end, if it keeps nothing") {
    const RunOutcome drained = input(around(inside(Persistence::none)), "{}");
    CHECK(drained.status == OutcomeStatus::drained);
    CHECK(drained.next == std::vector<std::string>{"last"});
    CHECK(ran == std::map<std::string, int>{{"one", 1}, {"two", 1}, {"sibling", 1}});
  }
}

TEST_CASE_METHOD(DrainFixture, "An answer that no node has taken yet is not lost, nor is a question beside it") {
  const auto asking = [this](NodeContext& context) -> NodeResult {
    ++ran["ask"];
    return Update{{"log", {context.interrupt("?")}}};
  };
  const Graph graph = StateGraph().append("log").node("ask", asking).edge(kStart, "ask").compile();
  nobody_asks();
  input(graph, "{}");
  config.run_id = RunId{uuid4()};
  drain->ask();
  CHECK(resume(graph, "yes").status == OutcomeStatus::drained);
  CHECK(state(graph).tasks.at(0).view.interrupts.size() == 1);
  nobody_asks();
  CHECK(text_of(resume(graph, "yes").values) == R"({"log":["yes"]})");
  CHECK(ran["ask"] == 2);
}

TEST_CASE_METHOD(DrainFixture, "A question beside a graph that was stopped is asked again") {
  const Graph child = StateGraph("child")
                          .append("log")
                          .output_keys({})
                          .node("one", asking_to_stop("one"))
                          .node("two", working("two"))
                          .edge(kStart, "one")
                          .edge("one", "two")
                          .compile();
  const auto asking = [](NodeContext& context) -> NodeResult { return Update{{"log", {context.interrupt("?")}}}; };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("child", child)
                          .node("ask", asking)
                          .edge(kStart, "child")
                          .edge(kStart, "ask")
                          .compile();
  CHECK(input(graph, "{}").status == OutcomeStatus::drained);
  nobody_asks();
  const RunOutcome asked = input(graph, "{}");
  CHECK(asked.status == OutcomeStatus::interrupted);
  CHECK(asked.all_interrupts.size() == 1);
  config.run_id = RunId{uuid4()};
  CHECK(text_of(resume(graph, "yes").values) == R"({"log":["yes"]})");
  CHECK(ran == std::map<std::string, int>{{"one", 1}, {"two", 1}});
}

TEST_CASE_METHOD(DrainFixture, "A failure counts more than the wish to stop") {
  const auto fails = [this](NodeContext&) -> NodeResult {
    drain->ask();
    throw GraphError("TypeError", "boom");
  };
  const Graph graph = StateGraph().append("log").node("a", fails).edge(kStart, "a").compile();
  CHECK(input(graph, "{}").error->name == "TypeError");
}

struct WorkflowDrainFixture : DrainFixture {
  // A task that gives its input; the run is asked to stop while it runs if the input is `at`.
  std::shared_ptr<const CalledTask> task(int at) {
    return called_task("work", [this, at](NodeContext&, json::value input) -> asio::awaitable<json::value> {
      ++ran[to_text(input)];
      if (input == at) drain->ask();
      const asio::any_io_executor executor = co_await asio::this_coro::executor;
      co_await asio::post(executor, asio::use_awaitable);
      co_return input;
    });
  }
};

TEST_CASE_METHOD(WorkflowDrainFixture, "A workflow stops between two of its tasks, and goes on with the next one") {
  for (const Durability mode : {Durability::sync, Durability::async, Durability::exit}) {
    begin_anew();
    durability = mode;
    const auto work = task(2);
    const Graph graph = entrypoint("wf", [work](Workflow& flow, json::value) -> asio::awaitable<WorkflowResult> {
      json::array done;
      for (int item = 1; item <= 3; ++item) {
        json::value number = item;
        json::value result = co_await flow.call(work, std::move(number));
        done.push_back(std::move(result));
      }
      json::object result{{"done", std::move(done)}};
      co_return result;
    });
    const RunOutcome drained = input(graph, "{}");
    CHECK(drained.status == OutcomeStatus::drained);
    CHECK(drained.error->name == "GraphDrained");
    CHECK(drained.next == std::vector<std::string>{"wf"});
    CHECK(ran == std::map<std::string, int>{{"1", 1}, {"2", 1}});
    nobody_asks();
    config.run_id = mode == Durability::sync ? config.run_id : RunId{uuid4()};
    const RunOutcome done = mode == Durability::sync ? input(graph, "{}") : go_on(graph);
    CHECK(text_of(done.values) == R"({"done":[1,2,3]})");
    CHECK(ran == std::map<std::string, int>{{"1", 1}, {"2", 1}, {"3", 1}});
  }
}

TEST_CASE_METHOD(WorkflowDrainFixture, "Tasks of a workflow that run at the same time all end before it stops") {
  const auto first = task(2);  // the first call waits while the second one asks
  const auto second = task(0);
  const Graph graph = entrypoint("wf", [=](Workflow& flow, json::value) -> asio::awaitable<WorkflowResult> {
    std::vector<json::value> numbers{1, 2};
    const std::vector<json::value> both = co_await flow.call_all(first, std::move(numbers));
    std::vector<json::value> more{3, 4};
    const std::vector<json::value> others = co_await flow.call_all(second, std::move(more));
    json::object result{{"count", both.size() + others.size()}};
    co_return result;
  });
  CHECK(input(graph, "{}").status == OutcomeStatus::drained);
  CHECK(ran == std::map<std::string, int>{{"1", 1}, {"2", 1}});
  nobody_asks();
  CHECK(text_of(input(graph, "{}").values) == R"({"count":4})");
  CHECK(ran == std::map<std::string, int>{{"1", 1}, {"2", 1}, {"3", 1}, {"4", 1}});
}

TEST_CASE_METHOD(WorkflowDrainFixture, "An answer that a workflow took before it stopped is not asked for again") {
  const auto work = task(0);
  const Graph graph = entrypoint("wf", [this, work](Workflow& flow, json::value) -> asio::awaitable<WorkflowResult> {
    const json::value answer = flow.node().interrupt("?");
    drain->ask();
    const json::value result = co_await flow.call(work, answer);
    json::object ended{{"answer", result}};
    co_return ended;
  });
  nobody_asks();
  input(graph, "{}");
  nobody_asks();
  config.run_id = RunId{uuid4()};
  CHECK(resume(graph, "yes").status == OutcomeStatus::drained);
  nobody_asks();
  const Graph calm = entrypoint("wf", [work](Workflow& flow, json::value) -> asio::awaitable<WorkflowResult> {
    const json::value answer = flow.node().interrupt("?");
    const json::value result = co_await flow.call(work, answer);
    json::object ended{{"answer", result}};
    co_return ended;
  });
  config.run_id = RunId{uuid4()};
  CHECK(text_of(go_on(calm).values) == R"({"answer":"yes"})");
}

TEST_CASE_METHOD(WorkflowDrainFixture, "A workflow that keeps nothing comes to its end, whoever asks") {
  saver = nullptr;
  const auto work = task(1);
  const Graph graph = entrypoint("wf", [work](Workflow& flow, json::value) -> asio::awaitable<WorkflowResult> {
    json::value first = 1;
    const json::value one = co_await flow.call(work, std::move(first));
    json::value second = 2;
    const json::value two = co_await flow.call(work, std::move(second));
    json::object ended{{"sum", one.as_int64() + two.as_int64()}};
    co_return ended;
  });
  CHECK(text_of(input(graph, "{}").values) == R"({"sum":3})");
}

}  // namespace
}  // namespace heddle::runtime
