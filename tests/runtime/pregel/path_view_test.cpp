// What the path function of a conditional edge sees (runtime.md 4.1).

#include <catch2/catch.hpp>
#include <map>

#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

TEST_CASE_METHOD(ThreadFixture, "A path function sees what its own node wrote, and nothing of the nodes beside it") {
  std::map<std::string, std::string> seen;
  const auto path = [&seen](std::string name) {
    return [&seen, name = std::move(name)](const State& state, const RunConfig&) -> Routes {
      seen[name] = text_of(state);
      return std::string(kEnd);
    };
  };
  const auto a = [](const State&) { return Update{{"of_a", 1}, {"log", {"a"}}}; };
  const auto b = [](const State&) { return Update{{"of_b", 2}, {"log", {"b"}}}; };
  const Graph graph = StateGraph()
                          .append("log")
                          .last("of_a")
                          .last("of_b")
                          .node("a", a)
                          .node("b", b)
                          .edge(kStart, "a")
                          .edge(kStart, "b")
                          .conditional("a", path("a"))
                          .conditional("b", path("b"))
                          .compile();
  const RunOutcome outcome = input(graph, R"({"log":["in"]})");
  CHECK(seen == std::map<std::string, std::string>{{"a", R"({"log":["in","a"],"of_a":1})"},
                                                   {"b", R"({"log":["in","b"],"of_b":2})"}});
  CHECK(text_of(outcome.values) == R"({"log":["in","a","b"],"of_a":1,"of_b":2})");
}

}  // namespace
}  // namespace heddle::runtime
