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

}  // namespace heddle::runtime
