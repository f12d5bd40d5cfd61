// Ids of tasks that no edge and no Send started: called tasks and error handlers (runtime.md 11).

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "runtime/pregel/superstep.h"
#include "runtime/state_graph.h"
#include "runtime/uuid.h"

namespace heddle::runtime {
namespace {

using Graph = std::shared_ptr<const CompiledGraph>;

// Of a recorded run, and another one.
const CheckpointId kFirst = *CheckpointId::parse("1f1e67b9-b7f1-6980-8000-2fe8f091edb2");
const CheckpointId kSecond = *CheckpointId::parse("1f1e67b9-b975-6c70-8000-d3e7188dddb2");

struct IdFixture {
  Graph graph = [] {
    const auto idle = [](const State&) { return Update{}; };
    return StateGraph().last("x").node("ask", idle).node("w", idle).edge(kStart, "ask").edge("ask", "w").compile();
  }();
  const CompiledGraph::Plan& plan = graph->plan();

  PlannedTask pulled(const std::string& node) const {
    return {TaskKind::pull, plan.node_by_name.at(node), 0, {plan.channel_by_name.at("branch:to:" + node)}, Value()};
  }
  PlannedTask pushed(const std::string& node, std::size_t index) const {
    return {TaskKind::push, plan.node_by_name.at(node), index, {}, Value()};
  }

  struct Call {
    PlannedTask caller;
    std::string name = "add";
    std::int64_t number = 0;
    CheckpointId checkpoint = kFirst;
    std::string checkpoint_ns{};
    std::int64_t step = 1;
  };
  std::string id(const Call& call) const {
    return id_of_call(plan, call.caller, call.name, call.number, call.checkpoint, call.checkpoint_ns, call.step).text();
  }

  struct Handler {
    PlannedTask task;
    TaskId failed;
    CheckpointId checkpoint = kFirst;
    std::string checkpoint_ns{};
    std::int64_t step = 1;
  };
  std::string id(const Handler& handler) const {
    return id_of_handler(plan, handler.task, handler.failed, handler.checkpoint, handler.checkpoint_ns, handler.step)
        .text();
  }
};

// The names are ["add","1","add","__pregel_push",["__pregel_pull","ask"],"0"] and
// ["outer:1|add","1","add","__pregel_push",["__pregel_push",0,false],"2"]; the ids were computed by another program.
TEST_CASE_METHOD(IdFixture, "Ids of called tasks are those that other programs compute") {
  CHECK(id(Call{pulled("ask")}) == "a7c088ce-1ac5-5f17-b1c6-286c14b55355");
  CHECK(id(Call{pushed("w", 0), "add", 2, kSecond, "outer:1", 1}) == "ae0a0583-0145-55eb-a43d-42a5b294ee6c");
}

TEST_CASE_METHOD(IdFixture, "Called tasks that differ in anything have different ids") {
  const std::set<std::string> ids{id(Call{pulled("ask")}),
                                  id(Call{pulled("w")}),
                                  id(Call{pushed("ask", 0)}),
                                  id(Call{pushed("ask", 1)}),
                                  id(Call{pulled("ask"), "sub"}),
                                  id(Call{pulled("ask"), "add", 1}),
                                  id(Call{pulled("ask"), "add", 0, kSecond}),
                                  id(Call{pulled("ask"), "add", 0, kFirst, "outer:1"}),
                                  id(Call{pulled("ask"), "add", 0, kFirst, "", 2})};
  CHECK(ids.size() == 9);
}

// The name is ["__error_handler__ask","1","__error_handler__ask","__pregel_push","node_error_handler","<failed>"].
TEST_CASE_METHOD(IdFixture, "Ids of error handlers are those that other programs compute") {
  const TaskId failed = *TaskId::parse("cd2ac8a9-f433-59ea-b2e4-698ada65226d");
  CHECK(id(Handler{pulled("ask"), failed}) == "c7ee59ab-6a1a-5669-b742-e314d9b1df70");
}

TEST_CASE_METHOD(IdFixture, "Error handlers that differ in anything have different ids") {
  const TaskId failed = *TaskId::parse("cd2ac8a9-f433-59ea-b2e4-698ada65226d");
  const TaskId other = *TaskId::parse("092efbef-ba57-5d66-a908-904b0b876ea0");
  const std::set<std::string> ids{id(Handler{pulled("ask"), failed}),
                                  id(Handler{pulled("w"), failed}),
                                  id(Handler{pulled("ask"), other}),
                                  id(Handler{pulled("ask"), failed, kSecond}),
                                  id(Handler{pulled("ask"), failed, kFirst, "outer:1"}),
                                  id(Handler{pulled("ask"), failed, kFirst, "", 2})};
  CHECK(ids.size() == 6);
}

}  // namespace
}  // namespace heddle::runtime
