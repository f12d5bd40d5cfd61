#include "storage/crons.h"

#include <catch2/catch.hpp>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

const Owner kAlice{"alice"};
const Owner kBob{"bob"};

Cron cron(std::uint8_t number, const Owner& owner = kAlice) {
  Cron made;
  made.cron_id = id<CronId>(number);
  made.owner = owner;
  made.assistant_id = id<AssistantId>(7);
  made.created_at = at(number);
  made.updated_at = at(100 - number);
  made.schedule = "* * * * *";
  made.next_run_date = at(1000 + number);
  made.metadata_json = R"({"number":)" + std::to_string(number) + "}";
  return made;
}

std::vector<int> numbers(const std::vector<Cron>& crons) {
  std::vector<int> found;
  for (const Cron& each : crons) found.push_back(each.cron_id.uuid.bytes.back());
  return found;
}

class CronsFixture : public StorageFixture {
 public:
  CronsFixture() {
    commit([](Transaction& transaction) {
      for (const std::uint8_t number : {std::uint8_t{7}, std::uint8_t{8}}) {
        Assistant assistant;
        assistant.assistant_id = id<AssistantId>(number);
        assistant.owner = kAlice;
        assistant.graph_id = "agent";
        transaction.assistants().insert(assistant);
      }
    });
  }
  void insert(const std::vector<Cron>& crons) {
    commit([crons](Transaction& transaction) {
      for (const Cron& each : crons) transaction.crons().insert(each);
    });
  }
  std::optional<Cron> find(const Owner& owner, std::uint8_t number) {
    return read([=](const Snapshot& snapshot) { return snapshot.crons().find(owner, id<CronId>(number)); });
  }
  std::vector<int> search(CronQuery query) {
    query.owner = kAlice;
    const Found<Cron> found = read([query](const Snapshot& snapshot) { return snapshot.crons().search(query); });
    const auto total = read([query](const Snapshot& snapshot) { return snapshot.crons().count(query); });
    CHECK(found.total == total);
    return numbers(found.records);
  }
  std::vector<int> due(std::int64_t seconds, std::int64_t limit = 10) {
    return numbers(read([=](const Snapshot& snapshot) { return snapshot.crons().due(at(seconds), limit); }));
  }
  std::optional<Timestamp> earliest() {
    return read([](const Snapshot& snapshot) { return snapshot.crons().earliest(); });
  }
  bool claim(std::uint8_t number, Timestamp due_at, std::optional<Timestamp> next) {
    return commit(
        [=](Transaction& transaction) { return transaction.crons().claim(id<CronId>(number), due_at, next); });
  }
};

}  // namespace

TEST_CASE_METHOD(CronsFixture, "A cron is found as it was inserted, by its owner only") {
  Cron stored = cron(1);
  stored.thread_id = id<ThreadId>(3);
  stored.timezone = "Europe/Berlin";
  stored.end_time = at(5000);
  stored.enabled = false;
  stored.on_run_completed = OnCompletion::keep;
  stored.payload_json = R"({"input":null})";
  insert({stored, cron(2)});

  CHECK_FALSE(find(kBob, 1));
  const std::optional<Cron> found = find(kAlice, 1);
  REQUIRE(found);
  CHECK(found->owner == kAlice);
  CHECK(found->assistant_id == id<AssistantId>(7));
  CHECK(found->thread_id == id<ThreadId>(3));
  CHECK(found->created_at == at(1));
  CHECK(found->updated_at == at(99));
  CHECK(found->schedule == "* * * * *");
  CHECK(found->timezone == "Europe/Berlin");
  CHECK(found->end_time == at(5000));
  CHECK_FALSE(found->enabled);
  CHECK(found->next_run_date == at(1001));
  CHECK(found->on_run_completed == OnCompletion::keep);
  CHECK(found->payload_json == stored.payload_json);
  CHECK(found->metadata_json == stored.metadata_json);

  const std::optional<Cron> plain = find(kAlice, 2);
  REQUIRE(plain);
  CHECK_FALSE(plain->thread_id);
  CHECK_FALSE(plain->timezone);
  CHECK_FALSE(plain->end_time);
  CHECK(plain->enabled);
}

TEST_CASE_METHOD(CronsFixture, "An update changes what a cron may change") {
  insert({cron(1)});
  Cron changed = cron(1, kBob);
  changed.assistant_id = id<AssistantId>(8);
  changed.thread_id = id<ThreadId>(3);
  changed.created_at = at(50);
  changed.updated_at = at(51);
  changed.schedule = "0 * * * *";
  changed.enabled = false;
  changed.next_run_date.reset();
  changed.metadata_json = "{}";
  commit([changed](Transaction& transaction) { transaction.crons().update(changed); });
  const std::optional<Cron> found = find(kAlice, 1);
  REQUIRE(found);
  CHECK(found->assistant_id == id<AssistantId>(8));
  CHECK_FALSE(found->thread_id);
  CHECK(found->created_at == at(1));
  CHECK(found->updated_at == at(51));
  CHECK(found->schedule == "0 * * * *");
  CHECK_FALSE(found->enabled);
  CHECK_FALSE(found->next_run_date);
  CHECK(found->metadata_json == "{}");
}

