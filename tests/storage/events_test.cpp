#include "storage/events.h"

#include <catch2/catch.hpp>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

const ThreadId kThread = id<ThreadId>(1);
const RunId kRun = id<RunId>(2);

// Segments that begin with the facts 0, 10 and 20.
class EventsFixture : public StorageFixture {
 public:
  EventsFixture() {
    commit([](Transaction& transaction) {
      transaction.events().append(kThread, kRun, EventSegment{0, "zero"});
      transaction.events().append(kThread, kRun, EventSegment{20, "twenty"});
      transaction.events().append(kThread, kRun, EventSegment{10, std::string("ten\0", 4)});
      transaction.events().append(kThread, id<RunId>(3), EventSegment{5, "another run"});
    });
  }

  std::vector<std::int64_t> from(std::int64_t fact, std::int64_t limit = 10) {
    std::vector<std::int64_t> found;
    auto segments = [=](const Snapshot& snapshot) { return snapshot.events().read(kThread, kRun, fact, limit); };
    for (const EventSegment& segment : read(segments)) found.push_back(segment.first_fact);
    return found;
  }
};

}  // namespace

TEST_CASE_METHOD(EventsFixture, "Reading begins with the segment that holds the wanted fact") {
  CHECK(from(0) == std::vector<std::int64_t>{0, 10, 20});
  CHECK(from(9) == std::vector<std::int64_t>{0, 10, 20});
  CHECK(from(10) == std::vector<std::int64_t>{10, 20});
  CHECK(from(25) == std::vector<std::int64_t>{20});
}

TEST_CASE_METHOD(EventsFixture, "Reading stops at the limit") {
  CHECK(from(3, 2) == std::vector<std::int64_t>{0, 10});
}

TEST_CASE_METHOD(EventsFixture, "Facts before the first segment lead to the first segment") {
  auto segments = [](const Snapshot& snapshot) { return snapshot.events().read(kThread, id<RunId>(3), 0, 10); };
  const std::vector<EventSegment> found = read(segments);
  REQUIRE(found.size() == 1);
  CHECK(found[0].facts == "another run");
}

TEST_CASE_METHOD(EventsFixture, "The text of a segment comes back byte for byte") {
  auto segments = [](const Snapshot& snapshot) { return snapshot.events().read(kThread, kRun, 10, 1); };
  const std::vector<EventSegment> found = read(segments);
  REQUIRE(found.size() == 1);
  CHECK(found[0].facts == std::string("ten\0", 4));
}

TEST_CASE_METHOD(EventsFixture, "A segment is never replaced") {
  auto again = [](Transaction& transaction) { transaction.events().append(kThread, kRun, EventSegment{10, "other"}); };
  CHECK_THROWS_AS(commit(again), StorageError);
}

}  // namespace heddle::storage::test
