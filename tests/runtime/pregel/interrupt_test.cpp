#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "runtime/error.h"
#include "runtime/uuid.h"
#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

// runtime.md 18.4.
Graph two_questions(int& executions) {
  return StateGraph()
      .append("log")
      .node("ask",
            [&executions](NodeContext& context) -> NodeResult {
              ++executions;
              const json::value first = context.interrupt({{"q", 1}});
              const json::value second = context.interrupt("second");
              return Update{{"log", {first, second}}};
            })
      .edge(kStart, "ask")
      .compile();
}

// runtime.md 18.5.
Graph parallel() {
  return StateGraph()
      .last("x")
      .append("log")
      .node("a", asking("a"))
      .node("b", asking("b"))
      .node("c", writing("c"))
      .node("z", writing("z"))
      .edge(kStart, "a")
      .edge(kStart, "b")
      .edge(kStart, "c")
      .edge({"a", "b", "c"}, "z")
      .compile();
}

std::string id_of(const RunOutcome& outcome, std::size_t index) {
  return outcome.all_interrupts.at(index).id;
}

TEST_CASE_METHOD(ThreadFixture, "A node asks twice, and runs from its beginning for each answer") {
  int executions = 0;
  const Graph graph = two_questions(executions);
  const RunOutcome first = input(graph, "{}");
  CHECK(first.status == OutcomeStatus::interrupted);
  CHECK(first.next == std::vector<std::string>{"ask"});
  REQUIRE(first.all_interrupts.size() == 1);
  CHECK(lines == Lines{R"(interrupt [{"q":1}])"});
  const std::string task = first.interrupts.begin()->first;
  CHECK(id_of(first, 0) == interrupt_id("ask:" + task));

  const RunOutcome second = resume(graph, "A");
  REQUIRE(second.all_interrupts.size() == 1);
  CHECK(id_of(second, 0) == interrupt_id("ask:" + task + "|1"));
  CHECK(second.next == std::vector<std::string>{"ask"});
  CHECK(state(graph).next == std::vector<std::string>{"ask"});

  const RunOutcome third = resume(graph, "B");
  CHECK(third.status == OutcomeStatus::done);
  CHECK(text_of(third.values) == R"({"log":["A","B"]})");
  CHECK(executions == 3);
  CHECK(steps(graph) == "loop:1 loop:0 input:-1");
}

TEST_CASE_METHOD(ThreadFixture, "Going on without an answer asks the same question again") {
  int executions = 0;
  const Graph graph = two_questions(executions);
  const std::string asked = id_of(input(graph, "{}"), 0);
  CHECK(id_of(go_on(graph), 0) == asked);
  CHECK(lines == Lines{R"(values {"log":[]})", R"(interrupt [{"q":1}])"});
  resume(graph, "A");
  // The first answer is kept and never taken for the second one.
  CHECK(go_on(graph).all_interrupts.at(0).value == json::value("second"));
  CHECK(text_of(resume(graph, "B").values) == R"({"log":["A","B"]})");
}

TEST_CASE_METHOD(ThreadFixture, "Answers may be anything but null") {
  int executions = 0;
  const Graph graph = two_questions(executions);
  const std::vector<json::value> answers{0, "", false, json::array{}, json::object{}, json::array{1, 2}};
  for (const json::value& answer : answers) {
    input(graph, "{}");
    resume(graph, answer);
    resume(graph, answer);
    json::array expected;
    expected.push_back(answer);
    expected.push_back(answer);
    const json::value log = state(graph).values["log"].json();
    const auto size = static_cast<std::ptrdiff_t>(log.as_array().size());
    CHECK(json::array(log.as_array().begin() + (size - 2), log.as_array().end()) == expected);
  }
}

