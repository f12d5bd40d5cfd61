#include <catch2/catch.hpp>

#include "runtime/error.h"
#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

Graph asks() {
  return StateGraph()
      .append("log")
      .node("done", writing("done"))
      .node("ask",
            [](NodeContext& context) -> NodeResult {
              const json::value answer = context.interrupt("?");
              return Update{{"log", {answer}}};
            })
      .edge(kStart, "ask")
      .edge(kStart, "done")
      .compile();
}

TEST_CASE_METHOD(ThreadFixture, "Going on from an older checkpoint forks it and runs the rest again") {
  const Graph graph = abc();
  input(graph, "{}");
  const CheckpointAddress second = address_at(graph, 1);
  run(graph, NoInput{}, second);
  CHECK(lines == Lines{R"(values {"log":["a"]})", R"(updates b {"log":["b"]})", R"(values {"log":["a","b"]})",
                       R"(updates c {"log":["c"]})", R"(values {"log":["a","b","c"]})"});
  CHECK(steps(graph) == "loop:4 loop:3 fork:2 loop:3 loop:2 loop:1 loop:0 input:-1");
  CHECK(history(graph).at(2).parent->id == second.id);
}

TEST_CASE_METHOD(ThreadFixture, "New input at an older checkpoint branches there") {
  const Graph graph = abc();
  input(graph, "{}");
  const CheckpointAddress second = address_at(graph, 1);
  run(graph, GraphInput{json::object{}}, second);
  CHECK(steps(graph) == "loop:6 loop:5 loop:4 loop:3 input:2 loop:3 loop:2 loop:1 loop:0 input:-1");
  CHECK(history(graph).at(4).parent->id == second.id);
  CHECK(text_of(state(graph).values) == R"({"log":["a","a","b","c"]})");
}

TEST_CASE_METHOD(ThreadFixture, "Going on from a checkpoint that was made by hand makes no second fork") {
  const Graph graph = abc();
  input(graph, "{}");
  const CheckpointAddress made = update(graph, R"({"log":["hand"]})", std::nullopt, address_at(graph, 1));
  CHECK(state(graph).next == std::vector<std::string>{"b"});
  run(graph, NoInput{}, made);
  CHECK(steps(graph) == "loop:4 loop:3 update:2 loop:3 loop:2 loop:1 loop:0 input:-1");
  CHECK(text_of(state(graph).values) == R"({"log":["a","hand","b","c"]})");
}

TEST_CASE_METHOD(ThreadFixture, "The head given as checkpoint is an ordinary place to answer at and to go on from") {
  const Graph graph = asks();
  input(graph, "{}");
  const CheckpointAddress head = *state(graph).checkpoint;
  run(graph, NoInput{}, head);
  CHECK(lines.at(1) == R"(updates done {"log":["done"]} cached)");
  Command command;
  command.resume = "A";
  run(graph, command, head);
  CHECK(lines.at(1) == R"(updates done {"log":["done"]} cached)");
  CHECK(text_of(state(graph).values) == R"({"log":["A","done"]})");
  CHECK(steps(graph) == "loop:1 loop:0 input:-1");
}

TEST_CASE_METHOD(ThreadFixture, "An answer at an older checkpoint forks, and the new answer counts") {
  const Graph graph = asks();
  const RunOutcome asked = input(graph, "{}");
  const CheckpointAddress old = *state(graph).checkpoint;
  resume(graph, "R");
  json::value answer = "R2";
  SECTION("given alone") {}
  SECTION("given by the id that the question had") {
    answer = json::object{{asked.all_interrupts.at(0).id, "R2"}};
  }
  Command command;
  command.resume = answer;
  run(graph, command, old);
  CHECK(text_of(state(graph).values) == R"({"log":["R2","done"]})");
  CHECK(steps(graph) == "loop:2 fork:1 loop:1 loop:0 input:-1");
}

