// When what a run did is stored (runtime.md 10.6).

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <cstdint>

#include "tests/runtime/pregel/engine_fixture.h"
#include "tests/runtime/pregel/passing_saver.h"

namespace heddle::runtime {
namespace {

// Notes what it is asked to do among what nodes note. Says that its disk is slow: what was put is durable with flush().
class NotingSaver final : public PassingSaver {
 public:
  NotingSaver(MemorySaver& kept, Lines& notes) : PassingSaver(kept), notes_(notes) {}

  void put(Checkpoint checkpoint) override {
    notes_.push_back("put " + std::to_string(checkpoint.metadata.step));
    PassingSaver::put(std::move(checkpoint));
  }
  void put_writes(std::string ns, CheckpointId id, TaskWrites writes) override {
    notes_.push_back("writes");
    PassingSaver::put_writes(std::move(ns), id, std::move(writes));
  }
  boost::asio::awaitable<void> wait_for_room() override {
    notes_.push_back("room");
    return PassingSaver::wait_for_room();
  }
  boost::asio::awaitable<void> flush() override {
    notes_.push_back("flush");
    return PassingSaver::flush();
  }

 private:
  Lines& notes_;
};

struct DurabilityFixture : ThreadFixture {
  Lines notes;
  NotingSaver noting{memory, notes};
  DurabilityFixture() { saver = &noting; }

  auto noted(std::string name) {
    return [this, name = std::move(name)](const State&) {
      notes.push_back("run " + name);
      return Update{{"log", {name}}};
    };
  }
  Graph two() {
    return StateGraph()
        .append("log")
        .node("a", noted("a"))
        .node("b", noted("b"))
        .edge(kStart, "a")
        .edge("a", "b")
        .compile();
  }
};

TEST_CASE_METHOD(DurabilityFixture, "sync: a superstep begins when everything before it is durable") {
  durability = Durability::sync;
  input(two(), "{}");
  CHECK(notes == Lines{"put -1", "writes", "put 0", "flush", "run a", "writes", "put 1", "flush", "run b", "writes",
                       "put 2", "flush", "flush"});
}

TEST_CASE_METHOD(DurabilityFixture, "sync: an answer, a fork and a Command are durable before the first node runs") {
  durability = Durability::sync;
  const Graph graph = two();
  input(graph, "{}");
  const CheckpointAddress old = history(graph).at(1).checkpoint.value();
  notes.clear();
  SECTION("a Command") {
    Command command;
    command.to("b");
    run(graph, command);
    CHECK(Lines(notes.begin(), notes.begin() + 3) == Lines{"put 3", "flush", "run b"});
  }
  SECTION("a fork") {
    run(graph, NoInput{}, old);
    CHECK(Lines(notes.begin(), notes.begin() + 3) == Lines{"put 2", "flush", "run b"});
  }
  SECTION("an answer") {
    const auto ask = [this](NodeContext& context) -> NodeResult {
      const json::value answer = context.interrupt("?");
      notes.push_back("run ask");
      return Update{{"log", {answer}}};
    };
    const Graph asks = StateGraph().append("log").node("ask", ask).edge(kStart, "ask").compile();
    input(asks, "{}");
    notes.clear();
    resume(asks, "yes");
    CHECK(Lines(notes.begin(), notes.begin() + 3) == Lines{"writes", "flush", "run ask"});
  }
}

TEST_CASE_METHOD(DurabilityFixture, "async: supersteps go on while things are stored, and the end waits for all") {
  durability = Durability::async;
  input(two(), "{}");
  CHECK(notes == Lines{"put -1", "writes", "put 0", "room", "run a", "writes", "put 1", "room", "run b", "writes",
                       "put 2", "room", "flush"});
}

TEST_CASE_METHOD(DurabilityFixture, "exit: one checkpoint at the end, and events of all") {
  durability = Durability::exit;
  kinds.checkpoints = true;
  input(two(), "{}");
  CHECK(notes == Lines{"run a", "run b", "put 2", "flush"});
  CHECK(steps(two()) == "loop:2");
  CHECK(std::ranges::count_if(lines, [](const std::string& line) { return line.starts_with("checkpoint "); }) == 4);
}

TEST_CASE_METHOD(DurabilityFixture, "exit: a question leaves one checkpoint, the answer another below it") {
  durability = Durability::exit;
  const auto ask = [](NodeContext& context) -> NodeResult {
    const json::value answer = context.interrupt("?");
    return Update{{"log", {answer}}};
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", noted("a"))
                          .node("beside", noted("beside"))
                          .node("ask", ask)
                          .edge(kStart, "a")
                          .edge("a", "ask")
                          .edge("a", "beside")
                          .compile();
  input(graph, "{}");
  CHECK(steps(graph) == "loop:1");
  CHECK(text_of(state(graph).values) == R"({"log":["a","beside"]})");
  resume(graph, "A");
  CHECK(steps(graph) == "loop:2 loop:1");
  CHECK(history(graph).at(0).parent->id == history(graph).at(1).checkpoint->id);
  CHECK(text_of(state(graph).values) == R"({"log":["a","A","beside"]})");
  CHECK(std::ranges::count(notes, "run beside") == 1);
}

TEST_CASE_METHOD(DurabilityFixture,
                 "exit: a run that is stopped between two supersteps leaves a state and no writes on it") {
  durability = Durability::exit;
  config.recursion_limit = 1'000;
  boost::asio::cancellation_signal stop;
  // Nothing is waited for on the way, so it is stopped where it lets others have the thread.
  const auto count = [&stop](const State& state) {
    const std::int64_t next = state.integer("count") + 1;
    if (next == 5) stop.emit(boost::asio::cancellation_type::terminal);
    return Update{{"count", next}};
  };
  const auto again = [](const State&, const RunConfig&) -> Routes { return "add"; };
  const Graph graph =
      StateGraph().last("count").node("add", count).edge(kStart, "add").conditional("add", again).compile();
  bool aborted = false;
  auto ended = [&aborted](std::exception_ptr error, RunOutcome) { aborted = error != nullptr; };
  boost::asio::co_spawn(io, start(graph, GraphInput{json::object{}}),
                        boost::asio::bind_cancellation_slot(stop.slot(), ended));
  io.restart();
  io.run();
  CHECK(aborted);
  CHECK(std::ranges::count(notes, "writes") == 0);
  const StateSnapshot left = state(graph);
  CHECK(left.values.integer("count") > 5);
  CHECK(left.next == std::vector<std::string>{"add"});
}

TEST_CASE_METHOD(DurabilityFixture, "exit: a failure leaves the last whole state and what siblings finished") {
  durability = Durability::exit;
  bool broken = true;
  const auto boom = [&broken](const State&) -> NodeResult {
    if (broken) throw std::runtime_error("boom");
    return Update{{"log", {"mended"}}};
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", noted("a"))
                          .node("beside", noted("beside"))
                          .node("boom", boom)
                          .edge(kStart, "a")
                          .edge("a", "beside")
                          .edge("a", "boom")
                          .compile();
  CHECK(input(graph, "{}").status == OutcomeStatus::failed);
  CHECK(state(graph).next == std::vector<std::string>{"boom"});
  broken = false;
  CHECK(text_of(go_on(graph).values) == R"({"log":["a","beside","mended"]})");
  CHECK(std::ranges::count(notes, "run beside") == 1);
}

}  // namespace
}  // namespace heddle::runtime
