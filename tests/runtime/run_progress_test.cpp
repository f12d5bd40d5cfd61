#include "runtime/run_progress.h"

#include <boost/asio/awaitable.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <utility>

#include "runtime/entrypoint.h"
#include "tests/runtime/saver_fixture.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;
using test::id;
using test::kThread;

const auto kRun = id<RunId>(1);

struct ProgressFixture : test::StoredSaverFixture {
  // A workflow of three tasks, each of which gives its input; in the task `stops_in` the run is asked to stop.
  std::shared_ptr<const CompiledGraph> three_tasks() {
    const auto task = called_task("work", [this](NodeContext&, json::value input) -> asio::awaitable<json::value> {
      if (input == stops_in) drain->ask();
      co_return input;
    });
    return entrypoint("wf", [task](Workflow& flow, json::value) -> asio::awaitable<WorkflowResult> {
      json::value last;
      for (int number = 1; number <= 3; ++number) {
        json::value input = number;
        json::value result = co_await flow.call(task, std::move(input));
        last = std::move(result);
      }
      co_return last;
    });
  }

  RunOutcome attempt(const std::shared_ptr<const CompiledGraph>& graph, std::int64_t number, int stops) {
    renew();
    stops_in = stops;
    drain = std::make_shared<DrainRequest>("the server stops");
    if (stops == 0) drain->ask();
    auto config = std::make_shared<RunConfig>();
    config->run_id = kRun;
    config->attempt = number;
    config->checkpoint_metadata = std::make_shared<const json::object>(json::object{{"run_attempt", number}});
    RunOptions options;
    if (number == 1) {
      options.input = GraphInput{json::object{}};
    } else {
      options.input = NoInput{};
    }
    options.config = std::move(config);
    options.drain = drain;
    const RunServices services{&saver(), nullptr, clock, ids, {}};
    return run(graph->run(std::move(options), services));
  }

  RunProgress progress(const RunId& run_id = kRun) {
    return read([run_id](const storage::Snapshot& now) { return progress_of(now.checkpoints(), kThread, run_id); });
  }

  heddle::test::ManualClock clock;
  CheckpointIds ids;
  int stops_in = 0;
  std::shared_ptr<DrainRequest> drain;
};

}  // namespace

TEST_CASE_METHOD(ProgressFixture, "A run of which nothing is stored has not begun") {
  CHECK_FALSE(progress().has_begun);
  CHECK(progress().last_fruitful == 0);
}

TEST_CASE_METHOD(ProgressFixture,
                 "An attempt that finished a task of a workflow came further, one that did not is lost") {
  const auto graph = three_tasks();
  CHECK(attempt(graph, 1, 1).status == OutcomeStatus::drained);
  CHECK(progress().has_begun);
  CHECK(progress().last_fruitful == 1);
  CHECK(attempt(graph, 2, 0).status == OutcomeStatus::drained);
  CHECK(attempt(graph, 3, 0).status == OutcomeStatus::drained);
  CHECK(progress().last_fruitful == 1);
  CHECK(attempt(graph, 4, 2).status == OutcomeStatus::drained);
  CHECK(progress().last_fruitful == 4);
  const RunOutcome done = attempt(graph, 5, 4);
  CHECK(done.status == OutcomeStatus::done);
  CHECK(done.values.to_value() == 3);
  CHECK(progress().last_fruitful == 5);
}

TEST_CASE_METHOD(ProgressFixture, "What another run did on the thread is not its progress") {
  attempt(three_tasks(), 1, 4);
  CHECK_FALSE(progress(id<RunId>(2)).has_begun);
  CHECK(progress(id<RunId>(2)).last_fruitful == 0);
}

}  // namespace heddle::runtime
