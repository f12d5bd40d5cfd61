// Commands as the input of a run (runtime.md 2.2 and 6).

#include <catch2/catch.hpp>

#include "tests/runtime/pregel/passing_saver.h"
#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

// runtime.md 2.3: a node that sends to nowhere fails, a Command from outside does not.
TEST_CASE_METHOD(ThreadFixture, "A Send of a Command to a node that is not there is passed over, the others are not") {
  const Graph graph = abc();
  input(graph, "{}");
  kinds.tasks = true;
  Command command = Command().to(Send{"nobody", json::value{{"sent", 1}}});
  command.to(Send{"c", json::value{{"sent", 2}}});
  const RunOutcome outcome = run(graph, command);
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(lines == Lines{
                     R"(values {"log":["a","b","c"]})",
                     R"(task 5 c {"sent":2} __pregel_push)",
                     R"(updates c {"log":["c"]})",
                     R"(result 5 c {"log":["c"]})",
                     R"(values {"log":["a","b","c","c"]})",
                 });
  CHECK(warnings == Lines{R"({"level":"warning",)"
                          R"("message":"Sends to nodes that the graph does not have were passed over",)"
                          R"("fields":{"count":1,"graph":"LangGraph"}})"});
}

TEST_CASE_METHOD(ThreadFixture, "A Command with nothing but a Send to nowhere runs no node") {
  const Graph graph = abc();
  input(graph, "{}");
  CHECK(run(graph, Command().to(Send{"nobody", json::value(1)})).status == OutcomeStatus::done);
  CHECK(lines == Lines{R"(values {"log":["a","b","c"]})"});
  CHECK(state(graph).next.empty());
}

// runtime.md 13: applied on that checkpoint, then runs. What was pending there runs too (2.2 d).
TEST_CASE_METHOD(ThreadFixture, "A Command at an older checkpoint branches there") {
  const Graph graph = abc();
  input(graph, "{}");
  const CheckpointAddress second = address_at(graph, 1);
  const RunOutcome outcome = run(graph, Command().set("log", {"cmd"}).to("c"), second);
  CHECK(lines == Lines{
                     R"(values {"log":["a","cmd"]})",
                     R"(updates b {"log":["b"]})",
                     R"(updates c {"log":["c"]})",
                     R"(values {"log":["a","cmd","b","c"]})",
                     R"(updates c {"log":["c"]})",
                     R"(values {"log":["a","cmd","b","c","c"]})",
                 });
  CHECK(text_of(outcome.values) == R"({"log":["a","cmd","b","c","c"]})");
  CHECK(steps(graph) == "loop:4 loop:3 input:2 loop:3 loop:2 loop:1 loop:0 input:-1");
  const std::vector<StateSnapshot> all = history(graph);
  CHECK(all.at(2).parent->id == second.id);
  CHECK(all.at(1).parent->id == all.at(2).checkpoint->id);
  CHECK(all.at(0).parent->id == all.at(1).checkpoint->id);
}

// Notes when writes are handed to it.
class NotingSaver final : public PassingSaver {
 public:
  NotingSaver(CheckpointSaver& kept, Lines& notes) : PassingSaver(kept), notes_(notes) {}
  void put_writes(std::string ns, CheckpointId id, TaskWrites writes) override {
    notes_.push_back("writes");
    PassingSaver::put_writes(std::move(ns), id, std::move(writes));
  }

 private:
  Lines& notes_;
};

// runtime.md 10.6.
TEST_CASE_METHOD(ThreadFixture,
                 "exit: what a Command wrote is stored at the end when the node that it answers asks again") {
  Lines notes;
  NotingSaver noting(memory, notes);
  saver = &noting;
  durability = Durability::exit;
  const auto ask = [&notes](NodeContext& context) -> NodeResult {
    notes.push_back("run");
    const json::value first = context.interrupt("first?");
    const json::value second = context.interrupt("second?");
    return Update{{"log", {first, second}}};
  };
  const Graph graph = StateGraph().append("log").node("ask", ask).edge(kStart, "ask").compile();
  input(graph, "{}");
  notes.clear();

  Command command = Command().set("log", {"by command"});
  command.resume = "A";
  const RunOutcome again = run(graph, command);
  CHECK(again.status == OutcomeStatus::interrupted);
  // Those of the Command, and the question with the answer that was taken.
  CHECK(notes == Lines{"run", "writes", "writes"});
  CHECK(steps(graph) == "loop:0");
  CHECK(text_of(state(graph).values) == R"({"log":["by command"]})");
  CHECK(text_of(resume(graph, "B").values) == R"({"log":["by command","A","B"]})");
}

}  // namespace
}  // namespace heddle::runtime
