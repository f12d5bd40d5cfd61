#include "runtime/pregel/superstep.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/json.h"
#include "runtime/state_graph.h"

namespace heddle::runtime {
namespace {

using Plan = CompiledGraph::Plan;
using Graph = std::shared_ptr<const CompiledGraph>;

const auto idle = [](const State&) { return Update{}; };

Graph fan() {
  return StateGraph()
      .append("log")
      .last("x")
      .node("work", idle)
      .node("fin", idle)
      .node("join", idle)
      .edge(kStart, "work")
      .edge(kStart, "fin")
      .edge({"work", "fin"}, "join")
      .compile();
}

ChannelIndex channel(const Plan& plan, const std::string& name) {
  return plan.channel_by_name.at(name);
}
NodeIndex node(const Plan& plan, const std::string& name) {
  return plan.node_by_name.at(name);
}

Write write(const Plan& plan, const std::string& name, json::value value) {
  return {channel(plan, name), std::move(value)};
}

PlannedTask pulled(const Plan& plan, const std::string& name) {
  return {TaskKind::pull, node(plan, name), 0, {channel(plan, "branch:to:" + name)}, Value()};
}
PlannedTask pushed(const Plan& plan, const std::string& name, std::size_t index) {
  return {TaskKind::push, node(plan, name), index, {}, Value()};
}

std::vector<std::string> names(const Plan& plan, const std::vector<PlannedTask>& tasks) {
  std::vector<std::string> found;
  for (const PlannedTask& task : tasks) found.push_back(plan.nodes[task.node].name);
  return found;
}

TEST_CASE("Writes reach a channel by node name, then by place among the Sends, whichever task finished first") {
  const Graph graph = fan();
  const Plan& plan = graph->plan();
  const PlannedTask fin = pulled(plan, "fin");
  const PlannedTask work0 = pushed(plan, "work", 0);
  const PlannedTask work1 = pushed(plan, "work", 1);
  const std::vector<Write> of_fin{write(plan, "log", {"fin"})};
  const std::vector<Write> of_work0{write(plan, "log", {"work0"})};
  const std::vector<Write> of_work1{write(plan, "log", {"work1"})};
  std::vector<std::size_t> order{0, 1, 2};
  const std::vector<FinishedTask> tasks{{&fin, of_fin}, {&work0, of_work0}, {&work1, of_work1}};
  do {
    Cells cells(plan);
    std::vector<FinishedTask> finished;
    for (const std::size_t index : order) finished.push_back(tasks[index]);
    apply_writes(plan, cells, std::move(finished));
    CHECK(cells.channels[channel(plan, "log")].get().text() == R"(["fin","work0","work1"])");
  } while (std::ranges::next_permutation(order).found);
}

TEST_CASE("A trigger fires once: it is seen by its node and cleared by the next superstep") {
  const Graph graph = fan();
  const Plan& plan = graph->plan();
  Cells cells(plan);
  apply_writes(plan, cells, {{nullptr, std::vector<Write>{write(plan, "branch:to:work", nullptr)}}});
  const std::vector<PlannedTask> planned = plan_tasks(plan, cells, std::nullopt);
  REQUIRE(names(plan, planned) == std::vector<std::string>{"work"});
  apply_writes(plan, cells, {{&planned[0], {}}});
  CHECK(plan_tasks(plan, cells, std::nullopt).empty());
}

TEST_CASE("Input from outside leaves pending triggers alone") {
  const Graph graph = fan();
  const Plan& plan = graph->plan();
  Cells cells(plan);
  const std::vector<Write> first{write(plan, "branch:to:work", nullptr)};
  const std::vector<Write> second{write(plan, "branch:to:fin", nullptr)};
  apply_writes(plan, cells, {{nullptr, first}});
  apply_writes(plan, cells, {{nullptr, second}});
  CHECK(names(plan, plan_tasks(plan, cells, std::nullopt)) == std::vector<std::string>{"work", "fin"});
}

TEST_CASE("Known changes put nodes in order of their names, otherwise they come in order of registration") {
  const Graph graph = fan();
  const Plan& plan = graph->plan();
  Cells cells(plan);
  const std::vector<Write> both{write(plan, "branch:to:work", nullptr), write(plan, "branch:to:fin", nullptr)};
  const std::vector<ChannelIndex> changed = apply_writes(plan, cells, {{nullptr, both}});
  CHECK(names(plan, plan_tasks(plan, cells, std::nullopt)) == std::vector<std::string>{"work", "fin"});
  CHECK(names(plan, plan_tasks(plan, cells, changed)) == std::vector<std::string>{"fin", "work"});
}

TEST_CASE("A waiting edge fires when all have been seen, in whichever supersteps, and then waits again") {
  const Graph graph = fan();
  const Plan& plan = graph->plan();
  Cells cells(plan);
  const PlannedTask work = pulled(plan, "work");
  const PlannedTask fin = pulled(plan, "fin");
  const std::vector<Write> seen_work{write(plan, "join:work+fin:join", "work")};
  const std::vector<Write> seen_fin{write(plan, "join:work+fin:join", "fin")};
  apply_writes(plan, cells, {{&work, seen_work}});
  CHECK(plan_tasks(plan, cells, std::nullopt).empty());
  apply_writes(plan, cells, {{&fin, seen_fin}});
  const std::vector<PlannedTask> planned = plan_tasks(plan, cells, std::nullopt);
  REQUIRE(names(plan, planned) == std::vector<std::string>{"join"});
  CHECK(shown_triggers(plan, planned[0]) == std::vector<std::string>{"join:work+fin:join"});
  apply_writes(plan, cells, {{&planned[0], {}}});
  apply_writes(plan, cells, {{&work, seen_work}});
  CHECK(plan_tasks(plan, cells, std::nullopt).empty());
}

TEST_CASE("A refused write changes nothing") {
  const Graph graph = fan();
  const Plan& plan = graph->plan();
  Cells cells(plan);
  const PlannedTask work = pulled(plan, "work");
  const PlannedTask fin = pulled(plan, "fin");
  const std::vector<Write> of_work{write(plan, "log", {"work"}), write(plan, "x", 1)};
  const std::vector<Write> of_fin{write(plan, "x", 2)};
  CHECK_THROWS(apply_writes(plan, cells, {{&work, of_work}, {&fin, of_fin}}));
  CHECK(cells.channels[channel(plan, "log")].get().text() == "[]");
  CHECK(cells.newest == 0);
}

TEST_CASE("Deferred nodes are released when nothing else is left") {
  NodeOptions last;
  last.defer = true;
  const Graph graph = StateGraph()
                          .last("x")
                          .node("a", idle)
                          .node("b", idle)
                          .node("end", idle, last)
                          .edge(kStart, "a")
                          .edge("a", "b")
                          .edge("a", "end")
                          .compile();
  const Plan& plan = graph->plan();
  Cells cells(plan);
  const PlannedTask a = pulled(plan, "a");
  const std::vector<Write> of_a{write(plan, "branch:to:b", nullptr), write(plan, "branch:to:end", nullptr)};
  apply_writes(plan, cells, {{&a, of_a}});
  const std::vector<PlannedTask> second = plan_tasks(plan, cells, std::nullopt);
  REQUIRE(names(plan, second) == std::vector<std::string>{"b"});
  apply_writes(plan, cells, {{&second[0], {}}});
  CHECK(names(plan, plan_tasks(plan, cells, std::nullopt)) == std::vector<std::string>{"end"});
}

// runtime.md 11: names that were recomputed from recorded runs.
TEST_CASE("Ids of tasks are those that other engines compute") {
  const auto any = [](const State&) { return Update{}; };
  const Graph graph =
      StateGraph().last("x").node("ask", any).node("w", any).edge(kStart, "ask").edge("ask", "w").compile();
  const Plan& plan = graph->plan();
  const CheckpointId first = *CheckpointId::parse("1f1e67b9-b7f1-6980-8000-2fe8f091edb2");
  CHECK(id_of_task(plan, pulled(plan, "ask"), first, "", 1).text() == "cd2ac8a9-f433-59ea-b2e4-698ada65226d");
  const CheckpointId second = *CheckpointId::parse("1f1e67b9-b975-6c70-8000-d3e7188dddb2");
  CHECK(id_of_task(plan, pushed(plan, "w", 0), second, "", 1).text() == "092efbef-ba57-5d66-a908-904b0b876ea0");
}

TEST_CASE("Stored tasks sort nodes by name before sent ones by number") {
  const Graph graph = fan();
  const Plan& plan = graph->plan();
  const std::vector<std::string> sorted{sort_path(plan, pulled(plan, "fin")), sort_path(plan, pulled(plan, "work")),
                                        sort_path(plan, pushed(plan, "work", 2)),
                                        sort_path(plan, pushed(plan, "work", 10))};
  CHECK(std::ranges::is_sorted(sorted));
  CHECK(to_text(shown_path(plan, pushed(plan, "work", 2))) == R"(["__pregel_push",2,false])");
}

}  // namespace
}  // namespace heddle::runtime
