// New input on a thread that has something left to do (runtime.md 2.2 e).

#include <catch2/catch.hpp>

#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

TEST_CASE_METHOD(ThreadFixture, "New input gives up the tasks that were sent and have not run") {
  int worked = 0;
  const auto work = [&worked](const State&) {
    ++worked;
    return Update{};
  };
  // As many as the input says.
  const auto route = [](const State& state, const RunConfig&) -> Routes {
    std::vector<Goto> targets;
    for (std::int64_t item = 0; item < state.integer("items"); ++item) {
      targets.emplace_back(Send{"work", json::value{{"item", item}}});
    }
    return targets;
  };
  const Graph graph = StateGraph()
                          .last("items")
                          .node("plan", [](const State&) { return Update{}; })
                          .node("work", work)
                          .edge(kStart, "plan")
                          .conditional("plan", route, {"work"})
                          .compile();
  before = Breakpoints{false, {"work"}};
  CHECK(input(graph, R"({"items":3})").next == std::vector<std::string>{"work", "work", "work"});
  before.reset();

  const RunOutcome outcome = input(graph, R"({"items":0})");
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(worked == 0);
  CHECK(state(graph).next.empty());
  CHECK(steps(graph) == "loop:4 loop:3 input:2 loop:1 loop:0 input:-1");
}

}  // namespace
}  // namespace heddle::runtime