TEST_CASE_METHOD(ThreadFixture, "At an older checkpoint with several questions each gets its own answer and no other") {
  const Graph graph = two_askers();
  const RunOutcome asked = input(graph, "{}");
  const std::string of_a = asked.all_interrupts.at(0).id;
  const std::string of_b = asked.all_interrupts.at(1).id;
  const CheckpointAddress old = *state(graph).checkpoint;
  resume(graph, json::object{{of_a, "1"}, {of_b, "2"}});
  Command command;
  SECTION("both") {
    command.resume = json::object{{of_b, "VB"}, {of_a, "VA"}};
    CHECK(text_of(run(graph, command, old).values) == R"({"log":["a:VA","b:VB"]})");
  }
  SECTION("one of them") {
    command.resume = json::object{{of_b, "VB"}};
    const RunOutcome outcome = run(graph, command, old);
    CHECK(outcome.status == OutcomeStatus::interrupted);
    CHECK(outcome.next == std::vector<std::string>{"a"});
    CHECK(text_of(resume(graph, "VA").values) == R"({"log":["a:VA","b:VB"]})");
  }
  SECTION("one answer for both is refused") {
    command.resume = "V";
    const RunOutcome outcome = run(graph, command, old);
    REQUIRE(outcome.error);
    CHECK(outcome.error->message.starts_with("When there are multiple pending interrupts"));
  }
  SECTION("of a question that nobody asked") {
    command.resume = json::object{{"0123456789abcdef0123456789abcdef", "V"}};
    CHECK(run(graph, command, old).next == std::vector<std::string>{"a", "b"});
  }
}

TEST_CASE_METHOD(ThreadFixture, "At an older checkpoint the question of a graph inside is answered by its old id too") {
  const Graph inner = StateGraph().append("log").node("ask", asking("in")).edge(kStart, "ask").compile();
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", asking("a"))
                          .node("inner", inner)
                          .edge(kStart, "a")
                          .edge(kStart, "inner")
                          .compile();
  const RunOutcome asked = input(graph, "{}");
  const CheckpointAddress old = *state(graph).checkpoint;
  const std::size_t place = asked.all_interrupts.at(0).value == "qin" ? 0 : 1;
  const std::string of_inner = asked.all_interrupts.at(place).id;
  const std::string of_a = asked.all_interrupts.at(1 - place).id;
  resume(graph, json::object{{of_a, "1"}, {of_inner, "2"}});
  Command command;
  command.resume = json::object{{of_inner, "VI"}};
  const RunOutcome outcome = run(graph, command, old);
  CHECK(outcome.next == std::vector<std::string>{"a"});
  CHECK(text_of(resume(graph, "VA").values) == R"({"log":["a:VA","in:VI"]})");
}

TEST_CASE_METHOD(ThreadFixture, "Going back to a question asks it again") {
  const Graph graph = asks();
  input(graph, "{}");
  const CheckpointAddress old = *state(graph).checkpoint;
  resume(graph, "R");
  const RunOutcome again = run(graph, NoInput{}, old);
  CHECK(again.status == OutcomeStatus::interrupted);
  CHECK(lines.at(1) == R"(updates done {"log":["done"]})");
  CHECK(lines.at(2) == R"(interrupt ["?"])");
}

TEST_CASE_METHOD(ThreadFixture, "After a restart with a clock that went back, new checkpoints are still the newest") {
  const Graph graph = abc();
  input(graph, "{}");
  ThreadFixture restarted;
  restarted.saver = saver;
  restarted.clock.set(clock.now() - std::chrono::hours{1});
  restarted.input(graph, "{}");
  CHECK(state(graph).values["log"].text() == R"(["a","b","c","a","b","c"])");
  ThreadFixture again;
  again.saver = saver;
  again.clock.set(clock.now() - std::chrono::hours{2});
  again.update(graph, R"({"log":["by hand"]})", "c");
  CHECK(state(graph).values["log"].text() == R"(["a","b","c","a","b","c","by hand"])");
}

