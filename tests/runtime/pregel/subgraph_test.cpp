#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/error.h"
#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

// runtime.md 18.7.
Graph child() {
  return StateGraph()
      .last("x")
      .append("log")
      .node("s1",
            [](NodeContext& context) -> NodeResult {
              context.write({{"from", "s1"}});
              return Update{{"log", {"s1"}}};
            })
      .node("s2",
            [](NodeContext& context) -> NodeResult {
              const json::value answer = context.interrupt("ok?");
              return Update{{"log", {"s2:" + std::string(answer.as_string())}}};
            })
      .edge(kStart, "s1")
      .edge("s1", "s2")
      .compile();
}
Graph parent() {
  return StateGraph()
      .last("x")
      .append("log")
      .node("p1", writing("p1"))
      .node("child", child())
      .node("p2", writing("p2"))
      .edge(kStart, "p1")
      .edge("p1", "child")
      .edge("child", "p2")
      .compile();
}

TEST_CASE_METHOD(ThreadFixture, "A question inside is told at each level, and the answer goes on inside") {
  const Graph graph = parent();
  kinds.custom = kinds.subgraphs = true;
  const RunOutcome asked = input(graph, R"({"x":1})");
  CHECK(lines == Lines{
                     R"(values {"x":1,"log":[]})",
                     R"(updates p1 {"log":["p1"]})",
                     R"(values {"x":1,"log":["p1"]})",
                     R"(values|child {"x":1,"log":["p1"]})",
                     R"(custom|child {"from":"s1"})",
                     R"(updates|child s1 {"log":["s1"]})",
                     R"(values|child {"x":1,"log":["p1","s1"]})",
                     R"(interrupt|child ["ok?"])",
                     R"(interrupt ["ok?"])",
                 });
  CHECK(asked.next == std::vector<std::string>{"child"});
  CHECK(asked.all_interrupts.size() == 1);
  const std::string inner_ns = "child:" + asked.interrupts.begin()->first;
  CHECK(history(graph, inner_ns).size() == 3);
  CHECK(history(graph).size() == 3);

  kinds.subgraphs = false;
  resume(graph, "R");
  CHECK(lines == Lines{
                     R"(values {"x":1,"log":["p1"]})",
                     R"(updates child {"x":1,"log":["p1","s1","s2:R"]})",
                     R"(values {"x":1,"log":["p1","p1","s1","s2:R"]})",
                     R"(updates p2 {"log":["p2"]})",
                     R"(values {"x":1,"log":["p1","p1","s1","s2:R","p2"]})",
                 });
  CHECK(history(graph, inner_ns).size() == 4);
}

TEST_CASE_METHOD(ThreadFixture, "What a graph inside writes is seen without asking for graphs inside") {
  kinds = {};
  kinds.values = false;
  kinds.custom = true;
  input(parent(), "{}");
  CHECK(lines == Lines{R"(custom {"from":"s1"})"});
}

TEST_CASE_METHOD(ThreadFixture, "A question inside survives in every mode of durability") {
  durability = GENERATE(Durability::sync, Durability::async, Durability::exit);
  const Graph graph = parent();
  input(graph, R"({"x":1})");
  CHECK(text_of(resume(graph, "R").values) == R"({"x":1,"log":["p1","p1","s1","s2:R","p2"]})");
  if (durability == Durability::exit) CHECK(steps(graph) == "loop:3 loop:1");
}

