// What was answered is durable, however the disk behaves.

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/error.h"
#include "tests/storage/storage_fixture.h"
#include "tests/support/syncs.h"

namespace heddle::storage::test {
namespace {

using heddle::test::Syncs;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{10};
// In which nothing must happen: a sign that nothing will, for a test that cannot wait for ever.
constexpr milliseconds kLull{50};

Item item(const std::string& key) {
  Item made;
  made.name_space = {"n"};
  made.key = key;
  made.value_json = "1";
  return made;
}

bool has(const Snapshot& snapshot, const std::string& key) {
  return snapshot.items().find(Owner{}, {"n"}, key, at(1)).has_value();
}

// What is handed in and not waited for.
class Answer {
 public:
  std::function<void(std::exception_ptr)> done() {
    return [promise = promise_](const std::exception_ptr& error) { promise->set_value(error); };
  }
  bool came() { return future_.wait_for(kLull) == std::future_status::ready; }
  bool comes() { return future_.wait_for(kPatience) == std::future_status::ready; }
  std::exception_ptr error() { return future_.get(); }

 private:
  std::shared_ptr<std::promise<std::exception_ptr>> promise_ = std::make_shared<std::promise<std::exception_ptr>>();
  std::shared_future<std::exception_ptr> future_ = promise_->get_future().share();
};

// Nothing is left held back, or the storage could not end.
struct SlowDisk : FileFixture {
  SlowDisk() {
    commit([](Transaction& transaction) { transaction.items().put(item("before")); });
  }
  ~SlowDisk() { syncs.release(); }

  std::string log() const { return path() + "-wal"; }

  void put(const std::string& key, Answer& answer) {
    auto work = [key](Transaction& transaction) { transaction.items().put(item(key)); };
    storage->submit(std::move(work), answer.done());
  }

  // Both in one group.
  void put_two(Answer& one, Answer& two) {
    Gate gate(*storage);
    put("one", one);
    put("two", two);
  }

  Syncs& syncs = Syncs::seen();
};

}  // namespace

TEST_CASE_METHOD(SlowDisk, "A commit is answered when it is durable") {
  Answer alone;
  syncs.hold(log());
  put("alone", alone);
  REQUIRE(syncs.is_held());
  CHECK_FALSE(alone.came());
  syncs.release();
  REQUIRE(alone.comes());
  CHECK_FALSE(alone.error());
}

TEST_CASE_METHOD(SlowDisk, "While a commit becomes durable the next works are applied, and answered behind it") {
  Answer one, two, later;
  syncs.hold(log());
  put_two(one, two);
  REQUIRE(syncs.is_held());
  std::promise<void> applied;
  auto work = [&applied](Transaction& transaction) {
    transaction.items().put(item("later"));
    applied.set_value();
  };
  storage->submit(std::move(work), later.done());
  CHECK(applied.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK_FALSE(one.came());
  CHECK_FALSE(later.came());
  syncs.release();
  for (Answer* answer : {&one, &two, &later}) {
    REQUIRE(answer->comes());
    CHECK_FALSE(answer->error());
  }
}

TEST_CASE_METHOD(SlowDisk, "A work that fails is told so at once, whatever the disk does") {
  Answer one, two, failed;
  syncs.hold(log());
  put_two(one, two);
  REQUIRE(syncs.is_held());
  storage->submit([](Transaction&) { throw std::out_of_range("no"); }, failed.done());
  REQUIRE(failed.comes());
  CHECK_THROWS_AS(std::rethrow_exception(failed.error()), std::out_of_range);
  CHECK_FALSE(one.came());
}

TEST_CASE_METHOD(SlowDisk, "A disk that is too far behind holds up the writer") {
  constexpr int kWorks = 6'000;
  std::atomic<int> applied = 0;
  std::atomic<int> answered = 0;
  syncs.hold(log());
  for (int i = 0; i < kWorks; ++i) {
    auto work = [&applied, i](Transaction& transaction) {
      transaction.items().put(item(std::to_string(i)));
      ++applied;
    };
    storage->submit(std::move(work), [&answered](const std::exception_ptr& error) { answered += error ? 0 : 1; });
  }
  REQUIRE(syncs.is_held());
  int before = -1;
  while (std::exchange(before, applied.load()) != applied) std::this_thread::sleep_for(kLull);
  CHECK(applied < kWorks);
  CHECK(answered == 0);
  syncs.release();
  storage.reset();
  CHECK(answered == kWorks);
}

TEST_CASE_METHOD(SlowDisk, "A disk that does not make the log durable is not trusted again before the next start") {
  Answer lost;
  syncs.let_fail(log());
  put("lost", lost);
  REQUIRE(lost.comes());
  CHECK_THROWS_AS(std::rethrow_exception(lost.error()), StorageUncertain);
  syncs.release();
  const auto put_later = [this] { commit([](Transaction& transaction) { transaction.items().put(item("later")); }); };
  CHECK_THROWS_WITH(put_later(), Catch::Contains("does not make the log durable") && Catch::Contains(path()) &&
                                     Catch::Contains("start the server again"));
  CHECK(read([](const Snapshot& snapshot) { return has(snapshot, "before"); }));

  storage.reset();
  open(path());
  put_later();
  CHECK(read([](const Snapshot& snapshot) { return has(snapshot, "before") && has(snapshot, "later"); }));
}

TEST_CASE("With NORMAL no commit waits for the disk") {
  const TemporaryFolder folder;
  StorageOptions options;
  options.path = folder.file("heddle.db");
  options.synchronous = Synchronous::normal;
  const std::unique_ptr<Storage> storage = open(options);
  const auto commit = [&storage](const std::string& key) {
    Answer answer;
    storage->submit([key](Transaction& transaction) { transaction.items().put(item(key)); }, answer.done());
    return answer.comes();
  };
  REQUIRE(commit("first"));  // begins the log, which is made durable
  Syncs::seen().hold(options.path + "-wal");
  const bool came = commit("second");
  Syncs::seen().release();
  CHECK(came);
}

}  // namespace heddle::storage::test
