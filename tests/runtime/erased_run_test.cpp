#include "runtime/erased_run.h"

#include <catch2/catch.hpp>

#include "runtime/state_api.h"
#include "runtime/state_graph.h"
#include "tests/runtime/saver_fixture.h"

namespace heddle::runtime {
namespace {

using test::kThread;
using test::StoredSaverFixture;

struct RunFixture : StoredSaverFixture {
  RunOutcome go(const std::shared_ptr<const CompiledGraph>& graph, RunInput input, std::optional<RunId> run_id = {}) {
    RunOptions options;
    options.input = std::move(input);
    auto config = std::make_shared<RunConfig>();
    config->run_id = run_id;
    options.config = std::move(config);
    const RunServices services{&saver(), nullptr, clock, ids, {}};
    return run(graph->run(std::move(options), services));
  }

  heddle::test::ManualClock clock;
  CheckpointIds ids;
};

// Asks twice.
std::shared_ptr<const CompiledGraph> asks() {
  const auto ask = [](NodeContext& context) -> NodeResult {
    const json::value first = context.interrupt("first?");
    const json::value second = context.interrupt("second?");
    return Update{{"log", {first, second}}};
  };
  return StateGraph().append("log").node("ask", ask).edge(kStart, "ask").compile();
}

}  // namespace

TEST_CASE_METHOD(RunFixture, "What a Command left on the checkpoint that it began at goes with its run") {
  const auto graph = asks();
  go(graph, GraphInput{json::object{}}, RunId{uuid4()});
  const RunId rolled_back{uuid4()};
  Command command;
  command.resume = "no";
  command.set("log", json::array{"updated"});
  CHECK(go(graph, command, rolled_back).status == OutcomeStatus::interrupted);
  run(saver().flush());
  const auto null_writes = [this] {
    const std::optional<LoadedCheckpoint> head = run(saver().newest(""));
    std::string text;
    for (const TaskWrites& writes : head->pending) {
      if (writes.task_id != TaskId{}) continue;
      for (const ChannelWrite& write : writes.writes) text += write.channel + " " + write.value.text() + "\n";
    }
    return text;
  };
  CHECK(null_writes().find("updated") != std::string::npos);
  auto erase = [&](storage::Transaction& transaction) { erase_run(transaction, kThread, rolled_back); };
  run(storage->commit(std::move(erase)));
  renew();
  CHECK(null_writes().empty());
}

TEST_CASE_METHOD(RunFixture,
                 "A run that has begun stands in the way of what it goes on from until it has stored its own") {
  const auto graph = asks();
  const RunId first{uuid4()};
  go(graph, GraphInput{json::object{}}, first);
  run(saver().flush());
  storage::Run other;
  other.run_id = RunId{uuid4()};
  other.thread_id = kThread;
  other.status = storage::RunStatus::pending;
  const auto in_the_way = [&](RunId erased) {
    auto look = [&](storage::Transaction& transaction) { return run_in_the_way(transaction, kThread, erased); };
    return run(storage->commit(std::move(look)));
  };
  auto add = [&](storage::Transaction& transaction) {
    storage::Thread thread;
    thread.thread_id = kThread;
    transaction.threads().insert(thread);
    transaction.runs().insert(other);
  };
  run(storage->commit(std::move(add)));
  // It reads what is there when it begins.
  CHECK_FALSE(in_the_way(first));

  other.status = storage::RunStatus::running;
  auto begin = [&](storage::Transaction& transaction) { transaction.runs().update(other); };
  run(storage->commit(std::move(begin)));
  CHECK(in_the_way(first) == other.run_id);
  CHECK_FALSE(in_the_way(other.run_id));

  Command answer;
  answer.resume = "yes";
  go(graph, answer, other.run_id);
  run(saver().flush());
  // It asks once more, on the checkpoint of the first.
  CHECK(in_the_way(first) == other.run_id);
  go(graph, GraphInput{json::object{}}, other.run_id);
  run(saver().flush());
  CHECK_FALSE(in_the_way(first));
}

}  // namespace heddle::runtime
