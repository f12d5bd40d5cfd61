#include "storage/threads.h"

#include <catch2/catch.hpp>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

const Owner kAlice{"alice"};
const Owner kBob{"bob"};

Thread thread(std::uint8_t number, const Owner& owner = kAlice) {
  Thread made;
  made.thread_id = id<ThreadId>(number);
  made.owner = owner;
  made.created_at = at(number);
  made.updated_at = at(100 - number);
  made.metadata_json = R"({"graph_id":"agent","number":)" + std::to_string(number) + "}";
  return made;
}

class ThreadsFixture : public StorageFixture {
 public:
  bool insert(const Thread& made) {
    return commit([made](Transaction& transaction) { return transaction.threads().insert(made); });
  }
  std::optional<Thread> find(const Owner& owner, std::uint8_t number) {
    return read([=](const Snapshot& snapshot) { return snapshot.threads().find(owner, id<ThreadId>(number)); });
  }
  std::vector<int> numbers(const ThreadQuery& query) {
    std::vector<int> found;
    for (const Thread& each : search(query).records) found.push_back(each.thread_id.uuid.bytes.back());
    return found;
  }
  Found<Thread> search(const ThreadQuery& query) {
    return read([query](const Snapshot& snapshot) { return snapshot.threads().search(query); });
  }
};

ThreadQuery of_alice() {
  ThreadQuery query;
  query.owner = kAlice;
  return query;
}

}  // namespace

TEST_CASE_METHOD(ThreadsFixture, "A new thread has nothing that was not given") {
  REQUIRE(insert(thread(1)));
  const std::optional<Thread> found = find(kAlice, 1);
  REQUIRE(found);
  CHECK(found->status == ThreadStatus::idle);
  CHECK(found->metadata_json == R"({"graph_id":"agent","number":1})");
  CHECK(found->config_json == "{}");
  CHECK_FALSE(found->values_checkpoint);
  CHECK_FALSE(found->interrupts_json);
  CHECK_FALSE(found->error_json);
  CHECK_FALSE(found->ttl_json);
  CHECK_FALSE(found->expires_at);
}

TEST_CASE_METHOD(ThreadsFixture, "An update changes all fields but the id, the owner and the time of creation") {
  insert(thread(1));
  Thread changed = thread(1, kBob);
  changed.created_at = at(77);
  changed.updated_at = at(200);
  changed.status = ThreadStatus::interrupted;
  changed.metadata_json = R"({"a":1})";
  changed.config_json = R"({"tags":[]})";
  changed.values_checkpoint = id<CheckpointId>(9);
  changed.interrupts_json = "{}";
  changed.error_json = "null";
  changed.ttl_json = R"({"ttl":1})";
  changed.expires_at = at(300);
  commit([changed](Transaction& transaction) { transaction.threads().update(changed); });

  CHECK_FALSE(find(kBob, 1));
  const std::optional<Thread> found = find(kAlice, 1);
  REQUIRE(found);
  CHECK(found->created_at == at(1));
  CHECK(found->updated_at == at(200));
  CHECK(found->status == ThreadStatus::interrupted);
  CHECK(found->metadata_json == R"({"a":1})");
  CHECK(found->config_json == R"({"tags":[]})");
  CHECK(found->values_checkpoint == id<CheckpointId>(9));
  CHECK(found->interrupts_json == "{}");
  CHECK(found->error_json == "null");
  CHECK(found->ttl_json == R"({"ttl":1})");
  CHECK(found->expires_at == at(300));
}

TEST_CASE_METHOD(ThreadsFixture, "A thread of somebody else is not found, but its id is taken") {
  insert(thread(1, kBob));
  CHECK_FALSE(find(kAlice, 1));
  CHECK(search(of_alice()).total == 0);
  CHECK_FALSE(insert(thread(1, kAlice)));
  auto exists = [](const Snapshot& snapshot) {
    const ThreadReads& threads = snapshot.threads();
    return std::vector<bool>{threads.exists(id<ThreadId>(1)), threads.exists(id<ThreadId>(2))};
  };
  CHECK(read(exists) == std::vector<bool>{true, false});
}

TEST_CASE_METHOD(ThreadsFixture, "Threads are searched by metadata, status and ids") {
  Thread busy = thread(3);
  busy.status = ThreadStatus::busy;
  for (const Thread& each : {thread(1), thread(2), busy, thread(4, kBob)}) insert(each);

  ThreadQuery query = of_alice();
  query.metadata.json = R"({"number":2})";
  CHECK(numbers(query) == std::vector<int>{2});
  query = of_alice();
  query.status = ThreadStatus::busy;
  CHECK(numbers(query) == std::vector<int>{3});
  query = of_alice();
  query.ids = {id<ThreadId>(1), id<ThreadId>(4), id<ThreadId>(3), id<ThreadId>(9), id<ThreadId>(1)};
  CHECK(numbers(query) == std::vector<int>{3, 1});
  CHECK(search(query).total == 2);
  query.ids = {id<ThreadId>(2)};
  CHECK(numbers(query) == std::vector<int>{2});
  const std::int64_t counted = read([query](const Snapshot& snapshot) { return snapshot.threads().count(query); });
  CHECK(counted == 1);
}

