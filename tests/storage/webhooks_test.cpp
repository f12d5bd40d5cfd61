#include "storage/webhooks.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

Webhook call(std::uint8_t number, std::uint8_t thread, std::int64_t ended, std::int64_t due) {
  Webhook made;
  made.run_id = id<RunId>(number);
  made.thread_id = id<ThreadId>(thread);
  made.owner = Owner{"alice"};
  made.ended_at = at(ended);
  made.next_attempt = at(due);
  made.url = "https://hooks.example/" + std::to_string(number);
  made.body = R"({"number":)" + std::to_string(number) + "}";
  return made;
}

class WebhooksFixture : public FileFixture {
 public:
  void insert(const std::vector<Webhook>& calls) {
    commit([calls](Transaction& transaction) {
      for (const Webhook& each : calls) transaction.webhooks().insert(each);
    });
  }
  std::vector<int> next(std::int64_t limit = 10) {
    const auto times = read([limit](const Snapshot& snapshot) { return snapshot.webhooks().next(limit); });
    std::vector<int> found;
    for (const WebhookTime& each : times) found.push_back(each.run_id.uuid.bytes.back());
    return found;
  }
  std::optional<Webhook> find(std::uint8_t number) {
    return read([=](const Snapshot& snapshot) { return snapshot.webhooks().find(id<RunId>(number)); });
  }
};

}  // namespace

TEST_CASE_METHOD(WebhooksFixture, "A call is found as it was inserted, also after the file was opened again") {
  insert({call(1, 2, 3, 4)});
  storage.reset();
  open(path());
  const std::optional<Webhook> found = find(1);
  REQUIRE(found);
  CHECK(found->run_id == id<RunId>(1));
  CHECK(found->thread_id == id<ThreadId>(2));
  CHECK(found->owner == Owner{"alice"});
  CHECK(found->ended_at == at(3));
  CHECK(found->next_attempt == at(4));
  CHECK(found->attempts == 0);
  CHECK(found->url == "https://hooks.example/1");
  CHECK(found->body == R"({"number":1})");
}

TEST_CASE_METHOD(WebhooksFixture, "Calls come soonest first, and of each thread only the one whose run ended first") {
  insert({call(1, 1, 10, 90), call(2, 1, 11, 11), call(3, 2, 12, 20), call(4, 3, 12, 15), call(5, 2, 12, 1)});
  CHECK(next() == std::vector{4, 3, 1});
  CHECK(next(2) == std::vector{4, 3});
  commit([](Transaction& transaction) {
    transaction.webhooks().erase(id<RunId>(1));
    transaction.webhooks().erase(id<RunId>(3));
  });
  CHECK(next() == std::vector{5, 2, 4});
}

TEST_CASE_METHOD(WebhooksFixture, "A postponed call keeps everything but its time and its number of attempts") {
  insert({call(1, 1, 10, 10), call(2, 2, 11, 11)});
  commit([](Transaction& transaction) { transaction.webhooks().postpone(id<RunId>(1), 2, at(50)); });
  CHECK(next() == std::vector{2, 1});
  const std::optional<Webhook> found = find(1);
  REQUIRE(found);
  CHECK(found->attempts == 2);
  CHECK(found->next_attempt == at(50));
  CHECK(found->ended_at == at(10));
  CHECK(found->body == R"({"number":1})");
}

TEST_CASE_METHOD(WebhooksFixture, "The final status of a run and its call are kept together or not at all") {
  Run run;
  run.run_id = id<RunId>(1);
  run.thread_id = id<ThreadId>(1);
  run.status = RunStatus::running;
  commit([run](Transaction& transaction) { transaction.runs().insert(run); });
  run.status = RunStatus::success;
  const auto end = [this, run](bool fails) {
    commit([run, fails](Transaction& transaction) {
      transaction.runs().update(run);
      transaction.webhooks().insert(call(1, 1, 1, 1));
      if (fails) throw std::runtime_error("no");
    });
  };
  const auto status = [this] {
    return read([](const Snapshot& snapshot) { return snapshot.runs().find(Owner{}, id<RunId>(1))->status; });
  };
  CHECK_THROWS_WITH(end(true), "no");
  CHECK(status() == RunStatus::running);
  CHECK_FALSE(find(1));
  end(false);
  CHECK(status() == RunStatus::success);
  CHECK(find(1));
}

TEST_CASE_METHOD(WebhooksFixture, "A call outlives its thread") {
  Thread thread;
  thread.thread_id = id<ThreadId>(1);
  commit([thread](Transaction& transaction) { transaction.threads().insert(thread); });
  insert({call(1, 1, 1, 1)});
  commit([](Transaction& transaction) { transaction.threads().erase(id<ThreadId>(1)); });
  CHECK(find(1));
}

}  // namespace heddle::storage::test
