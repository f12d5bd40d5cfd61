#include "graphs/registry.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/fixtures/fixtures.h"

using heddle::graphs::Registry;

TEST_CASE("A graph is found by its id, and an unknown id finds nothing") {
  Registry registry;
  const auto graph = heddle::fixtures::linear_graph();
  registry.add("b", graph);
  registry.add("a", heddle::fixtures::linear_graph());
  CHECK(registry.find("b") == graph);
  CHECK(registry.find("c") == nullptr);
  CHECK(registry.ids() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("Two graphs with one id are refused") {
  Registry registry;
  registry.add("a", heddle::fixtures::linear_graph());
  CHECK_THROWS_WITH(registry.add("a", heddle::fixtures::linear_graph()),
                    "two graphs have the id \"a\"; rename one of them");
}

TEST_CASE("A description that is given stands in front of the graph's own") {
  Registry registry;
  registry.add("plain", heddle::fixtures::linear_graph());
  registry.add("told", heddle::fixtures::linear_graph(), "Counts to two.");
  CHECK_FALSE(registry.description("plain"));
  CHECK(registry.description("told") == "Counts to two.");
}
