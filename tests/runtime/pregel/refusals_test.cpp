// The texts with which the engine refuses what it is given, and what it passes over.

#include <catch2/catch.hpp>

#include "runtime/error.h"
#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

// runtime.md 6.
TEST_CASE_METHOD(ThreadFixture, "A Command to the parent of a graph that has none is without effect") {
  const auto up = [](const State&) { return Command().set("log", {"up"}).to("b").of_parent(); };
  const Graph graph =
      StateGraph().append("log").node("a", up, {.ends = {"b"}}).node("b", writing("b")).edge(kStart, "a").compile();
  const RunOutcome outcome = input(graph, R"({"log":["in"]})");
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(text_of(outcome.values) == R"({"log":["in"]})");
}

struct RefusalFixture : ThreadFixture {
  Graph chain = StateGraph()
                    .append("log")
                    .node("a", writing("a"))
                    .node("b", writing("b"))
                    .edge(kStart, "a")
                    .edge("a", "b")
                    .compile();

  std::string refusal(std::vector<StateUpdate> updates) {
    try {
      update_all(chain, {std::move(updates)});
    } catch (const GraphError& error) {
      CHECK(error.name() == "InvalidUpdateError");
      return error.what();
    }
    return "none";
  }
  static StateUpdate one(std::string_view values, std::optional<std::string> as_node) {
    return {parse_json(values), std::move(as_node)};
  }
};

TEST_CASE_METHOD(RefusalFixture, "A run with a limit below one is refused") {
  config.recursion_limit = 0;
  CHECK(input(chain, "{}").error->message == "Passed \"recursionLimit\" must be at least 1.");
  CHECK(history(chain).empty());
}

TEST_CASE_METHOD(RefusalFixture, "Without a saver an answer is refused") {
  saver = nullptr;
  CHECK(resume(chain, "yes").error->message == "Cannot use Command(resume=...) without checkpointer");
}

TEST_CASE_METHOD(RefusalFixture, "A path that leads to no target of its edge fails the node") {
  const auto lost = [](const State&, const RunConfig&) -> Routes { return "elsewhere"; };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", writing("a"))
                          .node("b", writing("b"))
                          .edge(kStart, "a")
                          .conditional("a", lost, {"b"})
                          .compile();
  CHECK(input(graph, "{}").error->message == "Branch condition returned unknown or null destination");
}

TEST_CASE_METHOD(RefusalFixture, "Updates that cannot be made together are refused") {
  input(chain, "{}");
  CHECK(refusal({one("null", "__end__"), one("{}", "a")}) == "Cannot apply multiple updates when clearing state");
  CHECK(refusal({one("{}", "__input__"), one("{}", "a")}) == "Cannot apply multiple updates when updating as input");
  CHECK(refusal({one("null", "__copy__"), one("{}", "a")}) == "Cannot copy checkpoint with multiple updates");
  CHECK(refusal({one("{}", "a"), one("{}", std::nullopt)}) == "\"asNode\" is required when applying multiple updates");
  CHECK(refusal({one("5", "__input__")}) == "Received no input writes for \"__start__\"");
  CHECK(refusal({one("\"x\"", "a")})
            .starts_with("Expected node \"a\" to return an object or an array containing at least one Command object, "
                         "received string"));
  CHECK(steps(chain) == "loop:2 loop:1 loop:0 input:-1");
}

TEST_CASE_METHOD(RefusalFixture, "There is nothing to copy on a fresh thread") {
  CHECK(refusal({one("null", "__copy__")}) == "Cannot copy a non-existent checkpoint");
}

}  // namespace
}  // namespace heddle::runtime
