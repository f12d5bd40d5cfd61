#include "api/runs/run_worker.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/runs/run_plan.h"
#include "runtime/state_graph.h"
#include "storage/storage.h"
#include "tests/support/faulty_storage.h"
#include "tests/support/run.h"

using namespace heddle;

namespace {

// Two nodes that tell something of their own: facts that are stored with checkpoints, and some that are not.
std::shared_ptr<const runtime::CompiledGraph> telling_graph() {
  auto tell = [](runtime::NodeContext& context) {
    context.write("something");
    return runtime::Update{{"log", {"told"}}};
  };
  return runtime::StateGraph()
      .append("log")
      .node("first", tell)
      .node("second", tell)
      .edge(runtime::kStart, "first")
      .edge("first", "second")
      .edge("second", runtime::kEnd)
      .compile();
}

// Does all that it is asked to, and answers none of it before the end of the run has been handed in and is done.
class AnswersHeldBack : public storage::Storage {
 public:
  AnswersHeldBack(storage::Storage& inner, storage::Run record) : inner_(inner), record_(std::move(record)) {}

  void submit(std::function<void(storage::Transaction&)> work, std::function<void(std::exception_ptr)> done) override {
    auto watched = [this, work = std::move(work)](storage::Transaction& transaction) {
      work(transaction);
      const std::optional<storage::Run> run = transaction.runs().find(record_.owner, record_.run_id);
      has_ended_ = run && run->status != storage::RunStatus::running;
    };
    auto answer = [this, done = std::move(done)](std::exception_ptr error) {
      held_.push_back([done, error] { done(error); });
      if (!has_ended_) return;
      for (const std::function<void()>& tell : std::exchange(held_, {})) tell();
    };
    inner_.submit(std::move(watched), std::move(answer));
  }
  void submit_read(std::function<void(const storage::Snapshot&)> work,
                   std::function<void(std::exception_ptr)> done) override {
    inner_.submit_read(std::move(work), std::move(done));
  }

 private:
  storage::Storage& inner_;
  const storage::Run record_;
  // Of the writer's thread.
  bool has_ended_ = false;
  std::vector<std::function<void()>> held_;
};

// Whether the first work that it is asked to do stores a checkpoint, and with it the first facts of the run.
class FirstWork : public storage::Storage {
 public:
  FirstWork(storage::Storage& inner, storage::Run record) : inner_(inner), record_(std::move(record)) {}

  void submit(std::function<void(storage::Transaction&)> work, std::function<void(std::exception_ptr)> done) override {
    auto watched = [this, work = std::move(work)](storage::Transaction& transaction) {
      work(transaction);
      if (std::exchange(was_done_, true)) return;
      stores_facts_ = !transaction.events().read(record_.thread_id, record_.run_id, 0, 1).empty();
      stores_checkpoint_ = transaction.checkpoints().newest_id(record_.thread_id, "").has_value();
    };
    inner_.submit(std::move(watched), std::move(done));
  }
  void submit_read(std::function<void(const storage::Snapshot&)> work,
                   std::function<void(std::exception_ptr)> done) override {
    inner_.submit_read(std::move(work), std::move(done));
  }

  bool stores_facts() const { return stores_facts_; }
  bool stores_checkpoint() const { return stores_checkpoint_; }

 private:
  storage::Storage& inner_;
  const storage::Run record_;
  // Of the writer's thread, until the run has ended.
  bool was_done_ = false;
  bool stores_facts_ = false;
  bool stores_checkpoint_ = false;
};

struct WorkerFixture {
  boost::asio::io_context io;
  std::unique_ptr<storage::Storage> stored = storage::open({});
  runtime::SystemClock clock;
  runtime::Log log{clock, runtime::LogLevel::error, [](std::string_view) {}};
  runtime::CheckpointIds checkpoint_ids;
  api::ServerSettings settings;
  std::shared_ptr<const runtime::CompiledGraph> graph = telling_graph();

