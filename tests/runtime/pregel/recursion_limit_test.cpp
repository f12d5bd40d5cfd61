// The recursion limit of a run with graphs inside (runtime.md 9: passed down, and each loop counts its own steps; 2.6:
// a graph of n supersteps needs a limit of n + 1).

#include <catch2/catch.hpp>

#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

// Two supersteps, the second of which runs a graph of as many as it is told.
Graph parent(int supersteps_inside) {
  const auto idle = [](const State&) { return Update{}; };
  StateGraph inner;
  inner.last("x");
  std::string last(kStart);
  for (int n = 1; n <= supersteps_inside; ++n) {
    const std::string name = "inner" + std::to_string(n);
    inner.node(name, idle).edge(last, name);
    last = name;
  }
  return StateGraph()
      .last("x")
      .node("first", idle)
      .node("child", inner.compile())
      .edge(kStart, "first")
      .edge("first", "child")
      .compile();
}

TEST_CASE_METHOD(ThreadFixture, "Each graph counts its own supersteps") {
  config.recursion_limit = 3;
  CHECK(input(parent(2), "{}").status == OutcomeStatus::done);
}

TEST_CASE_METHOD(ThreadFixture, "The recursion limit of a run holds for the graphs inside too") {
  config.recursion_limit = 3;
  const RunOutcome outcome = input(parent(3), "{}");
  CHECK(outcome.status == OutcomeStatus::failed);
  REQUIRE(outcome.error);
  CHECK(outcome.error->name == "GraphRecursionError");
  CHECK(outcome.error->message.starts_with("Recursion limit of 3 reached without hitting a stop condition."));
  CHECK(outcome.next == std::vector<std::string>{"child"});
  config.recursion_limit = 4;
  CHECK(input(parent(3), "{}").status == OutcomeStatus::done);
}

}  // namespace
}  // namespace heddle::runtime