TEST_CASE_METHOD(ThreadFixture, "The state shows where the graphs inside stand") {
  const Graph outer = StateGraph().last("x").append("log").node("mid", parent()).edge(kStart, "mid").compile();
  const RunOutcome asked = input(outer, R"({"x":1})");
  const StateSnapshot flat = state(outer);
  const std::string mid_ns = "mid:" + asked.interrupts.begin()->first;
  CHECK(flat.tasks.at(0).view.subgraph_ns == mid_ns);
  CHECK(flat.tasks.at(0).state == nullptr);
  CHECK(flat.tasks.at(0).view.interrupts.size() == 1);

  const StateSnapshot deep = test::run(io, get_state(*outer, *saver, {}, Subgraphs::expanded));
  REQUIRE(deep.tasks.at(0).state);
  const StateSnapshot& mid = *deep.tasks.at(0).state;
  CHECK(mid.next == std::vector<std::string>{"child"});
  CHECK(mid.checkpoint->checkpoint_ns == mid_ns);
  CHECK(mid.checkpoint->map.size() == 2);
  CHECK(mid.checkpoint->map.at("") == *deep.checkpoint->id);
  CHECK(mid.metadata->parents.at("") == *deep.checkpoint->id);
  CHECK(mid.metadata->own.at("langgraph_node") == "mid");
  CHECK(mid.metadata->own.at("langgraph_step").to_number<int>() == 1);
  REQUIRE(mid.tasks.at(0).state);
  CHECK(mid.tasks.at(0).state->next == std::vector<std::string>{"s2"});
  CHECK(mid.tasks.at(0).state->checkpoint->map.size() == 3);

  const StateSnapshot by_namespace = state(outer, {mid_ns, std::nullopt, {}});
  CHECK(by_namespace.next == std::vector<std::string>{"child"});
  CHECK_THROWS_WITH(state(outer, {"nobody:1", std::nullopt, {}}), "Subgraph \"nobody\" not found");
}

TEST_CASE_METHOD(ThreadFixture, "A Command to the parent stops the graph inside and steers the one around it") {
  const auto up = [](NodeContext&) -> NodeResult { return Command().set("log", {"up"}).to("after").of_parent(); };
  const Graph inner = StateGraph()
                          .append("log")
                          .node("inside", up)
                          .node("never", writing("never"))
                          .edge(kStart, "inside")
                          .edge("inside", "never")
                          .compile();
  const Graph graph = StateGraph()
                          .append("log")
                          .node("child", inner, {.ends = {"after"}})
                          .node("edge", writing("edge"))
                          .node("after", writing("after"))
                          .edge(kStart, "child")
                          .edge("child", "edge")
                          .compile();
  const RunOutcome outcome = input(graph, "{}");
  CHECK(text_of(outcome.values) == R"({"log":["up","after","edge"]})");
  CHECK(lines.at(0) == R"(updates child {"log":["up"]})");

  // Who looks inside sees that the task left the graph, as if it had thrown.
  kinds.tasks = true;
  kinds.subgraphs = true;
  input(graph, "{}");
  const auto left = std::ranges::find_if(facts, [](const RunEvent& event) {
    const TaskEndFact* end = std::get_if<TaskEndFact>(&event);
    return end && end->name == "inside";
  });
  REQUIRE(left != facts.end());
  CHECK(std::get<TaskEndFact>(*left).error->name == "ParentCommand");
  CHECK(std::get<TaskEndFact>(*left).result.as_object().empty());
  kinds.tasks = false;
  kinds.subgraphs = false;

  const Graph root = StateGraph().append("log").node("inside", up).edge(kStart, "inside").compile();
  CHECK(text_of(input(root, "{}").values) == R"({"log":["up","after","edge","up","after","edge"]})");
  CHECK(lines.back() == R"(updates inside {})");
}

TEST_CASE_METHOD(ThreadFixture,
                 "Graphs run by hand in one node have namespaces of their own and go on where they stood") {
  const Graph inner = child();
  int executions = 0;
  const auto both = [&, inner](NodeContext& context) -> boost::asio::awaitable<NodeResult> {
    ++executions;
    const json::value given = parse_json(R"({"x":1})");
    const State first = co_await context.invoke(*inner, given);
    const State second = co_await context.invoke(*inner, given);
    json::array logs;
    logs.push_back(first["log"].json());
    logs.push_back(second["log"].json());
    NodeResult result = Update{{"log", std::move(logs)}};
    co_return result;
  };
  const Graph graph = StateGraph().append("log").node("both", both).edge(kStart, "both").compile();
  const RunOutcome first = input(graph, "{}");
  const std::string inner_ns = "both:" + first.interrupts.begin()->first;
  resume(graph, "A");
  CHECK(test::run(io, saver->newest(inner_ns + "|1")));
  CHECK(text_of(resume(graph, "B").values) == R"({"log":[["s1","s2:A"],["s1","s2:B"]]})");
  CHECK(executions == 3);
}