  storage::Run record_of_new_run() {
    storage::Run record;
    record.run_id = storage::RunId{runtime::uuid7(clock.now())};
    record.thread_id = storage::ThreadId{runtime::uuid7(clock.now())};
    record.status = storage::RunStatus::running;
    record.attempt = 1;
    record.started_at = clock.now();
    record.metadata_json = "{}";
    record.kwargs_json = R"({"input":{},"stream_mode":["values","custom"]})";
    storage::Thread thread;
    thread.thread_id = record.thread_id;
    thread.status = storage::ThreadStatus::busy;
    auto insert = [record, thread](storage::Transaction& transaction) {
      transaction.threads().insert(thread);
      transaction.runs().insert(record);
    };
    test::run(io, stored->commit(std::move(insert)));
    return record;
  }

  // How the run ended, as it is stored; nothing if that could not be stored. `first_frame`: of this attempt.
  std::optional<storage::RunStatus> execute(storage::Storage& storage, const storage::Run& record,
                                            std::uint64_t first_frame = 0) {
    api::EngineThreads engines(1);
    api::Webhooks webhooks(io.get_executor(), storage, clock, log, settings.webhooks);
    api::ThreadNews news;
    api::RunWorker worker(io.get_executor(), engines, storage, clock, checkpoint_ids, log, settings, webhooks, news);
    const api::RunDetails details = api::details_of(record);
    auto run = std::make_shared<api::ActiveRun>(io.get_executor());
    run->record = record;
    run->first_frame = first_frame;
    run->plan = api::run_plan(record, details, graph, "g", {});
    auto run_log = std::make_shared<api::RunLog>(io.get_executor(), storage, record.thread_id, record.run_id, true);
    run->stream = std::make_shared<api::RunStream>(api::stream_shape(record, details, "g", settings), 100'000,
                                                   std::move(run_log));
    run->details = details;
    try {
      test::run(io, worker.execute(run));
    } catch (const storage::StorageError&) {
      return std::nullopt;
    }
    auto find = [record](const storage::Snapshot& snapshot) {
      return snapshot.runs().find(record.owner, record.run_id)->status;
    };
    return test::run(io, stored->read(std::move(find)));
  }
};

}  // namespace

TEST_CASE_METHOD(WorkerFixture, "A run of which something could not be stored is never stored as a success") {
  for (int nth = 1;; ++nth) {
    INFO("write " << nth << " fails");
    test::FaultyStorage faulty(*stored, nth);
    const std::optional<storage::RunStatus> status = execute(faulty, record_of_new_run());
    if (!faulty.struck()) {
      CHECK(status == storage::RunStatus::success);
      CHECK(nth > 2);
      break;
    }
    CHECK((!status || status == storage::RunStatus::error));
  }
}

TEST_CASE_METHOD(WorkerFixture, "The end of a run is handed in before it is known that all else is stored") {
  const storage::Run record = record_of_new_run();
  AnswersHeldBack late(*stored, record);
  CHECK(execute(late, record) == storage::RunStatus::success);
}

TEST_CASE_METHOD(WorkerFixture, "The end of a run whose log has failed already is stored as an error") {
  test::FaultyStorage faulty(*stored, 1);
  const storage::Run record = record_of_new_run();
  CHECK(execute(faulty, record) == storage::RunStatus::error);
  auto thread = [record](const storage::Snapshot& snapshot) {
    return snapshot.threads().find(record.owner, record.thread_id)->status;
  };
  CHECK(test::run(io, stored->read(std::move(thread))) == storage::ThreadStatus::error);
}

TEST_CASE_METHOD(WorkerFixture, "That a run has begun is stored with its first checkpoint") {
  const storage::Run record = record_of_new_run();
  FirstWork first(*stored, record);
  CHECK(execute(first, record) == storage::RunStatus::success);
  CHECK(first.stores_facts());
  CHECK(first.stores_checkpoint());
}

TEST_CASE_METHOD(WorkerFixture, "That a run has begun again is stored before it does anything") {
  const storage::Run record = record_of_new_run();
  FirstWork first(*stored, record);
  CHECK(execute(first, record, api::kUnstoredFramesMax) == storage::RunStatus::success);
  CHECK(first.stores_facts());
  CHECK_FALSE(first.stores_checkpoint());
}