TEST_CASE_METHOD(ThreadFixture, "From an unknown checkpoint an input starts afresh, and no input is an error") {
  const Graph graph = abc();
  input(graph, "{}");
  CheckpointAddress unknown;
  unknown.id = CheckpointId{};
  CHECK(run(graph, NoInput{}, unknown).error->name == "EmptyInputError");
  const RunOutcome afresh = run(graph, GraphInput{boost::json::object{}}, unknown);
  CHECK(afresh.status == OutcomeStatus::done);
  CHECK(afresh.values["log"].text() == R"(["a","b","c"])");
  CHECK(state(graph, unknown).checkpoint->id == unknown.id);
  CHECK(state(graph, unknown).values.empty());
}

// streaming.md 9 N.
TEST_CASE_METHOD(ThreadFixture, "A Command that goes somewhere leaves what was pending") {
  const Graph graph = StateGraph()
                          .append("log")
                          .node("one", writing("one"))
                          .node("two", writing("two"))
                          .edge(kStart, "one")
                          .edge("one", "two")
                          .compile();
  before = Breakpoints{false, {"two"}};
  input(graph, "{}");
  before.reset();
  SECTION("by name: one task for it") {
    run(graph, Command().set("log", {"cmd"}).to("two"));
    CHECK(lines == Lines{R"(values {"log":["one","cmd"]})", R"(updates two {"log":["two"]})",
                         R"(values {"log":["one","cmd","two"]})"});
    CHECK(steps(graph) == "loop:3 input:2 loop:1 loop:0 input:-1");
  }
  SECTION("by Send: the sent task and the pending one") {
    kinds.tasks = true;
    run(graph, Command().to(Send{"two", json::value{{"sent", 1}}}));
    CHECK(lines.at(1) == R"(task 3 two {"sent":1} __pregel_push)");
    CHECK(lines.at(2) == R"(task 3 two {"log":["one"]} branch:to:two)");
    CHECK(lines.back() == R"(values {"log":["one","two","two"]})");
  }
  SECTION("to nowhere: nothing but the values") {
    run(graph, Command().to("nobody"));
    CHECK(lines.front() == R"(values {"log":["one"]})");
  }
}

TEST_CASE_METHOD(ThreadFixture, "An update runs the edges of the node it is made for") {
  const Graph graph = abc();
  SECTION("on a fresh thread it is START's") {
    update(graph, R"({"log":["x"]})");
    CHECK(steps(graph) == "update:0");
    CHECK(state(graph).next == std::vector<std::string>{"a"});
    go_on(graph);
    CHECK(text_of(state(graph).values) == R"({"log":["x","a","b","c"]})");
  }
  SECTION("without a name it is that of the node that ran last") {
    before = Breakpoints{false, {"b"}};
    input(graph, "{}");
    update(graph, R"({"log":["x"]})");
    CHECK(state(graph).next == std::vector<std::string>{"b"});
  }
  SECTION("in the name of a pending node it skips that node, also without values") {
    before = Breakpoints{false, {"b"}};
    input(graph, "{}");
    update(graph, "null", "b");
    CHECK(state(graph).next == std::vector<std::string>{"c"});
    CHECK(text_of(state(graph).values) == R"({"log":["a"]})");
  }
  SECTION("in the name of nobody it is refused and nothing is stored") {
    input(graph, "{}");
    std::vector<std::vector<StateUpdate>> supersteps;
    supersteps.push_back({{parse_json(R"({"log":["x"]})"), "a"}});
    supersteps.push_back({{parse_json("{}"), "zz"}});
    CHECK_THROWS_WITH(update_all(graph, std::move(supersteps)), "Node \"zz\" does not exist");
    CHECK(history(graph).size() == 5);
  }
}

TEST_CASE_METHOD(ThreadFixture, "Updates without a name are ambiguous when two nodes ran last") {
  const Graph graph = StateGraph()
                          .append("log")
                          .node("l", writing("l"))
                          .node("r", writing("r"))
                          .edge(kStart, "l")
                          .edge(kStart, "r")
                          .compile();
  input(graph, "{}");
  CHECK_THROWS_WITH(update(graph, "{}"), "Ambiguous update, specify \"asNode\"");
}

