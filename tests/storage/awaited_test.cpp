#include "storage/awaited.h"

#include <catch2/catch.hpp>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

using std::chrono::milliseconds;

Awaited awaited(std::uint8_t thread, const std::string& interrupt, std::int64_t due) {
  Awaited made;
  made.thread_id = id<ThreadId>(thread);
  made.interrupt_id = interrupt;
  made.owner = Owner{"alice"};
  made.run_id = id<RunId>(thread);
  made.probe = "send_mail";
  made.subject_json = R"({"id":"r1"})";
  made.interval = milliseconds(5'000);
  made.due = at(due);
  made.until = at(1'000);
  return made;
}

class AwaitedFixture : public StorageFixture {
 public:
  void replace(std::uint8_t thread, const std::vector<Awaited>& rows) {
    commit([=](Transaction& transaction) { transaction.awaited().replace(id<ThreadId>(thread), rows); });
  }
  bool claim(std::uint8_t thread, const std::string& interrupt, std::uint8_t run) {
    return commit([=](Transaction& transaction) {
      return transaction.awaited().claim(id<ThreadId>(thread), interrupt, id<RunId>(run));
    });
  }
  // Thread and interrupt of each, like "1a 2b".
  std::string due(std::int64_t seconds, std::int64_t limit = 10) {
    const auto rows = read([=](const Snapshot& snapshot) { return snapshot.awaited().due(at(seconds), limit); });
    std::string text;
    for (const Awaited& row : rows) text += std::to_string(row.thread_id.uuid.bytes.back()) + row.interrupt_id + " ";
    return text;
  }
  std::optional<Timestamp> earliest() {
    return read([](const Snapshot& snapshot) { return snapshot.awaited().earliest(); });
  }
};

}  // namespace

TEST_CASE_METHOD(AwaitedFixture, "What is awaited comes back as it was, longest due first") {
  CHECK_FALSE(earliest());
  replace(1, {awaited(1, "a", 30), awaited(1, "b", 10)});
  replace(2, {awaited(2, "a", 20)});
  CHECK(earliest() == at(10));
  CHECK(due(9).empty());
  CHECK(due(20) == "1b 2a ");
  CHECK(due(100, 2) == "1b 2a ");
  CHECK(due(100) == "1b 2a 1a ");
  const auto rows = read([](const Snapshot& snapshot) { return snapshot.awaited().of_thread(id<ThreadId>(1)); });
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].interrupt_id == "a");
  CHECK(rows[0].owner == Owner{"alice"});
  CHECK(rows[0].run_id == id<RunId>(1));
  CHECK(rows[0].probe == "send_mail");
  CHECK(rows[0].subject_json == R"({"id":"r1"})");
  CHECK(rows[0].interval == milliseconds(5'000));
  CHECK(rows[0].due == at(30));
  CHECK(rows[0].until == at(1'000));
}

TEST_CASE_METHOD(AwaitedFixture, "A thread's new questions take the place of its old ones, and it may have none") {
  replace(1, {awaited(1, "a", 10)});
  replace(2, {awaited(2, "a", 10)});
  replace(1, {awaited(1, "b", 10)});
  CHECK(due(100) == "1b 2a ");
  replace(1, {});
  CHECK(due(100) == "2a ");
}

TEST_CASE_METHOD(AwaitedFixture, "A postponed one is due later, and one that is gone stays gone") {
  replace(1, {awaited(1, "a", 10)});
  commit([](Transaction& transaction) {
    transaction.awaited().postpone(id<ThreadId>(1), "a", milliseconds(10'000), at(50));
    transaction.awaited().postpone(id<ThreadId>(1), "b", milliseconds(10'000), at(50));
  });
  CHECK(due(49).empty());
  CHECK(due(50) == "1a ");
}

TEST_CASE_METHOD(AwaitedFixture, "Only one claim gets what a thread waits for, and only for the run that asked") {
  replace(1, {awaited(1, "a", 10), awaited(1, "b", 10)});
  CHECK_FALSE(claim(1, "c", 1));
  CHECK_FALSE(claim(1, "a", 2));
  CHECK_FALSE(claim(2, "a", 1));
  CHECK(due(100) == "1a 1b ");
  CHECK(claim(1, "a", 1));
  CHECK_FALSE(claim(1, "b", 1));
  CHECK(due(100).empty());
}

TEST_CASE_METHOD(AwaitedFixture, "What a thread waits for goes with the thread and with all runs") {
  replace(1, {awaited(1, "a", 10)});
  replace(2, {awaited(2, "a", 10)});
  commit([](Transaction& transaction) { transaction.threads().erase(id<ThreadId>(1)); });
  CHECK(due(100) == "2a ");
  commit([](Transaction& transaction) {
    Truncation what;
    what.runs = true;
    transaction.truncate(what);
  });
  CHECK(due(100).empty());
}

}  // namespace heddle::storage::test