TEST_CASE_METHOD(ThreadFixture, "Parallel questions: siblings finish, and the partial state is shown") {
  const Graph graph = parallel();
  const RunOutcome outcome = input(graph, R"({"x":1})");
  CHECK(lines == Lines{
                     R"(values {"x":1,"log":[]})",
                     R"(interrupt ["qa"])",
                     R"(interrupt ["qb"])",
                     R"(updates c {"log":["c"]})",
                     R"(values {"x":1,"log":["c"]})",
                 });
  CHECK(text_of(outcome.values) == R"({"x":1,"log":["c"]})");
  CHECK(outcome.next == std::vector<std::string>{"a", "b"});
  CHECK(text_of(state(graph).values) == R"({"x":1,"log":["c"]})");
  CHECK(state(graph).next == std::vector<std::string>{"a", "b"});

  resume(graph, json::object{{id_of(outcome, 0), "VA"}});
  CHECK(lines == Lines{
                     R"(values {"x":1,"log":[]})",
                     R"(updates c {"log":["c"]} cached)",
                     R"(updates a {"log":["a:VA"]})",
                     R"(interrupt ["qb"])",
                     R"(values {"x":1,"log":["a:VA","c"]})",
                 });
  resume(graph, json::object{{id_of(outcome, 1), "VB"}});
  CHECK(lines == Lines{
                     R"(values {"x":1,"log":[]})",
                     R"(updates a {"log":["a:VA"]} cached)",
                     R"(updates c {"log":["c"]} cached)",
                     R"(updates b {"log":["b:VB"]})",
                     R"(values {"x":1,"log":["a:VA","b:VB","c"]})",
                     R"(updates z {"log":["z"]})",
                     R"(values {"x":1,"log":["a:VA","b:VB","c","z"]})",
                 });
}

TEST_CASE_METHOD(ThreadFixture, "Parallel questions are answered together by a map of ids") {
  const Graph graph = parallel();
  const RunOutcome asked = input(graph, R"({"x":1})");
  const RunOutcome outcome = resume(graph, json::object{{id_of(asked, 0), "VA"}, {id_of(asked, 1), "VB"}});
  CHECK(text_of(outcome.values) == R"({"x":1,"log":["a:VA","b:VB","c","z"]})");
}

TEST_CASE_METHOD(ThreadFixture, "One answer for several questions is refused before anything runs") {
  const Graph graph = parallel();
  input(graph, R"({"x":1})");
  const RunOutcome outcome = resume(graph, "V");
  CHECK(outcome.status == OutcomeStatus::failed);
  REQUIRE(outcome.error);
  CHECK(outcome.error->message ==
        "When there are multiple pending interrupts, you must specify the interrupt id when resuming.");
  CHECK(lines.empty());
  CHECK(outcome.all_interrupts.size() == 2);
  CHECK(state(graph).next == std::vector<std::string>{"a", "b"});
}

TEST_CASE_METHOD(ThreadFixture, "An answer to an unknown question is passed over") {
  int executions = 0;
  const Graph graph = two_questions(executions);
  const std::string asked = id_of(input(graph, "{}"), 0);
  const RunOutcome outcome = resume(graph, json::object{{std::string(32, 'a'), "V"}});
  CHECK(id_of(outcome, 0) == asked);
}

TEST_CASE_METHOD(ThreadFixture, "The id of the first question serves for a later one of the same node") {
  int executions = 0;
  const Graph graph = two_questions(executions);
  const std::string first = id_of(input(graph, "{}"), 0);
  resume(graph, "A");
  CHECK(text_of(resume(graph, json::object{{first, "B"}}).values) == R"({"log":["A","B"]})");
}

TEST_CASE_METHOD(ThreadFixture,
                 "An answer that nobody asked for does not keep a Command from doing the rest on a fresh thread") {
  const Graph graph = StateGraph().append("log").node("a", writing("a")).edge(kStart, "a").compile();
  Command command = Command().set("log", {"c"}).to("a");
  command.resume = "yes";
  CHECK(text_of(run(graph, command).values) == R"({"log":["c","a"]})");
}

