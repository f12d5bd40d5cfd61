#include "api/services/expiry_sweeper.h"

#include <catch2/catch.hpp>

#include "tests/api/services/service_fixture.h"

namespace heddle::api {
namespace {

using std::chrono::minutes;

class SweeperFixture : public test::ServiceFixture {
 public:
  storage::Timestamp sweep() { return get(services.expiry_sweeper.sweep_due()).value(); }
  void put(const std::string& key, double minutes_to_live) {
    get(services.store.put(ann, {{"a"}, key, {}, {minutes_to_live}}));
  }
  // How many rows there are, whether or not somebody sees them.
  std::size_t items() {
    storage::ItemQuery long_ago;
    long_ago.owner = ann;
    long_ago.page.limit = 10'000;
    return get(storage->read(
                   [long_ago](const storage::Snapshot& snapshot) { return snapshot.items().search(long_ago); }))
        .size();
  }
  storage::ThreadId made(std::optional<ThreadTtl> ttl = std::nullopt) {
    NewThread wanted;
    wanted.metadata = object(R"({"graph_id":"echo"})");
    wanted.ttl = ttl;
    return get(services.threads.create(ann, std::move(wanted))).thread.thread_id;
  }
  std::optional<storage::Thread> found(storage::ThreadId id) {
    return get(
        storage->read([id, this](const storage::Snapshot& snapshot) { return snapshot.threads().find(ann, id); }));
  }
  void add_states(storage::ThreadId id, int count) {
    for (int i = 0; i < count; ++i) {
      const runtime::StateUpdate update{object(R"({"text":"x"})"), std::string("keep")};
      get(services.states.update(*found(id), {}, {{update}}));
    }
  }
  std::size_t states(storage::ThreadId id) {
    return get(storage->read([id](const storage::Snapshot& snapshot) {
             storage::CheckpointQuery query;
             query.thread_id = id;
             return snapshot.checkpoints().list(query);
           }))
        .size();
  }
};

}  // namespace

TEST_CASE_METHOD(SweeperFixture, "Expired items are erased at the interval of the settings, and others stay") {
  settings.store.sweep_interval = minutes{10};
  put("short", 1);
  put("long", 100);
  CHECK(sweep() > clock.now());
  clock.advance(minutes{5});
  sweep();
  CHECK(items() == 2);
  clock.advance(minutes{5});
  sweep();
  CHECK(items() == 1);
}

TEST_CASE_METHOD(SweeperFixture, "More items than one portion are erased by one sweep") {
  for (int i = 0; i < 600; ++i) put(std::to_string(i), 1);
  clock.advance(minutes{1});
  sweep();
  CHECK(items() == 0);
}

TEST_CASE_METHOD(SweeperFixture,
                 "A sweep that was due long ago comes once, and one behind a clock set back comes at once") {
  settings.store.sweep_interval = settings.thread_ttl.sweep_interval = minutes{10};
  CHECK(sweep() == clock.now() + minutes{10});
  clock.advance(minutes{1'000});
  CHECK(sweep() == clock.now() + minutes{10});
  clock.advance(minutes{-500});
  CHECK(sweep() == clock.now() + minutes{10});
}

TEST_CASE_METHOD(SweeperFixture, "A thread goes when its time to live has passed since its last change") {
  const storage::ThreadId id = made(ThreadTtl{10});
  const storage::ThreadId other = made();
  clock.advance(minutes{9});
  get(services.threads.patch(ann, id, ThreadChange{object(R"({"a":1})"), std::nullopt}));
  clock.advance(minutes{9});
  sweep();
  CHECK(found(id));
  clock.advance(minutes{5});
  sweep();
  CHECK_FALSE(found(id));
  CHECK(found(other));
}

TEST_CASE_METHOD(SweeperFixture, "What was shown of a thread leaves memory when the thread has expired") {
  const storage::ThreadId id = made(ThreadTtl{10});
  const runtime::StateUpdate update{object(R"({"text":")" + std::string(100'000, 'x') + R"("})"), std::string("keep")};
  get(services.states.update(*found(id), {}, {{update}}));
  get(services.threads.get(ann, id));
  CHECK(shown.bytes() > 100'000);
  clock.advance(minutes{10});
  sweep();
  CHECK_FALSE(found(id));
  CHECK(shown.bytes() == 0);
}

TEST_CASE_METHOD(SweeperFixture, "A thread that keeps its newest state loses the others, again and again") {
  const storage::ThreadId id = made(ThreadTtl{10, PruneStrategy::keep_latest});
  for (int round = 0; round < 2; ++round) {
    add_states(id, 3);
    CHECK(states(id) >= 3);
    clock.advance(minutes{10});
    sweep();
    REQUIRE(found(id));
    CHECK(states(id) == 1);
    CHECK(found(id)->expires_at == clock.now() + minutes{10});
  }
}

TEST_CASE_METHOD(SweeperFixture, "A thread with a run in flight is left alone until the run has ended") {
  const storage::ThreadId id = made(ThreadTtl{10});
  storage::Run run;
  run.run_id.uuid.bytes.back() = 1;
  run.thread_id = id;
  run.owner = ann;
  run.status = storage::RunStatus::running;
  get(storage->commit([run](storage::Transaction& tx) { tx.runs().insert(run); }));
  clock.advance(minutes{10});
  sweep();
  CHECK(found(id));
  run.status = storage::RunStatus::success;
  get(storage->commit([run](storage::Transaction& tx) { tx.runs().update(run); }));
  clock.advance(minutes{5});
  sweep();
  CHECK_FALSE(found(id));
}

TEST_CASE_METHOD(SweeperFixture, "New threads get the time to live of the settings, those that are there do not") {
  const storage::ThreadId before = made();
  settings.thread_ttl.default_minutes = 10;
  settings.thread_ttl.strategy = PruneStrategy::keep_latest;
  const storage::ThreadId after = made();
  const storage::ThreadId own = made(ThreadTtl{60});
  const storage::ThreadId copied = get(services.threads.copy(ann, before)).thread.thread_id;
  CHECK_FALSE(found(before)->expires_at);
  CHECK(found(after)->ttl_json == R"({"strategy":"keep_latest","ttl_minutes":10})");
  CHECK(found(after)->expires_at == clock.now() + minutes{10});
  CHECK(found(copied)->expires_at == clock.now() + minutes{10});
  CHECK(found(own)->expires_at == clock.now() + minutes{60});
}

TEST_CASE_METHOD(SweeperFixture, "One sweep looks at no more threads than the settings say") {
  settings.thread_ttl.sweep_limit = 70;
  std::vector<storage::ThreadId> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(made(ThreadTtl{1}));
  const auto left = [&] {
    return std::ranges::count_if(ids, [&](storage::ThreadId id) { return found(id).has_value(); });
  };
  clock.advance(minutes{1});
  sweep();
  CHECK(left() == 30);
  clock.advance(minutes{5});
  sweep();
  CHECK(left() == 0);
}

TEST_CASE_METHOD(SweeperFixture, "The sweeper sweeps when it is started, and stops when it is told to") {
  put("k", 1);
  clock.advance(minutes{1});
  services.expiry_sweeper.start();
  for (int i = 0; i < 1'000 && items() > 0; ++i) continue;
  CHECK(items() == 0);
  get(services.expiry_sweeper.stop());
}

TEST_CASE_METHOD(SweeperFixture, "A run goes when the retention has passed since its end, and its thread stays") {
  settings.run_retention_minutes = 30;
  const storage::ThreadId thread = made();
  storage::Run run;
  run.run_id.uuid.bytes.back() = 1;
  run.thread_id = thread;
  run.owner = ann;
  run.updated_at = clock.now();
  run.status = storage::RunStatus::success;
  get(storage->commit([run](storage::Transaction& transaction) { transaction.runs().insert(run); }));
  auto is_there = [&] {
    auto find = [run](const storage::Snapshot& snapshot) {
      return snapshot.runs().find(run.owner, run.run_id).has_value();
    };
    return get(storage->read(std::move(find)));
  };
  clock.advance(minutes{30});
  sweep();
  CHECK(is_there());
  clock.advance(minutes{10});
  sweep();
  CHECK_FALSE(is_there());
  CHECK(found(thread));
}

}  // namespace heddle::api
