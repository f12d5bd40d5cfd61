// Breakpoints of a graph and of a run (runtime.md 7.7): the run's list replaces the graph's.

#include <catch2/catch.hpp>

#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

Graph chain(CompileOptions options) {
  return StateGraph()
      .append("log")
      .node("one", writing("one"))
      .node("two", writing("two"))
      .node("three", writing("three"))
      .edge(kStart, "one")
      .edge("one", "two")
      .edge("two", "three")
      .compile(std::move(options));
}

CompileOptions stops_before_two() {
  CompileOptions options;
  options.interrupt_before = Breakpoints{false, {"two"}};
  return options;
}
CompileOptions stops_after_one() {
  CompileOptions options;
  options.interrupt_after = Breakpoints{false, {"one"}};
  return options;
}

TEST_CASE_METHOD(ThreadFixture, "A run without a list of its own stops where its graph says") {
  CompileOptions options;
  SECTION("before a node") {
    options = stops_before_two();
  }
  SECTION("after a node") {
    options = stops_after_one();
  }
  const RunOutcome stopped = input(chain(options), "{}");
  CHECK(stopped.status == OutcomeStatus::interrupted);
  CHECK(stopped.next == std::vector<std::string>{"two"});
}

TEST_CASE_METHOD(ThreadFixture, "A run with a list of its own stops there, and not where its graph says") {
  CompileOptions options;
  SECTION("before a node") {
    options = stops_before_two();
    before = Breakpoints{false, {"three"}};
  }
  SECTION("after a node") {
    options = stops_after_one();
    after = Breakpoints{false, {"two"}};
  }
  const RunOutcome stopped = input(chain(options), "{}");
  CHECK(stopped.status == OutcomeStatus::interrupted);
  CHECK(stopped.next == std::vector<std::string>{"three"});
}

TEST_CASE_METHOD(ThreadFixture, "A run with an empty list stops nowhere, whatever its graph says") {
  CompileOptions options;
  SECTION("before a node") {
    options = stops_before_two();
    before = Breakpoints{};
  }
  SECTION("after a node") {
    options = stops_after_one();
    after = Breakpoints{};
  }
  const RunOutcome outcome = input(chain(options), "{}");
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(text_of(outcome.values) == R"({"log":["one","two","three"]})");
}

}  // namespace
}  // namespace heddle::runtime
