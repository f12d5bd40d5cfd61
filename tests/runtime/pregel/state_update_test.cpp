// What an update leaves of that which was pending (runtime.md 12.3).

#include <catch2/catch.hpp>

#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

TEST_CASE_METHOD(ThreadFixture, "An update as another node gives up the tasks that were sent") {
  const auto route = [](const State&, const RunConfig&) -> Routes {
    return std::vector<Goto>{Send{"work", json::value(1)}, Send{"work", json::value(2)}};
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("plan", writing("plan"))
                          .node("work", writing("work"))
                          .node("other", writing("other"))
                          .node("last", writing("last"))
                          .edge(kStart, "plan")
                          .conditional("plan", route, {"work"})
                          .edge("work", "other")
                          .edge("other", "last")
                          .compile();
  before = Breakpoints{false, {"work"}};
  REQUIRE(input(graph, "{}").next == std::vector<std::string>{"work", "work"});
  before.reset();
  update(graph, R"({"log":["hand"]})", "other");
  CHECK(state(graph).next == std::vector<std::string>{"last"});
  CHECK(text_of(go_on(graph).values) == R"({"log":["plan","hand","last"]})");
}

TEST_CASE_METHOD(ThreadFixture, "An update as another node keeps what a waiting edge has seen") {
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", writing("a"))
                          .node("b1", writing("b1"))
                          .node("b2", writing("b2"))
                          .node("joined", writing("joined"))
                          .edge(kStart, "a")
                          .edge(kStart, "b1")
                          .edge("b1", "b2")
                          .edge({"a", "b2"}, "joined")
                          .compile();
  before = Breakpoints{false, {"b2"}};
  REQUIRE(input(graph, "{}").next == std::vector<std::string>{"b2"});
  before.reset();
  // The edge has seen `a`, and `b2` alone is missing.
  update(graph, R"({"log":["hand"]})", "b1");
  CHECK(state(graph).next == std::vector<std::string>{"b2"});
  CHECK(text_of(go_on(graph).values) == R"({"log":["a","b1","hand","b2","joined"]})");
}

// runtime.md 12.3: values null and as_node __end__.
TEST_CASE_METHOD(ThreadFixture, "Giving up what is left gives up deferred nodes too") {
  NodeOptions deferred;
  deferred.defer = true;
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", writing("a"))
                          .node("b", asking("b"))
                          .node("last", writing("last"), deferred)
                          .edge(kStart, "a")
                          .edge("a", "b")
                          .edge("a", "last")
                          .edge("b", "last")
                          .compile();
  input(graph, "{}");
  CHECK(state(graph).next == std::vector<std::string>{"b"});
  update(graph, "null", "__end__");
  CHECK(state(graph).next.empty());
  CHECK(text_of(go_on(graph).values) == R"({"log":["a"]})");
}

}  // namespace
}  // namespace heddle::runtime
