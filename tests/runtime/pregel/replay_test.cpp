// Going on from a checkpoint that is addressed, where that makes no fork (runtime.md 13).

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

TEST_CASE_METHOD(ThreadFixture, "From a head that was made by hand its tasks run again, and no fork is made") {
  const auto ask = [](NodeContext& context) -> NodeResult {
    const json::value answer = context.interrupt("?");
    return Update{{"log", {answer}}};
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("ask", ask)
                          .node("beside", writing("beside"))
                          .edge(kStart, "ask")
                          .edge(kStart, "beside")
                          .compile();
  const CheckpointAddress made = update(graph, R"({"log":["hand"]})");
  go_on(graph);
  // It has a result and a question there.
  REQUIRE(state(graph).next == std::vector<std::string>{"ask"});

  const RunOutcome again = run(graph, NoInput{}, made);
  CHECK(lines == Lines{
                     R"(values {"log":["hand"]})",
                     R"(interrupt ["?"])",
                     R"(updates beside {"log":["beside"]})",
                     R"(values {"log":["hand","beside"]})",
                 });
  CHECK(again.status == OutcomeStatus::interrupted);
  CHECK(steps(graph) == "update:0");
  CHECK(text_of(resume(graph, "yes").values) == R"({"log":["hand","yes","beside"]})");
}

TEST_CASE_METHOD(ThreadFixture,
                 "From a checkpoint inside of a graph that graph is replayed, and the root makes no fork") {
  const Graph inner = StateGraph()
                          .append("log")
                          .output_keys({})
                          .node("i1", writing("i1"))
                          .node("i2", writing("i2"))
                          .node("i3", writing("i3"))
                          .edge(kStart, "i1")
                          .edge("i1", "i2")
                          .edge("i2", "i3")
                          .compile();
  const Graph graph = StateGraph()
                          .append("log")
                          .node("p1", writing("p1"))
                          .node("child", inner)
                          .node("p2", writing("p2"))
                          .edge(kStart, "p1")
                          .edge("p1", "child")
                          .edge("child", "p2")
                          .compile();
  input(graph, "{}");
  const StateSnapshot around = history(graph).at(2);
  REQUIRE(around.next == std::vector<std::string>{"child"});
  const std::string inner_ns = around.tasks.at(0).view.subgraph_ns.value();
  const StateSnapshot before_i2 = history(graph, inner_ns).at(2);
  REQUIRE(before_i2.next == std::vector<std::string>{"i2"});
  const CheckpointAddress place = before_i2.checkpoint.value();
  REQUIRE(place.map == std::map<std::string, CheckpointId>{{"", *around.checkpoint->id}, {inner_ns, *place.id}});

  kinds.subgraphs = true;
  kinds.values = false;
  CHECK(run(graph, NoInput{}, place).status == OutcomeStatus::done);
  CHECK(lines == Lines{
                     R"(updates|child i2 {"log":["i2"]})",
                     R"(updates|child i3 {"log":["i3"]})",
                     R"(updates child {})",
                     R"(updates p2 {"log":["p2"]})",
                 });
  CHECK(steps(graph) == "loop:3 loop:2 loop:3 loop:2 loop:1 loop:0 input:-1");
  CHECK(history(graph).at(1).parent->id == around.checkpoint->id);
  const StateSnapshot fork = history(graph, inner_ns).at(2);
  CHECK(fork.metadata->source == CheckpointSource::fork);
  CHECK(fork.parent->id == place.id);
}

}  // namespace
}  // namespace heddle::runtime