TEST_CASE_METHOD(ThreadFixture,
                 "Two nodes that ran last are no less ambiguous when one of them had two reasons to run") {
  const Graph graph = StateGraph()
                          .append("log")
                          .node("s", writing("s"))
                          .node("t", writing("t"))
                          .node("l", writing("l"))
                          .node("r", writing("r"))
                          .edge(kStart, "s")
                          .edge(kStart, "t")
                          .edge("s", "l")
                          .edge("s", "r")
                          .edge({"s", "t"}, "r")
                          .compile();
  input(graph, "{}");
  CHECK_THROWS_WITH(update(graph, "{}"), "Ambiguous update, specify \"asNode\"");
}

TEST_CASE_METHOD(ThreadFixture, "An update takes in what siblings have finished") {
  const Graph graph = asks();
  input(graph, "{}");
  update(graph, R"({"log":["hand"]})", "ask");
  CHECK(text_of(state(graph).values) == R"({"log":["done","hand"]})");
  CHECK(state(graph).next.empty());
}

TEST_CASE_METHOD(ThreadFixture, "Special names: input, end, copy, and no name at all") {
  const Graph graph = abc();
  before = Breakpoints{false, {"b"}};
  input(graph, "{}");
  before.reset();
  SECTION("as input") {
    update(graph, R"({"log":["in"],"other":1})", "__input__");
    CHECK(steps(graph) == "input:2 loop:1 loop:0 input:-1");
    CHECK(state(graph).next == std::vector<std::string>{"__start__"});
    go_on(graph);
    CHECK(text_of(state(graph).values) == R"({"log":["a","in","a","b","c"]})");
  }
  SECTION("as the end") {
    update(graph, "null", "__end__");
    CHECK(state(graph).next.empty());
    CHECK(text_of(state(graph).values) == R"({"log":["a"]})");
  }
  SECTION("as a copy") {
    const CheckpointAddress old = address_at(graph, 0);
    update(graph, "null", "__copy__");
    CHECK(steps(graph) == "fork:2 loop:1 loop:0 input:-1");
    CHECK(history(graph).front().parent->id == old.id);
    CHECK(state(graph).next == std::vector<std::string>{"b"});
    update(graph, R"([[{"log":["copied"]},"a"]])", "__copy__");
    CHECK(text_of(state(graph).values) == R"({"log":["a","copied"]})");
  }
  SECTION("with nothing the state stays") {
    update(graph, "null");
    CHECK(steps(graph) == "update:2 loop:1 loop:0 input:-1");
    CHECK(state(graph).next == std::vector<std::string>{"b"});
  }
}

TEST_CASE_METHOD(ThreadFixture, "A history is made of supersteps") {
  const Graph graph = abc();
  std::vector<std::vector<StateUpdate>> supersteps;
  supersteps.push_back({{parse_json(R"({"log":["in"]})"), "__input__"}});
  supersteps.push_back({{parse_json(R"({"log":["in"]})"), "__start__"}});
  supersteps.push_back({{parse_json(R"({"log":["f"]})"), "a"}, {parse_json(R"({"log":["g"]})"), "b"}});
  update_all(graph, std::move(supersteps));
  CHECK(steps(graph) == "update:1 update:0 input:-1");
  CHECK(text_of(state(graph).values) == R"({"log":["in","f","g"]})");
  CHECK(state(graph).next == std::vector<std::string>{"b", "c"});
  CHECK_THROWS_WITH(update_all(graph, {}), "No supersteps provided");
  CHECK_THROWS_WITH(update_all(graph, {{}}), "No updates provided");
}

TEST_CASE_METHOD(ThreadFixture, "Finished checkpoints show what their tasks wrote and who ran") {
  const Graph graph = abc();
  input(graph, R"({"log":["in"]})");
  const std::vector<StateSnapshot> all = history(graph);
  CHECK(all.back().next == std::vector<std::string>{"__start__"});
  CHECK(to_text(*all.back().tasks.at(0).view.result) == R"({"log":["in"]})");
  CHECK(to_text(*all.at(2).tasks.at(0).view.result) == R"({"log":["b"]})");
  CHECK(to_text(all.at(2).tasks.at(0).view.path) == R"(["__pregel_pull","b"])");
  CHECK(all.front().next.empty());
}

}  // namespace
}  // namespace heddle::runtime