TEST_CASE_METHOD(ThreadFixture, "A failure inside fails the run, and going on repeats only what failed") {
  int begun = 0;
  bool broken = true;
  const Graph inner = StateGraph()
                          .append("log")
                          .node("one",
                                [&](NodeContext&) -> NodeResult {
                                  ++begun;
                                  return Update{{"log", {"one"}}};
                                })
                          .node("two",
                                [&](NodeContext&) -> NodeResult {
                                  if (broken) throw GraphError("TypeError", "boom");
                                  return Update{{"log", {"two"}}};
                                })
                          .edge(kStart, "one")
                          .edge("one", "two")
                          .compile();
  const Graph graph = StateGraph().append("log").node("child", inner).edge(kStart, "child").compile();
  const RunOutcome failed = input(graph, "{}");
  CHECK(failed.error->name == "TypeError");
  broken = false;
  CHECK(text_of(go_on(graph).values) == R"({"log":["one","two"]})");
  CHECK(begun == 1);
}

TEST_CASE_METHOD(ThreadFixture, "A breakpoint inside stops the run and is passed by going on") {
  CompileOptions options;
  options.interrupt_before = Breakpoints{false, {"two"}};
  const Graph inner = StateGraph()
                          .append("log")
                          .node("one", writing("one"))
                          .node("two", writing("two"))
                          .edge(kStart, "one")
                          .edge("one", "two")
                          .compile(options);
  const Graph graph = StateGraph().append("log").node("child", inner).edge(kStart, "child").compile();
  const RunOutcome stopped = input(graph, "{}");
  CHECK(stopped.status == OutcomeStatus::interrupted);
  CHECK(stopped.interrupts.empty());
  CHECK(lines == Lines{"interrupt []"});
  CHECK(text_of(go_on(graph).values) == R"({"log":["one","two"]})");
}

TEST_CASE_METHOD(ThreadFixture, "Keys that the graph inside does not know stay outside") {
  const Graph inner = StateGraph().append("log").last("own").node("one", writing("one")).edge(kStart, "one").compile();
  const Graph graph = StateGraph().last("mine").append("log").node("child", inner).edge(kStart, "child").compile();
  input(graph, R"({"mine":1})");
  CHECK(lines == Lines{R"(values {"mine":1,"log":[]})", R"(updates child {"log":["one"]})",
                       R"(values {"mine":1,"log":["one"]})"});
}

struct UpdatedInsideFixture : ThreadFixture {
  UpdatedInsideFixture() {
    const Graph child = StateGraph("child")
                            .append("log")
                            .node("first", writing("first"))
                            .node("ask", asking("ask"))
                            .node("more", asking("more"))
                            .edge(kStart, "first")
                            .edge("first", "ask")
                            .edge("ask", "more")
                            .compile();
    graph = StateGraph().last("x").append("log").node("child", child).edge(kStart, "child").compile();
    asked = input(graph, "{}").all_interrupts.at(0);
    CheckpointAddress inside{*state(graph).tasks.at(0).view.subgraph_ns, std::nullopt, {}};
    update(graph, R"({"log":["hand"]})", "first", std::move(inside));
  }

  Graph graph;
  Interrupt asked;
};

// runtime.md 7.2 and 12.3: a new checkpoint, so other ids of tasks and questions.
TEST_CASE_METHOD(UpdatedInsideFixture,
                 "A question inside has another id after an update there, and an old answer is not for it") {
  const RunOutcome again = resume(graph, json::object{{asked.id, "yes"}});
  REQUIRE(again.all_interrupts.size() == 1);
  CHECK(again.all_interrupts.at(0).value == "qask");
  CHECK(again.all_interrupts.at(0).id != asked.id);
  CHECK(resume(graph, json::object{{again.all_interrupts.at(0).id, "yes"}}).all_interrupts.at(0).value == "qmore");
}

TEST_CASE_METHOD(UpdatedInsideFixture,
                 "A single answer after an update inside is for the question that is asked anew") {
  const RunOutcome next = resume(graph, "yes");
  REQUIRE(next.all_interrupts.size() == 1);
  CHECK(next.all_interrupts.at(0).value == "qmore");  // and not for the one behind it
  CHECK(text_of(resume(graph, "and").values) == R"({"log":["first","hand","ask:yes","more:and"]})");
}

}  // namespace
}  // namespace heddle::runtime
