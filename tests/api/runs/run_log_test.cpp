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
#include "tests/support/run.h"

using namespace heddle;
using api::RunLog;

namespace {

const storage::ThreadId kThread = *storage::ThreadId::parse("01a2037e-48fd-71b5-8e44-d0fb80070178");
const storage::RunId kRun = *storage::RunId::parse("01a2037e-48fd-71b5-8e44-d0fb80070177");

api::Fact custom(const std::string& text) {
  return test::fact_of(runtime::CustomFact{"", boost::json::value(text)});
}

// Counts the works, and fails the one with the number that it is given.
class WatchedStorage : public storage::Storage {
 public:
  void submit(std::function<void(storage::Transaction&)> work, std::function<void(std::exception_ptr)> done) override {
    if (++works == failing) work = [](storage::Transaction&) { throw storage::StorageError("the disk is full"); };
    inner_->submit(std::move(work), std::move(done));
  }
  void submit_read(std::function<void(const storage::Snapshot&)> work,
                   std::function<void(std::exception_ptr)> done) override {
    inner_->submit_read(std::move(work), std::move(done));
  }

  int works = 0;
  int failing = 0;  // none

 private:
  std::unique_ptr<storage::Storage> inner_ = storage::open({});
};

struct LogFixture {
  boost::asio::io_context io;
  WatchedStorage storage;
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

}  // namespace

TEST_CASE_METHOD(LogFixture, "What the engine has handed over by then is one work of the storage", "[log]") {
  auto stream = std::make_shared<api::RunStream>(test::shape_with({api::StreamMode::custom}), 1'000, log);
  auto bridge = std::make_shared<api::EngineBridge>(io.get_executor(), stream, storage);
  std::string done;
  std::string written;
  for (const std::string name : {"a", "b"}) {
    bridge->send(custom(name));
    auto work = [&written, name](storage::Transaction&) { written += name; };
    auto note = [&done, name](const std::exception_ptr& error) { done += error ? "-" : name; };
    bridge->submit(std::move(work), std::move(note));
  }
  bridge->send(custom("c"));
  io.poll();
  test::run(io, log->flush());
  CHECK(storage.works == 1);
  CHECK(written == "ab");
  CHECK(done == "ab");
  CHECK(segments() == std::vector<std::int64_t>{0});
  CHECK(stream->published() == 3);
}

TEST_CASE_METHOD(LogFixture,
                 "When one of the works cannot be done, all that came with it are told, and nothing is kept", "[log]") {
  auto stream = std::make_shared<api::RunStream>(test::shape_with({api::StreamMode::custom}), 1'000, log);
  auto bridge = std::make_shared<api::EngineBridge>(io.get_executor(), stream, storage);
  storage.failing = 1;
  int failed = 0;
  bridge->send(custom("a"));
  for (int i = 0; i < 2; ++i) {
    bridge->submit([](storage::Transaction&) {},
                   [&failed](const std::exception_ptr& error) { failed += error ? 1 : 0; });
  }
  io.poll();
  CHECK_THROWS_WITH(test::run(io, log->flush()), "the disk is full");
  CHECK(failed == 2);
  CHECK(segments().empty());
}

TEST_CASE_METHOD(LogFixture, "A work behind a log is done with what was appended, without waiting for it", "[log]") {
  log->append({custom("a")});
  log->append({custom("b")});  // gathers, because the first is on its way
  std::vector<std::int64_t> seen;
  auto look = [&seen](storage::Transaction& transaction) {
    for (const auto& segment : transaction.events().read(kThread, kRun, 0, 100)) seen.push_back(segment.first_fact);
  };
  CHECK(storage.works == 1);
  RunLog::Work behind = log->behind(std::move(look));
  CHECK(storage.works == 2);
  test::run(io, storage.commit(std::move(behind)));
  CHECK(seen == std::vector<std::int64_t>{0, 1});
  CHECK_FALSE(log->has_failed());
  test::run(io, log->flush());
}

TEST_CASE_METHOD(LogFixture, "Behind a log that has failed nothing is done", "[log]") {
  storage.failing = 1;
  bool was_done = false;
  auto note = [&was_done](storage::Transaction&) { was_done = true; };
  log->append({custom("a")});
  log->append({custom("b")});
  RunLog::Work behind = log->behind(std::move(note));
  CHECK_THROWS_WITH(test::run(io, storage.commit(std::move(behind))), Catch::Contains("could not be stored"));
  CHECK_FALSE(was_done);
  CHECK(log->has_failed());
  CHECK_THROWS_WITH(test::run(io, log->flush()), "the disk is full");
  CHECK(segments().empty());

  const int works = storage.works;
  log->append({custom("c")});
  CHECK(storage.works == works);
}
