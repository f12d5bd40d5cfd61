#include "storage/runs.h"

#include <catch2/catch.hpp>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

const Owner kAlice{"alice"};
const Owner kBob{"bob"};

Run run(std::uint8_t number, std::uint8_t thread = 1, RunStatus status = RunStatus::pending) {
  Run made;
  made.run_id = id<RunId>(number);
  made.thread_id = id<ThreadId>(thread);
  made.assistant_id = id<AssistantId>(7);
  made.owner = kAlice;
  made.created_at = at(number);
  made.updated_at = at(number);
  made.status = status;
  made.metadata_json = R"({"number":)" + std::to_string(number) + "}";
  return made;
}

std::vector<int> numbers(const std::vector<Run>& runs) {
  std::vector<int> found;
  for (const Run& each : runs) found.push_back(each.run_id.uuid.bytes.back());
  return found;
}

class RunsFixture : public StorageFixture {
 public:
  void insert(const std::vector<Run>& runs) {
    commit([runs](Transaction& transaction) {
      for (const Run& each : runs) transaction.runs().insert(each);
    });
  }
  std::optional<Run> find(const Owner& owner, std::uint8_t number) {
    return read([=](const Snapshot& snapshot) { return snapshot.runs().find(owner, id<RunId>(number)); });
  }
};

}  // namespace

TEST_CASE_METHOD(RunsFixture, "A run is found as it was inserted, by its owner only") {
  Run stored = run(1);
  stored.multitask_strategy = MultitaskStrategy::enqueue;
  stored.on_completion = OnCompletion::delete_thread;
  stored.kwargs_json = R"({"input":null})";
  stored.attempt = 2;
  stored.error_json = R"({"error":"E"})";
  stored.had_hidden_keys = true;
  stored.started_at = at(3);
  stored.cancel_reason = "taken: elsewhere";
  insert({stored});

  CHECK_FALSE(find(kBob, 1));
  const std::optional<Run> found = find(kAlice, 1);
  REQUIRE(found);
  CHECK(found->thread_id == stored.thread_id);
  CHECK(found->assistant_id == stored.assistant_id);
  CHECK(found->owner == kAlice);
  CHECK(found->created_at == at(1));
  CHECK(found->updated_at == at(1));
  CHECK(found->status == RunStatus::pending);
  CHECK(found->multitask_strategy == MultitaskStrategy::enqueue);
  CHECK(found->on_completion == OnCompletion::delete_thread);
  CHECK(found->metadata_json == stored.metadata_json);
  CHECK(found->kwargs_json == stored.kwargs_json);
  CHECK(found->attempt == 2);
  CHECK(found->error_json == stored.error_json);
  CHECK(found->had_hidden_keys);
  CHECK(found->started_at == at(3));
  CHECK(found->cancel_reason == stored.cancel_reason);
}

TEST_CASE_METHOD(RunsFixture, "Every status of a run is read as it was stored") {
  const RunStatus status = GENERATE(RunStatus::pending, RunStatus::running, RunStatus::success, RunStatus::error,
                                    RunStatus::interrupted, RunStatus::timeout);
  insert({run(1, 1, status)});
  CHECK(find(kAlice, 1)->status == status);
}

TEST_CASE_METHOD(RunsFixture, "An update changes what a run may change") {
  insert({run(1)});
  Run changed = run(1, 2, RunStatus::error);
  changed.owner = kBob;
  changed.updated_at = at(50);
  changed.attempt = 3;
  changed.error_json = "{}";
  changed.cancel_reason = "why";
  changed.kwargs_json = R"({"k":1})";
  changed.metadata_json = R"({"m":1})";
  commit([changed](Transaction& transaction) { transaction.runs().update(changed); });

  const std::optional<Run> found = find(kAlice, 1);
  REQUIRE(found);
  CHECK(found->thread_id == id<ThreadId>(1));
  CHECK(found->status == RunStatus::error);
  CHECK(found->updated_at == at(50));
  CHECK(found->attempt == 3);
  CHECK(found->error_json == "{}");
  CHECK(found->cancel_reason == "why");
  CHECK(found->kwargs_json == R"({"k":1})");
  CHECK(found->metadata_json == R"({"m":1})");
}

TEST_CASE_METHOD(RunsFixture, "Runs of a thread are listed newest first, filtered and paged") {
  insert({run(1), run(2, 1, RunStatus::success), run(3), run(4, 2), run(5)});
  auto list = [this](RunQuery query) {
    query.owner = kAlice;
    query.thread_id = id<ThreadId>(1);
    return numbers(read([query](const Snapshot& snapshot) { return snapshot.runs().list(query); }));
  };
  RunQuery query;
  CHECK(list(query) == std::vector<int>{5, 3, 2, 1});
  query.page = Page{2, 1};
  CHECK(list(query) == std::vector<int>{3, 2});
  query.page = Page{};
  query.status = RunStatus::success;
  CHECK(list(query) == std::vector<int>{2});
  query.status.reset();
  query.metadata.json = R"({"number":3})";
  CHECK(list(query) == std::vector<int>{3});
}

