#include "runtime/state_graph.h"

#include <boost/asio/awaitable.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/pregel/plan.h"

namespace heddle::runtime {
namespace {

const auto idle = [](const State&) { return Update{}; };
const auto to_end = [](const State&, const RunConfig&) { return Routes(std::string(kEnd)); };

Routes leads_to_a(const State&, const RunConfig&) {
  return "a";
}

StateGraph line() {
  return StateGraph().last("x").node("a", idle).node("b", idle).edge(kStart, "a").edge("a", "b");
}

std::string refusal(const std::function<void()>& declare) {
  try {
    declare();
  } catch (const GraphDeclarationError& error) {
    return error.what();
  }
  return "none";
}

std::vector<std::string> names_of(const CompiledGraph::Plan& plan, const std::vector<ChannelIndex>& channels) {
  std::vector<std::string> names;
  for (const ChannelIndex channel : channels) names.push_back(plan.channels[channel].name);
  return names;
}

const PlannedNode& node_of(const CompiledGraph::Plan& plan, const std::string& name) {
  return plan.nodes[plan.node_by_name.at(name)];
}

}  // namespace

TEST_CASE("Wrong declarations are refused with the texts that the reference has") {
  using Mistake = std::pair<std::string, std::function<void()>>;
  const std::vector<Mistake> mistakes = {
      {"Found edge starting at unknown node `q`", [] { line().edge("q", "a").compile(); }},
      {"Found edge starting at unknown node `q`", [] { line().conditional("q", to_end).compile(); }},
      {"Found edge ending at unknown node `q`", [] { line().edge("b", "q").compile(); }},
      {"Found edge ending at unknown node `q`", [] { line().conditional("b", to_end, {"q"}).compile(); }},
      {"Found edge ending at unknown node `q`", [] { line().conditional("b", to_end, {{"label", "q"}}).compile(); }},
      {"Found edge ending at unknown node `q`",
       [] { line().node("c", idle, {.ends = {"q"}}).edge("b", "c").compile(); }},
      {"Condition `condition` already present for node `b`",
       [] { line().conditional("b", leads_to_a, {"a"}).conditional("b", leads_to_a, {"b", "a"}).compile(); }},
      {"Node `a` already present.", [] { line().node("a", idle); }},
      {"Node `__start__` is reserved.", [] { line().node("__start__", idle); }},
      {"Node `__end__` is reserved.", [] { line().node("__end__", idle); }},
      {"x is already being used as a state attribute (a.k.a. a channel), cannot also be used as a node name.",
       [] { line().node("x", idle); }},
      {"a is already being used as a state attribute (a.k.a. a channel), cannot also be used as a node name.",
       [] { line().last("a"); }},
      {"\"|\" is a reserved character and is not allowed in node names.", [] { line().node("p|q", idle); }},
      {"\":\" is a reserved character and is not allowed in node names.", [] { line().node("p:q", idle); }},
      {"END cannot be a start node", [] { line().edge(kEnd, "a"); }},
      {"START cannot be an end node", [] { line().edge("a", kStart); }},
      {"END cannot be a start node", [] { line().edge({"a", kEnd}, "b"); }},
      {"Need to add a node named \"q\" first", [] { line().edge({"a", "q"}, "b").compile(); }},
      {"Need to add a node named \"q\" first", [] { line().edge({"a", "b"}, "q").compile(); }},
      {"Interrupt node `q` is not present", [] { line().compile({.interrupt_before = {.nodes = {"q"}}}); }},
      {"Interrupt node `q` is not present", [] { line().compile({.interrupt_after = {.nodes = {"q"}}}); }},
      {"Channel \"x\" already exists with a different type.", [] { line().sum("x"); }},
      {"Channel \"y\" already exists with a different type.", [] { line().sum("y").append("y"); }},
      {"Channel \"__pregel_tasks\" already exists with a different type.",
       [] { line().last("__pregel_tasks").compile(); }},
      {"Node `c` names `y`, which is no state key",
       [] { line().node("c", idle, {.reads = {{"y"}}}).edge("b", "c").compile(); }},
      {"input_keys names `y`, which is no state key", [] { line().input_keys({"y"}).compile(); }},
      {"An edge to `b` waits for no node", [] { line().edge(std::vector<std::string>(), "b"); }},
      {"Node `c` was given no graph", [] { line().node("c", std::shared_ptr<const CompiledGraph>()); }},
  };
  for (const auto& [text, declare] : mistakes) CHECK(refusal(declare) == text);
}

TEST_CASE("A node that no path reaches is refused by name") {
  const auto is_unreachable = Catch::Matchers::StartsWith("Node `c` is not reachable.\n");
  CHECK_THAT(refusal([] { line().node("c", idle).compile(); }), is_unreachable);
  CHECK_THAT(refusal([] { line().node("c", idle).edge("c", "b").compile(); }), is_unreachable);
  CHECK_THAT(refusal([] { line().node("c", idle).edge("c", "c").compile(); }), is_unreachable);
  CHECK_THAT(refusal([] { line().node("c", idle).conditional("b", to_end, {kEnd}).compile(); }), is_unreachable);
  CHECK(refusal([] { line().node("c", idle).conditional("b", to_end).compile(); }) == "none");
  CHECK(refusal([] { StateGraph().node("a", idle, {.ends = {"b"}}).node("b", idle).edge(kStart, "a").compile(); }) ==
        "none");
}

TEST_CASE("A graph without an edge from __start__ has no reachable node") {
  CHECK_THAT(refusal([] { StateGraph().node("a", idle).edge("a", kEnd).compile(); }),
             Catch::Matchers::StartsWith("Node `a` is not reachable."));
}

TEST_CASE("A plain declaration of a key yields to a reducer that is known") {
  const auto graph = StateGraph().sum("n").last("n").node("a", idle).edge(kStart, "a").compile();
  CHECK(graph->plan().channels[graph->plan().channel_by_name.at("n")].kind == ChannelKind::aggregate);
}

TEST_CASE("Channels are the state keys in order, then those that control") {
  const auto graph = StateGraph()
                         .last("z")
                         .append("a")
                         .node("one", idle)
                         .node("two", idle, {.defer = true})
                         .node("three", idle, {.reads = {{"a"}}})
                         .edge(kStart, "one")
                         .edge("one", "three")
                         .edge({"three", "one"}, "two")
                         .compile();
  const CompiledGraph::Plan& plan = graph->plan();
  std::vector<std::string> names;
  for (const ChannelSpec& channel : plan.channels) names.push_back(channel.name);
  CHECK(names == std::vector<std::string>{"z", "a", "__start__", "__pregel_tasks", "branch:to:one", "branch:to:two",
                                          "branch:to:three", "join:three+one:two"});
  CHECK(plan.start == 2);
  CHECK(plan.sends == 3);
  CHECK(plan.channels[plan.channel_by_name.at("branch:to:one")].kind == ChannelKind::ephemeral);
  CHECK_FALSE(plan.channels[plan.channel_by_name.at("branch:to:one")].guard);
  CHECK(plan.channels[plan.channel_by_name.at("branch:to:two")].kind == ChannelKind::last_value_after_finish);
  CHECK(plan.channels[plan.channel_by_name.at("join:three+one:two")].kind == ChannelKind::barrier_after_finish);
  CHECK(names_of(plan, node_of(plan, "two").triggers) ==
        std::vector<std::string>{"branch:to:two", "join:three+one:two"});
  CHECK(names_of(plan, node_of(plan, "one").reads) == std::vector<std::string>{"z", "a"});
  CHECK(names_of(plan, node_of(plan, "three").reads) == std::vector<std::string>{"a"});
  CHECK(plan.triggered_by[plan.channel_by_name.at("join:three+one:two")] ==
        std::vector<NodeIndex>{plan.node_by_name.at("two")});
}

TEST_CASE("The start comes first, is hidden and is triggered by its own channel") {
  const auto graph = line().compile();
  const CompiledGraph::Plan& plan = graph->plan();
  const PlannedNode& start = plan.nodes.front();
  CHECK(start.name == "__start__");
  CHECK(start.hidden);
  CHECK(start.triggers == std::vector<ChannelIndex>{plan.start});
  CHECK(start.reads == std::vector<ChannelIndex>{plan.start});
  CHECK_FALSE(plan.trigger_of.front());
  REQUIRE(start.writers.size() == 1);
  CHECK(std::get<EdgeWriter>(start.writers.front()).trigger == plan.channel_by_name.at("branch:to:a"));
}

TEST_CASE("The writers of a node are in order of registration, edges to the end aside") {
  const auto graph = StateGraph()
                         .node("a", idle)
                         .node("b", idle)
                         .node("c", idle)
                         .edge(kStart, "a")
                         .edge(kStart, "b")
                         .edge("a", kEnd)
                         .conditional("a", to_end, {{"stop", kEnd}})
                         .edge({"a", "b"}, "c")
                         .edge("a", "b")
                         .compile();
  const std::vector<ControlWriter>& writers = node_of(graph->plan(), "a").writers;
  REQUIRE(writers.size() == 3);
  CHECK(std::get<BranchWriter>(writers[0]).targets == std::map<std::string, std::string>{{"stop", "__end__"}});
  CHECK(std::holds_alternative<BarrierWriter>(writers[1]));
  CHECK(std::holds_alternative<EdgeWriter>(writers[2]));
}

TEST_CASE("Bodies may take the state or the context, and may wait") {
  const auto graph =
      StateGraph()
          .node("state", [](const State&) { return Update{}; })
          .node("context", [](NodeContext&) { return NodeResult(); })
          .node("command", [](NodeContext&) { return Command().to("state"); })
          .node("waits", [](NodeContext&) -> boost::asio::awaitable<NodeResult> { co_return NodeResult(); })
          .node("waits_for_state", [](const State&) -> boost::asio::awaitable<NodeResult> { co_return NodeResult(); })
          .conditional(kStart, to_end)
          .compile();
  const CompiledGraph::Plan& plan = graph->plan();
  CHECK(std::holds_alternative<PlainNodeFunction>(node_of(plan, "state").body));
  CHECK(std::holds_alternative<PlainNodeFunction>(node_of(plan, "context").body));
  CHECK(std::holds_alternative<PlainNodeFunction>(node_of(plan, "command").body));
  CHECK(std::holds_alternative<NodeFunction>(node_of(plan, "waits").body));
  CHECK(std::holds_alternative<NodeFunction>(node_of(plan, "waits_for_state").body));
}

TEST_CASE("Schemas name the keys of input, output and state, and the context under both its names") {
  const auto graph = StateGraph("linear")
                         .last("text", schema::text())
                         .append("log", schema::text())
                         .sum("count")
                         .messages()
                         .merge("more")
                         .last("any")
                         .input_keys({"text"})
                         .output_keys({"count", "log"})
                         .description("two nodes in a row")
                         .context_schema({{"type", "object"}})
                         .node("a", idle)
                         .edge(kStart, "a")
                         .compile();
  CHECK(graph->name() == "linear");
  CHECK(graph->description() == "two nodes in a row");
  const GraphSchemas& schemas = graph->schemas();
  CHECK(to_text(schemas.input) == R"({"type":"object","properties":{"text":{"type":"string"}}})");
  CHECK(
      to_text(schemas.output) ==
      R"({"type":"object","properties":{"count":{"type":"number"},"log":{"type":"array","items":{"type":"string"}}}})");
  CHECK(to_text(schemas.state) ==
        R"({"type":"object","properties":{"text":{"type":"string"},"log":{"type":"array","items":{"type":"string"}},)"
        R"("count":{"type":"number"},"messages":{"langgraph_type":"messages"},"more":{"type":"object"},"any":{}}})");
  CHECK(to_text(schemas.context.value()) == R"({"type":"object"})");
  CHECK(to_text(schemas.config.value()) == R"({"type":"object"})");
  CHECK_FALSE(line().compile()->schemas().context);
}

TEST_CASE("A function may decide at several nodes, and several lambdas at one") {
  CHECK_NOTHROW(line().conditional("a", leads_to_a, {"a"}).conditional("b", leads_to_a, {"a"}).compile());
  CHECK_NOTHROW(line().conditional("b", to_end).conditional("b", to_end).compile());
}

TEST_CASE("A copy of a declaration is changed without the original") {
  const StateGraph original = line();
  StateGraph copy = original;
  copy.node("c", idle).edge("b", "c");
  CHECK(original.compile()->plan().nodes.size() == 3);
  CHECK(copy.compile()->plan().nodes.size() == 4);
}

TEST_CASE("Subgraphs are found by the name of their node") {
  const auto inner = line().compile();
  const auto graph = line().node("child", inner).edge("b", "child").compile();
  REQUIRE(graph->subgraphs().size() == 1);
  CHECK(graph->subgraphs().at("child") == inner);
}

}  // namespace heddle::runtime
