// A superstep in which one task asks and another one fails (runtime.md 8.1).

#include <catch2/catch.hpp>

#include "runtime/error.h"
#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

Graph ask_and_boom(bool& broken) {
  const auto ask = [](NodeContext& context) -> NodeResult {
    const json::value answer = context.interrupt("?");
    return Update{{"log", {answer}}};
  };
  const auto boom = [&broken](NodeContext&) -> NodeResult {
    if (broken) throw GraphError("TypeError", "boom");
    return Update{{"log", {"mended"}}};
  };
  return StateGraph()
      .append("log")
      .node("ask", ask)
      .node("boom", boom)
      .edge(kStart, "ask")
      .edge(kStart, "boom")
      .compile();
}

TEST_CASE_METHOD(ThreadFixture, "A failure counts more than a question beside it, which stays and can be answered") {
  durability = GENERATE(Durability::sync, Durability::async, Durability::exit);
  bool broken = true;
  const Graph graph = ask_and_boom(broken);
  const RunOutcome failed = input(graph, "{}");
  CHECK(failed.status == OutcomeStatus::failed);
  REQUIRE(failed.error);
  CHECK(failed.error->message == "boom");

  const StateSnapshot snapshot = state(graph);
  CHECK(snapshot.next == std::vector<std::string>{"ask", "boom"});
  REQUIRE(snapshot.tasks.size() == 2);
  REQUIRE(snapshot.tasks[0].view.interrupts.size() == 1);
  const Interrupt& question = snapshot.tasks[0].view.interrupts[0];
  CHECK(question.value == json::value("?"));
  CHECK_FALSE(snapshot.tasks[0].view.error);
  CHECK(snapshot.tasks[1].view.error.value().name == "TypeError");

  broken = false;
  const RunOutcome rest = resume(graph, json::object{{question.id, "yes"}});
  CHECK(rest.status == OutcomeStatus::done);
  CHECK(text_of(rest.values) == R"({"log":["yes","mended"]})");
}

TEST_CASE_METHOD(ThreadFixture, "A question that was answered is not asked again when its neighbour fails once more") {
  bool broken = true;
  const Graph graph = ask_and_boom(broken);
  input(graph, "{}");
  const std::string question = state(graph).tasks.at(0).view.interrupts.at(0).id;
  CHECK(resume(graph, json::object{{question, "yes"}}).status == OutcomeStatus::failed);
  CHECK(state(graph).next == std::vector<std::string>{"boom"});
  broken = false;
  CHECK(text_of(go_on(graph).values) == R"({"log":["yes","mended"]})");
}

}  // namespace
}  // namespace heddle::runtime
