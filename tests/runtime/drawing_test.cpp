#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/state_graph.h"

namespace heddle::runtime {
namespace {

const auto idle = [](const State&) { return Update{}; };
const auto to_end = [](const State&, const RunConfig&) { return Routes(std::string(kEnd)); };
constexpr int kAllLevels = 100;

StateGraph line(const std::vector<std::string>& nodes) {
  StateGraph graph;
  std::string last(kStart);
  for (const std::string& node : nodes) {
    graph.node(node, idle).edge(last, node);
    last = node;
  }
  graph.edge(last, kEnd);
  return graph;
}

// An edge as FIXTURES.md writes it: `a -> b`, `a ~> b`, `a ~> b (label)`.
std::vector<std::string> edges_of(const GraphDrawing& drawing) {
  std::vector<std::string> edges;
  for (const GraphEdgeDrawing& edge : drawing.edges) {
    std::string text = edge.source + (edge.conditional ? " ~> " : " -> ") + edge.target;
    if (edge.label) text += " (" + *edge.label + ")";
    edges.push_back(std::move(text));
  }
  return edges;
}

std::vector<std::string> nodes_of(const GraphDrawing& drawing) {
  std::vector<std::string> nodes;
  for (const GraphNodeDrawing& node : drawing.nodes) nodes.push_back(node.id);
  return nodes;
}

using Names = std::vector<std::string>;

// inner inside middle inside outer, like the fixture `nested`.
std::shared_ptr<const CompiledGraph> nested() {
  const auto inner = line({"think", "decide"}).compile();
  const auto middle = StateGraph()
                          .node("open", idle)
                          .node("inner", inner)
                          .node("close", idle)
                          .edge(kStart, "open")
                          .edge("open", "inner")
                          .edge("inner", "close")
                          .edge("close", kEnd)
                          .compile();
  return StateGraph()
      .node("enter", idle)
      .node("middle", middle)
      .node("leave", idle)
      .edge(kStart, "enter")
      .edge("enter", "middle")
      .edge("middle", "leave")
      .edge("leave", kEnd)
      .compile();
}

}  // namespace

TEST_CASE("A drawing has the start, the nodes in order of registration and the end") {
  const GraphDrawing drawing = line({"second", "first"}).compile()->drawing(0);
  CHECK(nodes_of(drawing) == Names{"__start__", "second", "first", "__end__"});
  CHECK(edges_of(drawing) == Names{"__start__ -> second", "second -> first", "first -> __end__"});
  CHECK(drawing.nodes.front().is_schema);
  CHECK(drawing.nodes.back().is_schema);
  CHECK_FALSE(drawing.nodes[1].is_schema);
}

TEST_CASE("Conditional edges have a label if it is not the name of their target") {
  const auto graph = StateGraph()
                         .node("tick", idle)
                         .node("even", idle)
                         .edge(kStart, "tick")
                         .conditional("tick", to_end, {{"again", "tick"}, {"even", "even"}})
                         .edge("even", kEnd)
                         .compile();
  CHECK(edges_of(graph->drawing(0)) ==
        Names{"__start__ -> tick", "tick ~> tick (again)", "tick ~> even", "even -> __end__"});
}

TEST_CASE("A conditional edge without targets is drawn to every other node and the end") {
  const auto graph = StateGraph().node("a", idle).node("b", idle).edge(kStart, "a").conditional("a", to_end).compile();
  CHECK(edges_of(graph->drawing(0)) == Names{"__start__ -> a", "a ~> b", "a ~> __end__"});
}

TEST_CASE("Targets of Commands are drawn behind the edges of their node") {
  const auto graph = StateGraph()
                         .node("route", idle, {.ends = {"left", std::string(kEnd)}})
                         .node("left", idle)
                         .edge(kStart, "route")
                         .edge("route", "left")
                         .compile();
  CHECK(edges_of(graph->drawing(0)) ==
        Names{"__start__ -> route", "route -> left", "route ~> left", "route ~> __end__"});
}

TEST_CASE("Waiting edges are drawn from each of their sources") {
  const auto graph = StateGraph()
                         .node("a", idle)
                         .node("b", idle)
                         .node("join", idle)
                         .edge(kStart, "a")
                         .edge(kStart, "b")
                         .edge({"a", "b"}, "join")
                         .compile();
  CHECK(edges_of(graph->drawing(0)) == Names{"__start__ -> a", "__start__ -> b", "a -> join", "b -> join"});
  CHECK(nodes_of(graph->drawing(0)) == Names{"__start__", "a", "b", "join"});
}

TEST_CASE("Without depth a graph as a node is one node") {
  const GraphDrawing drawing = nested()->drawing(0);
  CHECK(nodes_of(drawing) == Names{"__start__", "enter", "middle", "leave", "__end__"});
  CHECK(drawing.nodes[2].is_subgraph);
  CHECK(drawing.nodes[2].name == "LangGraph");
}

TEST_CASE("With depth the insides of graphs take their place, down to that level") {
  const GraphDrawing one = nested()->drawing(1);
  CHECK(nodes_of(one) ==
        Names{"__start__", "enter", "middle:open", "middle:inner", "middle:close", "leave", "__end__"});
  const GraphDrawing all = nested()->drawing(kAllLevels);
  CHECK(nodes_of(all) == Names{"__start__", "enter", "middle:open", "middle:inner:think", "middle:inner:decide",
                               "middle:close", "leave", "__end__"});
  Names edges = edges_of(all);
  std::sort(edges.begin(), edges.end());
  CHECK(edges == Names{"__start__ -> enter", "enter -> middle:open", "leave -> __end__", "middle:close -> leave",
                       "middle:inner:decide -> middle:close", "middle:inner:think -> middle:inner:decide",
                       "middle:open -> middle:inner:think"});
  CHECK(all.nodes[3].name == "think");
}

TEST_CASE("A graph with a single node stays one node") {
  const auto graph = StateGraph()
                         .node("a", idle)
                         .node("child", line({"inside"}).compile())
                         .edge(kStart, "a")
                         .edge("a", "child")
                         .compile();
  CHECK(nodes_of(graph->drawing(kAllLevels)) == Names{"__start__", "a", "child"});
}

TEST_CASE("Edges of a graph that has several ways in and out lead to and from each") {
  const auto inner = StateGraph()
                         .node("a", idle)
                         .node("b", idle)
                         .conditional(kStart, to_end, {{"first", "a"}, {"b", "b"}})
                         .conditional("a", to_end, {{"done", kEnd}, {"b", "b"}})
                         .compile();
  const auto graph =
      StateGraph().node("sub", inner).node("last", idle).edge(kStart, "sub").edge("sub", "last").compile();
  CHECK(edges_of(graph->drawing(kAllLevels)) == Names{"sub:a ~> sub:b", "__start__ ~> sub:b",
                                                      "__start__ ~> sub:a (first)", "sub:a ~> last (done)",
                                                      "sub:b -> last"});
}

TEST_CASE("Mermaid text names nodes by number, so that any name can stand in it") {
  const auto graph = StateGraph()
                         .node("end", idle)
                         .node("say \"hi\"", idle)
                         .edge(kStart, "end")
                         .conditional("end", to_end, {{"more", "say \"hi\""}, {"__end__", kEnd}})
                         .compile();
  CHECK(graph->mermaid() ==
        "flowchart TD\n"
        "  n0([\"__start__\"])\n"
        "  n1[\"end\"]\n"
        "  n2[\"say #quot;hi#quot;\"]\n"
        "  n3([\"__end__\"])\n"
        "  n0 --> n1\n"
        "  n1 -.-> n3\n"
        "  n1 -.->|\"more\"| n2\n");
}

}  // namespace heddle::runtime
