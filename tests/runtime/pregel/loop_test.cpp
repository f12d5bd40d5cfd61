#include "runtime/pregel/loop.h"

#include <catch2/catch.hpp>

#include "runtime/error.h"
#include "runtime/uuid.h"
#include "tests/runtime/pregel/engine_fixture.h"
#include "tests/runtime/pregel/passing_saver.h"

namespace heddle::runtime {
namespace {

// runtime.md 18.1.
Graph linear() {
  return StateGraph()
      .last("a")
      .append("log")
      .node("one", [](const State& s) { return Update{{"a", s.integer("a") + 1}, {"log", {"one"}}}; })
      .node("two", [](const State&) { return Update{{"log", {"two"}}}; })
      .node("nothing", [](const State&) { return NodeResult(); })
      .node("empty", [](const State&) { return Update{}; })
      .edge(kStart, "one")
      .edge("one", "two")
      .edge("two", "nothing")
      .edge("nothing", "empty")
      .compile();
}

TEST_CASE_METHOD(ThreadFixture, "A run tells values after each superstep that wrote, and one update for each node") {
  const RunOutcome outcome = input(linear(), R"({"a":1,"unknown":5})");
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(text_of(outcome.values) == R"({"a":2,"log":["one","two"]})");
  CHECK(lines == Lines{
                     R"(values {"a":1,"log":[]})",
                     R"(updates one {"a":2,"log":["one"]})",
                     R"(values {"a":2,"log":["one"]})",
                     R"(updates two {"log":["two"]})",
                     R"(values {"a":2,"log":["one","two"]})",
                     R"(updates nothing {})",
                     R"(updates empty {})",
                 });
  CHECK(steps(linear()) == "loop:4 loop:3 loop:2 loop:1 loop:0 input:-1");
}

TEST_CASE_METHOD(ThreadFixture, "A second run counts on and starts from the state of the first") {
  input(linear(), R"({"a":1})");
  input(linear(), R"({"a":10})");
  CHECK(lines.front() == R"(values {"a":10,"log":["one","two"]})");
  CHECK(steps(linear()) == "loop:10 loop:9 loop:8 loop:7 loop:6 input:5 loop:4 loop:3 loop:2 loop:1 loop:0 input:-1");
}

TEST_CASE_METHOD(ThreadFixture, "Without a saver the same facts are told") {
  saver = nullptr;
  const RunOutcome outcome = input(linear(), R"({"a":1})");
  CHECK(text_of(outcome.values) == R"({"a":2,"log":["one","two"]})");
  CHECK(lines.size() == 7);
  CHECK_FALSE(outcome.head);
}

// streaming.md 9 A.
TEST_CASE_METHOD(ThreadFixture, "All kinds of facts come in the order of the specification") {
  const Graph graph = StateGraph()
                          .last("x")
                          .append("log")
                          .node("one",
                                [](NodeContext& context) -> NodeResult {
                                  context.write({{"progress", 1}});
                                  return Update{{"log", {"one"}}, {"x", context.state().integer("x") + 1}};
                                })
                          .node("noop", [](const State&) { return NodeResult(); })
                          .edge(kStart, "one")
                          .edge("one", "noop")
                          .compile();
  kinds.custom = kinds.tasks = kinds.checkpoints = true;
  input(graph, R"({"x":1})");
  Lines expected{
      R"(checkpoint input:-1 {"log":[]} __start__)",
      R"(values {"x":1,"log":[]})",
      R"(checkpoint loop:0 {"x":1,"log":[]} one)",
      R"(task 1 one {"x":1,"log":[]} branch:to:one)",
      R"(custom {"progress":1})",
      R"(updates one {"log":["one"],"x":2})",
      R"(result 1 one {"log":["one"],"x":2})",
      R"(values {"x":2,"log":["one"]})",
      R"(checkpoint loop:1 {"x":2,"log":["one"]} noop)",
      R"(task 2 noop {"x":2,"log":["one"]} branch:to:noop)",
      R"(updates noop {})",
      R"(result 2 noop {})",
      R"(checkpoint loop:2 {"x":2,"log":["one"]})",
  };
  CHECK(lines == expected);
  saver = nullptr;
  input(graph, R"({"x":1})");
  std::erase_if(expected, [](const std::string& line) { return line.starts_with("checkpoint"); });
  CHECK(lines == expected);
}

TEST_CASE_METHOD(ThreadFixture, "Values name the stored checkpoint that holds exactly them") {
  input(linear(), R"({"a":1})");
  for (const RunEvent& event : facts) {
    const ValuesFact* values = std::get_if<ValuesFact>(&event);
    if (!values) continue;
    REQUIRE(values->stored_as);
    CheckpointAddress address;
    address.id = values->stored_as;
    CHECK(text_of(state(linear(), address).values) == text_of(values->values));
  }
  durability = Durability::exit;
  input(linear(), R"({"a":1})");
  CHECK_FALSE(std::get<ValuesFact>(facts.front()).stored_as);
  CHECK(steps(linear()).starts_with("loop:10 loop:4 "));
}

// runtime.md 18.2.
TEST_CASE_METHOD(ThreadFixture, "A waiting edge joins branches of any length once") {
  const auto writing = [](std::string name) {
    return [name = std::move(name)](const State&) { return Update{{"log", {name}}}; };
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", writing("a"))
                          .node("b", writing("b"))
                          .node("b2", writing("b2"))
                          .node("c", writing("c"))
                          .node("d", writing("d"))
                          .edge(kStart, "a")
                          .edge("a", "b")
                          .edge("a", "c")
                          .edge("b", "b2")
                          .edge({"b2", "c"}, "d")
                          .compile();
  CHECK(text_of(input(graph, "{}").values) == R"({"log":["a","b","c","b2","d"]})");
}

// runtime.md 18.3.
TEST_CASE_METHOD(ThreadFixture, "Sent tasks come after nodes in the state and before them in the plan") {
  const auto route = [](const State&, const RunConfig&) {
    std::vector<Goto> targets;
    for (int i = 0; i < 3; ++i) targets.emplace_back(Send{"work", json::value{{"i", i}}});
    targets.emplace_back(std::string("fin"));
    return Routes(std::move(targets));
  };
  const Graph graph =
      StateGraph()
          .append("log")
          .node("plan", [](const State&) { return Update{{"log", {"plan"}}}; })
          .node("work", [](const State& s) { return Update{{"log", {"work" + std::to_string(s.integer("i"))}}}; })
          .node("fin", [](const State&) { return Update{{"log", {"fin"}}}; })
          .edge(kStart, "plan")
          .conditional("plan", route)
          .edge("work", "fin")
          .compile();
  kinds.checkpoints = true;
  input(graph, "{}");
  CHECK(lines.at(3) == R"(values {"log":["plan"]})");
  CHECK(lines.at(4) == R"(checkpoint loop:1 {"log":["plan"]} work work work fin)");
  CHECK(text_of(state(graph).values) == R"({"log":["plan","fin","work0","work1","work2","fin"]})");
}

TEST_CASE_METHOD(ThreadFixture, "A list of Commands and updates shows each write of a key") {
  const auto several = [](NodeContext&) -> NodeResult {
    std::vector<NodeResult::Part> parts;
    parts.emplace_back(Command().set("log", {"a1"}).to("b"));
    parts.emplace_back(Update{{"log", {"a2"}}});
    return parts;
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", several, {.ends = {"b"}})
                          .node("b", [](const State&) { return Update{{"log", {"b"}}}; })
                          .node("c", [](const State&) { return Update{{"log", {"c"}}}; })
                          .edge(kStart, "a")
                          .edge("a", "c")
                          .compile();
  kinds.tasks = true;
  input(graph, "{}");
  CHECK(lines.at(1) == R"(updates a [{"log":["a1"]},{"log":["a2"]}])");
  CHECK(lines.at(2) == R"(result 1 a {"log":{"$writes":[["a1"],["a2"]]}})");
  // Static edges fire beside the Command's target (runtime.md 18.9).
  CHECK(text_of(state(graph).values) == R"({"log":["a1","a2","b","c"]})");
}

TEST_CASE_METHOD(ThreadFixture, "A Send to nowhere fails its node") {
  const auto to = [](std::string target) {
    return [target = std::move(target)](NodeContext&) -> NodeResult { return Command().to(Send{target, Value()}); };
  };
  const Graph nobody = StateGraph().append("log").node("a", to("nobody")).edge(kStart, "a").compile();
  CHECK(input(nobody, "{}").error->message == R"(Invalid node name "nobody" in Send packet)");
  const Graph end = StateGraph().append("log").node("a", to(std::string(kEnd))).edge(kStart, "a").compile();
  CHECK(input(end, "{}").error->message == "Cannot send a packet to the END node");
}

TEST_CASE_METHOD(ThreadFixture, "A run that is taken up again goes on and takes no input twice") {
  config.run_id = RunId{uuid4()};
  bool broken = true;
  const auto second = [&](NodeContext&) -> NodeResult {
    if (broken) throw std::runtime_error("crash");
    return Update{{"log", {"second"}}};
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("first", [](const State&) { return Update{{"log", {"first"}}}; })
                          .node("second", second)
                          .edge(kStart, "first")
                          .edge("first", "second")
                          .compile();
  input(graph, R"({"log":["in"]})");
  broken = false;
  CHECK(text_of(input(graph, R"({"log":["in"]})").values) == R"({"log":["in","first","second"]})");
}

// Fails at its nth write, once.
class FaultySaver final : public PassingSaver {
 public:
  FaultySaver(MemorySaver& kept, int nth) : PassingSaver(kept), left_(nth) {}
  bool struck() const { return left_ <= 0; }

  void put(Checkpoint checkpoint) override {
    strike();
    PassingSaver::put(std::move(checkpoint));
  }
  void put_writes(std::string ns, CheckpointId id, TaskWrites writes) override {
    strike();
    PassingSaver::put_writes(std::move(ns), id, std::move(writes));
  }

 private:
  void strike() {
    if (--left_ == 0) throw std::runtime_error("disk full");
  }
  int left_;
};

TEST_CASE("Whichever write fails, the run throws, and taken up again it comes to the same end") {
  const Graph inner = StateGraph()
                          .append("log")
                          .node("i1", [](const State&) { return Update{{"log", {"i1"}}}; })
                          .node("i2", [](const State&) { return Update{{"log", {"i2"}}}; })
                          .edge(kStart, "i1")
                          .edge("i1", "i2")
                          .compile();
  const auto waits = [](NodeContext&) -> boost::asio::awaitable<NodeResult> {
    NodeResult result = Update{{"log", {"w"}}};
    co_return result;
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", [](const State&) { return Update{{"log", {"a"}}}; })
                          .node("inner", inner)
                          .node("w", waits)
                          .node("z", [](const State&) { return Update{{"log", {"z"}}}; })
                          .edge(kStart, "a")
                          .edge("a", "inner")
                          .edge("a", "w")
                          .edge({"inner", "w"}, "z")
                          .compile();
  const std::string undisturbed = R"({"log":["a","a","i1","i2","w","z"]})";
  int tried = 0;
  for (int n = 1;; ++n) {
    INFO("write " << n << " fails");
    ThreadFixture thread;
    thread.config.run_id = RunId{uuid4()};
    FaultySaver faulty(thread.memory, n);
    thread.saver = &faulty;
    try {
      const RunOutcome outcome = thread.input(graph, "{}");
      CHECK(text_of(outcome.values) == undisturbed);
    } catch (const std::runtime_error& error) {
      CHECK(std::string(error.what()) == "disk full");
    }
    if (!faulty.struck()) break;
    ++tried;
    const RunOutcome again = thread.input(graph, "{}");
    CHECK(again.status == OutcomeStatus::done);
    CHECK(text_of(again.values) == undisturbed);
  }
  CHECK(tried > 12);
}

}  // namespace
}  // namespace heddle::runtime