TEST_CASE_METHOD(ThreadsFixture, "Threads are sorted and paged, and the total ignores the page") {
  for (std::uint8_t number = 1; number <= 4; ++number) {
    Thread each = thread(number);
    each.status = number == 2 ? ThreadStatus::busy : ThreadStatus::idle;
    insert(each);
  }
  ThreadQuery query = of_alice();
  query.page = Page{2, 0};
  CHECK(numbers(query) == std::vector<int>{4, 3});
  query.sort_by = ThreadSort::updated_at;
  CHECK(numbers(query) == std::vector<int>{1, 2});
  query.sort_by = ThreadSort::status;
  query.order = SortOrder::ascending;
  CHECK(numbers(query) == std::vector<int>{2, 1});
  query.sort_by = ThreadSort::thread_id;
  query.page = Page{2, 3};
  CHECK(numbers(query) == std::vector<int>{4});
  CHECK(search(query).total == 4);
}

TEST_CASE_METHOD(ThreadsFixture, "An erased thread takes its runs, events, checkpoints and pending writes along") {
  auto fill = [](Transaction& transaction) {
    for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}}) {
      const ThreadId thread_id = id<ThreadId>(number);
      transaction.threads().insert(thread(number));
      Run run;
      run.run_id = id<RunId>(number);
      run.thread_id = thread_id;
      run.owner = kAlice;
      transaction.runs().insert(run);
      transaction.events().append(thread_id, run.run_id, EventSegment{0, "facts"});
      Checkpoint checkpoint;
      checkpoint.thread_id = thread_id;
      checkpoint.value_ids = {5};
      checkpoint.shared_metadata_json = R"({"s":1})";
      ChannelValue value;
      value.value_id = 5;
      value.data = "1";
      transaction.checkpoints().insert(checkpoint, {value});
      transaction.checkpoints().put_writes(thread_id, PendingWrites{});
    }
    transaction.threads().erase(id<ThreadId>(1));
  };
  commit(fill);

  auto kept = [](const Snapshot& snapshot) {
    std::vector<std::size_t> counts;
    for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}}) {
      const ThreadId thread_id = id<ThreadId>(number);
      std::size_t count = 0;
      count += snapshot.threads().exists(thread_id) ? 1 : 0;
      count += snapshot.runs().find(kAlice, id<RunId>(number)) ? 1 : 0;
      count += snapshot.events().read(thread_id, id<RunId>(number), 0, 10).size();
      count += snapshot.checkpoints().newest(thread_id, "") ? 1 : 0;
      count += snapshot.checkpoints().value(thread_id, 5).size();
      count += snapshot.checkpoints().pending_writes(thread_id, "", CheckpointId{}).size();
      counts.push_back(count);
    }
    return counts;
  };
  CHECK(read(kept) == std::vector<std::size_t>{0, 6});
}

TEST_CASE_METHOD(ThreadsFixture,
                 "Threads that have expired are found for everybody, but not one with a run in flight") {
  const auto made = [](std::uint8_t number, const Owner& owner, std::optional<Timestamp> expires_at) {
    Thread thread;
    thread.thread_id = id<ThreadId>(number);
    thread.owner = owner;
    thread.expires_at = expires_at;
    return thread;
  };
  insert(made(1, kAlice, at(20)));
  insert(made(2, kBob, at(10)));
  insert(made(3, kAlice, at(21)));
  insert(made(4, kAlice, std::nullopt));
  insert(made(5, kAlice, at(5)));
  Run run;
  run.thread_id = id<ThreadId>(5);
  run.status = RunStatus::running;
  commit([run](Transaction& transaction) { transaction.runs().insert(run); });
  const auto expired = [this](std::int64_t limit) {
    std::vector<int> numbers;
    const auto find = [limit](const Snapshot& snapshot) { return snapshot.threads().expired(at(20), limit); };
    for (const Thread& thread : read(find)) numbers.push_back(thread.thread_id.uuid.bytes.back());
    return numbers;
  };
  CHECK(expired(10) == std::vector<int>{2, 1});
  CHECK(expired(1) == std::vector<int>{2});
  run.status = RunStatus::success;
  commit([run](Transaction& transaction) { transaction.runs().update(run); });
  CHECK(expired(1) == std::vector<int>{5});
}

TEST_CASE_METHOD(ThreadsFixture, "The time to live of a thread counts from its last change") {
  Thread thread;
  thread.thread_id = id<ThreadId>(1);
  thread.owner = kAlice;
  thread.time_to_live = std::chrono::seconds{60};
  thread.changed(at(10));
  insert(thread);
  CHECK(find(kAlice, 1)->expires_at == at(70));
  thread.changed(at(40));
  commit([thread](Transaction& transaction) { transaction.threads().update(thread); });
  CHECK(find(kAlice, 1)->updated_at == at(40));
  CHECK(find(kAlice, 1)->expires_at == at(100));
  CHECK(find(kAlice, 1)->time_to_live == std::chrono::seconds{60});
}

}  // namespace heddle::storage::test