TEST_CASE_METHOD(CronsFixture, "Crons are searched by what they have, sorted and paged, and only those of the owner") {
  Cron second = cron(2);
  second.assistant_id = id<AssistantId>(8);
  second.next_run_date.reset();
  Cron third = cron(3);
  third.thread_id = id<ThreadId>(9);
  third.enabled = false;
  insert({cron(1), second, third, cron(4, kBob)});

  CHECK(search({}) == std::vector<int>{3, 2, 1});
  CronQuery query;
  query.assistant_id = id<AssistantId>(8);
  CHECK(search(query) == std::vector<int>{2});
  query = {};
  query.thread_id = id<ThreadId>(9);
  CHECK(search(query) == std::vector<int>{3});
  query = {};
  query.enabled = false;
  CHECK(search(query) == std::vector<int>{3});
  query.enabled = true;
  CHECK(search(query) == std::vector<int>{2, 1});
  query = {};
  query.metadata.json = R"({"number":1})";
  CHECK(search(query) == std::vector<int>{1});
  query = {};
  query.sort_by = CronSort::next_run_date;
  CHECK(search(query) == std::vector<int>{3, 1, 2});
  query.order = SortOrder::ascending;
  CHECK(search(query) == std::vector<int>{1, 3, 2});
  query.sort_by = CronSort::updated_at;
  CHECK(search(query) == std::vector<int>{3, 2, 1});
  query.page = {1, 1};
  const Found<Cron> page = read([query](const Snapshot& snapshot) {
    CronQuery of_alice = query;
    of_alice.owner = kAlice;
    return snapshot.crons().search(of_alice);
  });
  CHECK(numbers(page.records) == std::vector<int>{2});
  CHECK(page.total == 3);
}

TEST_CASE_METHOD(CronsFixture, "Crons of all owners are due when their time has come, longest due first") {
  CHECK_FALSE(earliest());
  Cron never = cron(4);
  never.next_run_date.reset();
  insert({cron(2), cron(1), cron(3, kBob), never});
  CHECK(earliest() == at(1001));
  CHECK(due(1000).empty());
  CHECK(due(1001) == std::vector<int>{1});
  CHECK(due(2000) == std::vector<int>{1, 2, 3});
  CHECK(due(2000, 2) == std::vector<int>{1, 2});
}

TEST_CASE_METHOD(CronsFixture, "A time of a cron is claimed once") {
  insert({cron(1), cron(2)});
  CHECK_FALSE(claim(1, at(1000), at(2000)));
  CHECK(claim(1, at(1001), at(2000)));
  CHECK_FALSE(claim(1, at(1001), at(3000)));
  CHECK(find(kAlice, 1)->next_run_date == at(2000));
  CHECK(find(kAlice, 2)->next_run_date == at(1002));
  CHECK(claim(1, at(2000), std::nullopt));
  CHECK_FALSE(find(kAlice, 1)->next_run_date);
  CHECK_FALSE(claim(1, at(2000), at(3000)));
}

TEST_CASE_METHOD(CronsFixture, "Waiting crons are read in pages") {
  insert({cron(3), cron(1, kBob), cron(2)});
  const auto page = [this](std::int64_t now, std::optional<CronId> after) {
    return numbers(read([=](const Snapshot& snapshot) { return snapshot.crons().waiting(at(now), after, 2); }));
  };
  CHECK(page(0, std::nullopt) == std::vector<int>{1, 2});
  CHECK(page(0, id<CronId>(2)) == std::vector<int>{3});
  CHECK(page(1002, std::nullopt) == std::vector<int>{3});
}

TEST_CASE_METHOD(CronsFixture, "Crons go with their thread and with their assistant") {
  Cron of_thread = cron(1);
  of_thread.thread_id = id<ThreadId>(9);
  Cron of_assistant = cron(2);
  of_assistant.assistant_id = id<AssistantId>(8);
  insert({of_thread, of_assistant, cron(3)});
  auto erase = [](Transaction& transaction) {
    Thread thread;
    thread.thread_id = id<ThreadId>(9);
    thread.owner = kAlice;
    transaction.threads().insert(thread);
    transaction.threads().erase(id<ThreadId>(9));
    transaction.assistants().erase(id<AssistantId>(8));
  };
  commit(erase);
  CHECK(search({}) == std::vector<int>{3});
  commit([](Transaction& transaction) { transaction.crons().erase(id<CronId>(3)); });
  CHECK(search({}).empty());
}

}  // namespace heddle::storage::test