TEST_CASE_METHOD(
    ThreadFixture,
    "A checkpoint that the run finds is told with all of its metadata, those that it makes with their own") {
  kinds.checkpoints = true;
  config.checkpoint_metadata = std::make_shared<const json::object>(json::object{{"note", "kept"}});
  const Graph graph = StateGraph().append("log").node("ask", asking("a")).edge(kStart, "ask").compile();
  const auto told = [&] {
    std::vector<bool> with_note;
    for (const RunEvent& event : facts) {
      const CheckpointFact* fact = std::get_if<CheckpointFact>(&event);
      if (fact) with_note.push_back(to_json(fact->metadata).contains("note"));
    }
    return with_note;
  };
  input(graph, "{}");
  CHECK(told() == std::vector<bool>{false, false});
  resume(graph, "A");
  CHECK(told() == std::vector<bool>{true, false});
}

TEST_CASE_METHOD(ThreadFixture, "An answer on a finished thread does nothing, on a fresh one it is an error") {
  int executions = 0;
  const Graph graph = two_questions(executions);
  const RunOutcome fresh = resume(graph, "A");
  CHECK(fresh.status == OutcomeStatus::failed);
  CHECK(fresh.error->name == "EmptyInputError");
  CHECK(fresh.error->message == R"(Received no input writes for "__start__")");
  input(graph, "{}");
  resume(graph, "A");
  resume(graph, "B");
  CHECK(resume(graph, "C").status == OutcomeStatus::done);
  CHECK(lines == Lines{R"(values {"log":["A","B"]})"});
}

TEST_CASE_METHOD(ThreadFixture, "New input while a question is open starts over") {
  const Graph graph = parallel();
  input(graph, R"({"x":1})");
  const RunOutcome outcome = input(graph, R"({"x":2})");
  CHECK(lines.front() == R"(values {"x":2,"log":[]})");
  CHECK(outcome.all_interrupts.size() == 2);
  CHECK(steps(graph) == "loop:2 input:1 loop:0 input:-1");
}

TEST_CASE_METHOD(ThreadFixture, "Without a saver asking is an error") {
  saver = nullptr;
  int executions = 0;
  const RunOutcome outcome = input(two_questions(executions), "{}");
  CHECK(outcome.status == OutcomeStatus::failed);
  CHECK(outcome.error->name == "GraphValueError");
  CHECK(outcome.error->message.starts_with("No checkpointer set"));
}

TEST_CASE_METHOD(ThreadFixture, "A Command may answer and write; what it wrote stays when the node asks again") {
  int executions = 0;
  const Graph graph = two_questions(executions);
  input(graph, "{}");
  Command command = Command().set("log", {"by command"});
  command.resume = "A";
  run(graph, command);
  CHECK(lines == Lines{R"(values {"log":["by command"]})", R"(interrupt ["second"])"});
  CHECK(text_of(state(graph).values) == R"({"log":["by command"]})");
  CHECK(text_of(resume(graph, "B").values) == R"({"log":["by command","A","B"]})");
}

TEST_CASE_METHOD(ThreadFixture, "An attempt that is taken up again answers the same question, not the next one") {
  int executions = 0;
  const Graph graph = two_questions(executions);
  input(graph, "{}");
  config.run_id = RunId{uuid4()};
  Command command = Command().set("log", {"once"});
  command.resume = "A";
  CHECK(run(graph, command).all_interrupts.at(0).value == json::value("second"));
  // The process died before the status of the run was stored.
  const RunOutcome again = run(graph, command);
  REQUIRE(again.status == OutcomeStatus::interrupted);
  CHECK(again.all_interrupts.at(0).value == json::value("second"));
  CHECK(lines.front() == R"(values {"log":["once"]})");
}

