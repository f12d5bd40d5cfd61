#include "api/runs/run_log.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/runs/engine_bridge.h"
#include "api/runs/run_stream.h"
#include "storage/storage.h"
#include "tests/api/runs/facts.h"
#include "tests/support/faulty_storage.h"
#include "tests/support/run.h"

using namespace heddle;
using api::RunLog;

namespace {

// The ids of every shape.
const storage::ThreadId kThread = test::shape_with({})->thread_id;
const storage::RunId kRun = test::shape_with({})->run_id;

struct LogFixture {
  explicit LogFixture(int failing = 0) : storage(*inner, failing) {
    auto add = [](storage::Transaction& transaction) {
      storage::Thread thread;
      thread.thread_id = kThread;
      transaction.threads().insert(thread);
      storage::Run run;
      run.run_id = kRun;
      run.thread_id = kThread;
      transaction.runs().insert(run);
    };
    test::run(io, inner->commit(std::move(add)));
  }

  boost::asio::io_context io;
  std::unique_ptr<storage::Storage> inner = storage::open({});
  test::FaultyStorage storage;
  std::shared_ptr<RunLog> log = std::make_shared<RunLog>(io.get_executor(), storage, kThread, kRun, false);

  std::vector<std::int64_t> segments() {
    auto read = [](const storage::Snapshot& snapshot) {
      std::vector<std::int64_t> found;
      for (const auto& segment : snapshot.events().read(kThread, kRun, 0, 100)) found.push_back(segment.first_fact);
      return found;
    };
    return test::run(io, storage.read(std::move(read)));
  }
};

struct FailingLogFixture : LogFixture {
  FailingLogFixture() : LogFixture(1) {}
};

}  // namespace

TEST_CASE_METHOD(LogFixture, "What the engine has handed over by then is one work of the storage", "[log]") {
  auto stream = std::make_shared<api::RunStream>(test::shape_with({api::StreamMode::custom}), 1'000, log);
  auto bridge = std::make_shared<api::EngineBridge>(io.get_executor(), stream, storage);
  std::string done;
  std::string written;
  for (const std::string name : {"a", "b"}) {
    bridge->send(test::custom_fact(name));
    auto work = [&written, name](storage::Transaction&) { written += name; };
    auto note = [&done, name](const std::exception_ptr& error) { done += error ? "-" : name; };
    bridge->submit(std::move(work), std::move(note));
  }
  bridge->send(test::custom_fact("c"));
  io.poll();
  test::run(io, log->flush());
  CHECK(storage.writes() == 1);
  CHECK(written == "ab");
  CHECK(done == "ab");
  CHECK(segments() == std::vector<std::int64_t>{0});
  CHECK(stream->published() == 3);
}

TEST_CASE_METHOD(FailingLogFixture,
                 "When one of the works cannot be done, all that came with it are told, and nothing is kept", "[log]") {
  auto stream = std::make_shared<api::RunStream>(test::shape_with({api::StreamMode::custom}), 1'000, log);
  auto bridge = std::make_shared<api::EngineBridge>(io.get_executor(), stream, storage);
  int failed = 0;
  bridge->send(test::custom_fact("a"));
  for (int i = 0; i < 2; ++i) {
    bridge->submit([](storage::Transaction&) {},
                   [&failed](const std::exception_ptr& error) { failed += error ? 1 : 0; });
  }
  io.poll();
  CHECK_THROWS_WITH(test::run(io, log->flush()), "the disk is full");
  CHECK(failed == 2);
  CHECK(segments().empty());
}

TEST_CASE_METHOD(LogFixture, "Of a run that was deleted nothing is stored any more, and that is no error", "[log]") {
  log->append({test::custom_fact("a")});
  test::run(io, log->flush());
  CHECK(segments() == std::vector<std::int64_t>{0});
  auto erase = [](storage::Transaction& transaction) { transaction.threads().erase(kThread); };
  test::run(io, inner->commit(std::move(erase)));
  bool is_done = false;
  auto work = [&is_done](storage::Transaction&) { is_done = true; };
  log->append_with({test::custom_fact("b")}, std::move(work),
                   [](const std::exception_ptr& error) { CHECK_FALSE(error); });
  test::run(io, log->flush());
  CHECK_FALSE(is_done);
  CHECK(segments().empty());
}

TEST_CASE_METHOD(LogFixture, "What can wait is stored with what comes next", "[log]") {
  log->append_later({test::custom_fact("a")});
  CHECK(storage.writes() == 0);
  log->append({test::custom_fact("b")});
  CHECK(storage.writes() == 1);
  test::run(io, log->flush());
  CHECK(segments() == std::vector<std::int64_t>{0});
}

TEST_CASE_METHOD(LogFixture, "What can wait does not wait for longer than a flush, or the end of the run", "[log]") {
  log->append_later({test::custom_fact("a")});
  test::run(io, log->flush());
  CHECK(segments() == std::vector<std::int64_t>{0});

  log->append_later({test::custom_fact("b")});
  std::size_t stored = 0;
  auto count = [&stored](storage::Transaction& transaction) {
    stored = transaction.events().read(kThread, kRun, 0, 100).size();
  };
  RunLog::Work behind = log->behind(std::move(count));
  test::run(io, storage.commit(std::move(behind)));
  CHECK(stored == 2);
}

TEST_CASE_METHOD(LogFixture, "A work behind a log is done with what was appended, without waiting for it", "[log]") {
  log->append({test::custom_fact("a")});
  log->append({test::custom_fact("b")});  // gathers, because the first is on its way
  std::vector<std::int64_t> seen;
  auto look = [&seen](storage::Transaction& transaction) {
    for (const auto& segment : transaction.events().read(kThread, kRun, 0, 100)) seen.push_back(segment.first_fact);
  };
  CHECK(storage.writes() == 1);
  RunLog::Work behind = log->behind(std::move(look));
  CHECK(storage.writes() == 2);
  test::run(io, storage.commit(std::move(behind)));
  CHECK(seen == std::vector<std::int64_t>{0, 1});
  CHECK_FALSE(log->has_failed());
  test::run(io, log->flush());
}

TEST_CASE_METHOD(FailingLogFixture, "Behind a log that has failed nothing is done", "[log]") {
  bool was_done = false;
  auto note = [&was_done](storage::Transaction&) { was_done = true; };
  log->append({test::custom_fact("a")});
  log->append({test::custom_fact("b")});
  RunLog::Work behind = log->behind(std::move(note));
  CHECK_THROWS_WITH(test::run(io, storage.commit(std::move(behind))), Catch::Contains("could not be stored"));
  CHECK_FALSE(was_done);
  CHECK_THROWS_WITH(test::run(io, log->flush()), "the disk is full");
  CHECK(log->has_failed());
  CHECK(segments().empty());

  const int works = storage.writes();
  log->append({test::custom_fact("c")});
  CHECK(storage.writes() == works);
}