TEST_CASE_METHOD(RunsFixture, "Runs of a thread are found in the order in which they began, from a time on") {
  const auto begun = [](std::uint8_t number, int start, std::uint8_t thread = 1) {
    Run made = run(number, thread, RunStatus::success);
    made.started_at = at(start);
    return made;
  };
  Run at_once = begun(6, 35);
  at_once.created_at = at(35);
  insert({begun(1, 30), begun(2, 20), begun(3, 40), begun(4, 25, 2), run(5), at_once});
  const auto since = [this](const Owner& owner, int start, std::int64_t limit) {
    return numbers(read([=](const Snapshot& snapshot) {
      return snapshot.runs().started_since(owner, id<ThreadId>(1), at(start), limit);
    }));
  };
  CHECK(since(kAlice, 0, 10) == std::vector<int>{2, 1, 6, 3});
  CHECK(since(kAlice, 30, 10) == std::vector<int>{1, 6, 3});
  CHECK(since(kAlice, 31, 1) == std::vector<int>{6});
  CHECK(since(kAlice, 21, 1) == std::vector<int>{1});
  CHECK(since(kAlice, 41, 10).empty());
  CHECK(since(kBob, 0, 10).empty());
}

TEST_CASE_METHOD(RunsFixture, "Pending and running runs are in flight, oldest first") {
  insert(
      {run(5), run(2, 1, RunStatus::running), run(3, 1, RunStatus::success), run(4, 2), run(1, 1, RunStatus::error)});
  auto of_thread = [](const Snapshot& snapshot) { return snapshot.runs().in_flight(id<ThreadId>(1)); };
  auto of_all = [](const Snapshot& snapshot) { return snapshot.runs().all_in_flight(); };
  CHECK(numbers(read(of_thread)) == std::vector<int>{2, 5});
  CHECK(numbers(read(of_all)) == std::vector<int>{2, 4, 5});
}

TEST_CASE_METHOD(RunsFixture, "An erased run takes its events along and leaves those of others") {
  insert({run(1), run(2)});
  auto change = [](Transaction& transaction) {
    transaction.events().append(id<ThreadId>(1), id<RunId>(1), EventSegment{0, "one"});
    transaction.events().append(id<ThreadId>(1), id<RunId>(2), EventSegment{0, "two"});
    transaction.runs().erase(id<RunId>(1));
  };
  commit(change);
  CHECK_FALSE(find(kAlice, 1));
  CHECK(find(kAlice, 2));
  auto left = [](const Snapshot& snapshot) {
    const EventReads& events = snapshot.events();
    return std::vector<std::size_t>{events.read(id<ThreadId>(1), id<RunId>(1), 0, 10).size(),
                                    events.read(id<ThreadId>(1), id<RunId>(2), 0, 10).size()};
  };
  CHECK(read(left) == std::vector<std::size_t>{0, 1});
}

TEST_CASE_METHOD(RunsFixture, "Runs that ended long ago go, oldest first, and none that is in flight or asked") {
  insert({run(1, 1, RunStatus::success), run(2, 1, RunStatus::error), run(3, 1, RunStatus::running),
          run(4, 1, RunStatus::interrupted), run(5, 1, RunStatus::success)});
  commit([](Transaction& transaction) {
    Awaited awaited;
    awaited.thread_id = id<ThreadId>(1);
    awaited.interrupt_id = "question";
    awaited.run_id = id<RunId>(4);
    transaction.awaited().replace(awaited.thread_id, {awaited});
    transaction.events().append(id<ThreadId>(1), id<RunId>(1), EventSegment{0, "one"});
  });
  auto erase = [this](std::int64_t before, std::int64_t limit) {
    return commit([=](Transaction& transaction) { return transaction.runs().erase_ended(at(before), limit); });
  };
  CHECK(erase(5, 1) == 1);
  CHECK_FALSE(find(kAlice, 1));
  CHECK(find(kAlice, 2));
  CHECK(erase(5, 9) == 1);
  CHECK(erase(5, 9) == 0);
  for (const std::uint8_t kept : {std::uint8_t{3}, std::uint8_t{4}, std::uint8_t{5}}) CHECK(find(kAlice, kept));
  auto events = [](const Snapshot& snapshot) {
    return snapshot.events().read(id<ThreadId>(1), id<RunId>(1), 0, 10).size();
  };
  CHECK(read(events) == 0);
}

}  // namespace heddle::storage::test