TEST_CASE_METHOD(ThreadFixture, "An answer after an edit goes to the question that is asked then") {
  const Graph graph = StateGraph().append("log").node("a", asking("a")).edge(kStart, "a").compile();
  input(graph, "{}");
  update(graph, R"({"log":["edit"]})");
  CHECK(text_of(resume(graph, "V").values) == R"({"log":["edit","a:V"]})");
}

TEST_CASE_METHOD(ThreadFixture, "A static breakpoint asks nothing and is passed once by going on") {
  const Graph graph = StateGraph()
                          .append("log")
                          .node("one", writing("one"))
                          .node("two", writing("two"))
                          .edge(kStart, "one")
                          .edge("one", "two")
                          .compile();
  SECTION("before a node") {
    before = Breakpoints{false, {"two"}};
    const RunOutcome outcome = input(graph, "{}");
    CHECK(outcome.status == OutcomeStatus::interrupted);
    CHECK(outcome.interrupts.empty());
    CHECK(lines == Lines{R"(updates one {"log":["one"]})", R"(values {"log":["one"]})", "interrupt []"});
  }
  SECTION("after a node") {
    after = Breakpoints{false, {"one"}};
    CHECK(input(graph, "{}").status == OutcomeStatus::interrupted);
    CHECK(lines == Lines{R"(updates one {"log":["one"]})", R"(values {"log":["one"]})", "interrupt []"});
  }
  SECTION("before every node") {
    before = Breakpoints{true, {}};
    CHECK(input(graph, "{}").next == std::vector<std::string>{"one"});
    CHECK(go_on(graph).next == std::vector<std::string>{"two"});
  }
  CHECK(state(graph).next == std::vector<std::string>{"two"});
  CHECK(state(graph).tasks.at(0).view.interrupts.empty());
  const RunOutcome rest = go_on(graph);
  CHECK(rest.status == OutcomeStatus::done);
  CHECK(lines ==
        Lines{R"(values {"log":["one"]})", R"(updates two {"log":["two"]})", R"(values {"log":["one","two"]})"});
}

TEST_CASE_METHOD(ThreadFixture, "A finished call survives a question beside it and is seen by nobody") {
  int sent = 0;
  const auto tools = [&sent](NodeContext& context) -> NodeResult {
    if (!context.finished_call("mail")) {
      ++sent;
      context.keep_finished_call("mail", {{"sent", sent}});
    }
    const json::value answer = context.interrupt("consent?");
    return Update{{"log", {*context.finished_call("mail"), answer}}};
  };
  const Graph graph = StateGraph().append("log").node("tools", tools).edge(kStart, "tools").compile();
  kinds.tasks = kinds.checkpoints = true;
  durability = GENERATE(Durability::sync, Durability::async, Durability::exit);
  input(graph, "{}");
  for (const std::string& line : lines) CHECK(line.find("mail") == std::string::npos);
  CHECK(state(graph).next == std::vector<std::string>{"tools"});
  CHECK_FALSE(state(graph).tasks.at(0).view.result);
  CHECK(text_of(resume(graph, "yes").values) == R"({"log":[{"sent":1},"yes"]})");
  CHECK(sent == 1);
}

TEST_CASE_METHOD(ThreadFixture, "Questions of a call that is not made again keep their numbers") {
  const auto tools = [](NodeContext& context) -> NodeResult {
    json::array log;
    if (const std::optional<json::value> known = context.finished_call("first")) {
      context.pass_interrupts(1);
      log.push_back(*known);
    } else {
      json::value answer = context.interrupt("first?");
      context.keep_finished_call("first", answer);
      log.push_back(std::move(answer));
    }
    log.push_back(context.interrupt("second?"));
    return Update{{"log", std::move(log)}};
  };
  const Graph graph = StateGraph().append("log").node("tools", tools).edge(kStart, "tools").compile();
  const std::string task = input(graph, "{}").interrupts.begin()->first;
  CHECK(id_of(resume(graph, "1"), 0) == interrupt_id("tools:" + task + "|1"));
  CHECK(text_of(resume(graph, "2").values) == R"({"log":["1","2"]})");
}

TEST_CASE_METHOD(ThreadFixture, "The history shows what a finished task had asked once nothing of its step is open") {
  const Graph graph = parallel();
  const RunOutcome asked = input(graph, "{}");
  REQUIRE(asked.all_interrupts.size() == 2);
  const std::string a = id_of(asked, 0);
  const auto asked_in = [&] {
    std::map<std::string, std::vector<std::string>> asked_by;
    for (const SnapshotTask& task : state(graph, address_at(graph, 0)).tasks) {
      for (const Interrupt& interrupt : task.view.interrupts) asked_by[task.view.name].push_back(interrupt.id);
    }
    return asked_by;
  };
  resume(graph, json::object{{a, "x"}});
  const std::map<std::string, std::vector<std::string>> open{{"b", {id_of(asked, 1)}}};
  CHECK(asked_in() == open);
  CHECK(resume(graph, "y").status == OutcomeStatus::done);
  const std::map<std::string, std::vector<std::string>> all{{"a", {a}}, {"b", {id_of(asked, 1)}}};
  CHECK(asked_in() == all);
  for (const SnapshotTask& task : state(graph, address_at(graph, 0)).tasks) CHECK(task.view.result);
  CHECK(state(graph).tasks.empty());
}

TEST_CASE_METHOD(ThreadFixture, "A strict resume takes answers to questions that wait, and refuses all others") {
  strict_resume = true;
  const Graph graph = parallel();
  const RunOutcome asked = input(graph, "{}");
  REQUIRE(asked.all_interrupts.size() == 2);
  const std::string steps_before = steps(graph);
  const auto refused = [&](json::value answer) {
    const RunOutcome outcome = resume(graph, std::move(answer));
    CHECK(outcome.status == OutcomeStatus::failed);
    CHECK(outcome.next == asked.next);
    CHECK(steps(graph) == steps_before);
    return outcome.error ? outcome.error->name + ": " + outcome.error->message : "";
  };
  const std::string unknown(32, '0');
  const std::string known = id_of(asked, 0);
  CHECK(refused(json::object{{unknown, "x"}}) ==
        "UnknownInterruptError: Unknown or already-consumed interrupt: " + unknown);
  // One that is unknown is enough to take none.
  CHECK(refused(json::object{{known, "x"}, {unknown, "x"}}).find(unknown) != std::string::npos);
  CHECK(refused(json::object{}) == "UnknownInterruptError: The resume map names no interrupt");
  CHECK(refused("x").find("multiple pending interrupts") != std::string::npos);

  const RunOutcome half = resume(graph, json::object{{known, "x"}});
  REQUIRE(half.all_interrupts.size() == 1);
  CHECK(resume(graph, json::object{{known, "x"}}).error->name == "UnknownInterruptError");
  CHECK(resume(graph, "y").status == OutcomeStatus::done);
  CHECK(resume(graph, "y").error->message == "No interrupt waits for an answer");
}

TEST_CASE_METHOD(ThreadFixture, "A task that failed with an answer keeps it on going on, and takes a new one") {
  const auto picky = [](NodeContext& context) -> NodeResult {
    const json::value first = context.interrupt("first?");
    const json::value second = context.interrupt("second?");
    if (second == "wrong") throw std::runtime_error("wrong answer");
    return Update{{"log", {first, second}}};
  };
  const Graph graph = StateGraph().append("log").node("picky", picky).edge(kStart, "picky").compile();
  input(graph, "{}");
  resume(graph, "A");
  CHECK(resume(graph, "wrong").error->message == "wrong answer");
  CHECK(go_on(graph).error->message == "wrong answer");
  CHECK(text_of(resume(graph, "B").values) == R"({"log":["A","B"]})");
}

}  // namespace
}  // namespace heddle::runtime
