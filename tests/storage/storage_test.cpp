#include "storage/storage.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/thread_pool.hpp>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

namespace asio = boost::asio;

Thread thread(std::uint8_t number) {
  Thread made;
  made.thread_id = id<ThreadId>(number);
  return made;
}

auto insert(std::uint8_t number) {
  return [number](Transaction& transaction) { transaction.threads().insert(thread(number)); };
}

auto exists(std::uint8_t number) {
  return [number](const Snapshot& snapshot) { return snapshot.threads().exists(id<ThreadId>(number)); };
}

std::string text_of(const std::exception_ptr& error) {
  if (!error) return "done";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return thrown.what();
  }
}

}  // namespace

TEST_CASE("A storage answers the same in memory and on a file") {
  const TemporaryFolder folder;
  for (const std::string& path : {std::string(":memory:"), folder.file("heddle.db")}) {
    INFO(path);
    StorageFixture fixture(path);
    fixture.commit(insert(1));
    CHECK(fixture.read(exists(1)));
    CHECK_FALSE(fixture.read(exists(2)));
  }
}

TEST_CASE_METHOD(FileFixture, "A work sees what it has written itself") {
  auto work = [](Transaction& transaction) {
    transaction.threads().insert(thread(1));
    return transaction.threads().exists(id<ThreadId>(1));
  };
  CHECK(commit(work));
}

TEST_CASE_METHOD(FileFixture, "An exception of a work arrives at its coroutine and nothing of the work is kept") {
  auto work = [](Transaction& transaction) {
    transaction.threads().insert(thread(1));
    throw std::out_of_range("of the caller");
  };
  CHECK_THROWS_AS(commit(work), std::out_of_range);
  CHECK_FALSE(read(exists(1)));
  auto failing_read = [](const Snapshot&) { throw std::out_of_range("of the reader"); };
  CHECK_THROWS_AS(read(failing_read), std::out_of_range);
  CHECK_FALSE(read(exists(1)));
}

TEST_CASE_METHOD(FileFixture, "Works that wait together are applied in order and committed as one group") {
  std::vector<std::string> log;  // written by one thread of the storage after the other, until it is gone
  {
    Gate gate(*storage);
    for (std::uint8_t number = 1; number <= 3; ++number) {
      auto work = [&log, number](Transaction& transaction) {
        transaction.threads().insert(thread(number));
        log.push_back("work " + std::to_string(number));
      };
      auto done = [&log, number](std::exception_ptr error) {
        log.push_back(text_of(error) + " " + std::to_string(number));
      };
      storage->submit(std::move(work), std::move(done));
    }
  }
  storage.reset();
  CHECK(log == std::vector<std::string>{"work 1", "work 2", "work 3", "done 1", "done 2", "done 3"});
}

TEST_CASE_METHOD(FileFixture, "A work that fails leaves the others of its group, and those behind it know") {
  std::vector<std::string> log;
  {
    Gate gate(*storage);
    auto log_end = [&log](std::exception_ptr error) { log.push_back(text_of(error)); };
    auto insert_third = [&log](Transaction& transaction) {
      log.emplace_back("third");
      transaction.threads().insert(thread(3));
    };
    auto fail = [](Transaction& transaction) {
      transaction.threads().insert(thread(2));
      throw std::runtime_error("no");
    };
    storage->submit(insert(1), log_end);
    storage->submit(fail, log_end);
    storage->submit(insert_third, log_end);
  }
  commit(insert(4));
  CHECK(read(exists(1)));
  CHECK_FALSE(read(exists(2)));
  CHECK(read(exists(3)));
  storage.reset();
  CHECK(log == std::vector<std::string>{"no", "third", "done", "done"});
}

TEST_CASE_METHOD(FileFixture, "A statement that breaks a rule of the schema fails its work alone, as StorageError") {
  auto twice = [](Transaction& transaction) {
    transaction.threads().insert(thread(1));
    transaction.runs().insert(Run{});
    transaction.runs().insert(Run{});
  };
  CHECK_THROWS_AS(commit(twice), StorageError);
  CHECK_FALSE(read(exists(1)));
  commit(insert(2));
  CHECK(read(exists(2)));
}

TEST_CASE_METHOD(FileFixture, "A read stays on one snapshot while others commit") {
  std::promise<void> begun;
  std::promise<void> committed;
  auto look_twice = [&](const Snapshot& snapshot) {
    const bool before = snapshot.threads().exists(id<ThreadId>(1));
    begun.set_value();
    committed.get_future().wait();
    return !before && !snapshot.threads().exists(id<ThreadId>(1));
  };
  std::promise<bool> unchanged;
  storage->submit_read([&](const Snapshot& snapshot) { unchanged.set_value(look_twice(snapshot)); },
                       [](std::exception_ptr) {});
  begun.get_future().wait();
  commit(insert(1));
  committed.set_value();
  CHECK(unchanged.get_future().get());
  CHECK(read(exists(1)));
}

TEST_CASE_METHOD(FileFixture, "Every read sees the commits that were acknowledged before it") {
  for (std::uint8_t number = 1; number <= 100; ++number) {
    commit(insert(number));
    CHECK(read(exists(number)));
  }
}

TEST_CASE_METHOD(FileFixture, "An io_context keeps running while a coroutine waits for the storage") {
  bool found = false;
  auto work = [&]() -> asio::awaitable<void> {
    auto write = insert(1);
    co_await storage->commit(std::move(write));
    auto look = exists(1);
    const bool exists_now = co_await storage->read(std::move(look));
    found = exists_now;
  };
  asio::co_spawn(io, work(), asio::detached);
  io.run();
  CHECK(found);
}

TEST_CASE_METHOD(FileFixture, "A coroutine goes on where it waited") {
  asio::thread_pool pool(1);
  auto work = [&]() -> asio::awaitable<bool> {
    auto write = insert(1);
    co_await storage->commit(std::move(write));
    const bool after_commit = pool.executor().running_in_this_thread();
    auto look = exists(1);
    const bool found = co_await storage->read(std::move(look));
    co_return after_commit&& found&& pool.executor().running_in_this_thread();
  };
  std::promise<bool> result;
  asio::co_spawn(pool, work(), [&](std::exception_ptr, bool stayed) { result.set_value(stayed); });
  CHECK(result.get_future().get());
  storage.reset();
}

TEST_CASE_METHOD(FileFixture, "A work that was handed in is done even if nobody waits any more") {
  asio::cancellation_signal cancel;
  bool finished = false;
  auto work = [&]() -> asio::awaitable<void> {
    auto write = insert(1);
    co_await storage->commit(std::move(write));
    finished = true;
  };
  Gate gate(*storage);
  asio::co_spawn(io, work(), asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  io.poll();
  cancel.emit(asio::cancellation_type::all);
  io.poll();
  CHECK_FALSE(finished);
  gate.open();
  io.run();
  CHECK(finished);
  CHECK(read(exists(1)));
}

TEST_CASE("Destroying a storage finishes what was handed in") {
  const TemporaryFolder folder;
  StorageFixture fixture(folder.file("heddle.db"));
  int done = 0;
  for (std::uint8_t number = 1; number <= 200; ++number) {
    fixture.storage->submit(insert(number), [&done](std::exception_ptr error) { done += error ? 0 : 1; });
  }
  fixture.storage.reset();
  CHECK(done == 200);
  fixture.open(folder.file("heddle.db"));
  CHECK(fixture.read(exists(200)));
}

TEST_CASE_METHOD(FileFixture, "Works are refused when too many wait") {
  int done = 0;
  int refused = 0;
  {
    Gate gate(*storage);
    auto count = [&](std::exception_ptr error) {
      try {
        if (error) std::rethrow_exception(error);
        ++done;
      } catch (const StorageBusy&) {
        ++refused;
      }
    };
    for (int i = 0; i < 20'000; ++i) storage->submit([](Transaction&) {}, count);
    CHECK(refused == 20'000 - 16'384);
  }
  storage.reset();
  CHECK(done == 16'384);
}

TEST_CASE_METHOD(FileFixture, "Many threads may write and read at once") {
  asio::thread_pool pool(4);
  std::vector<std::future<bool>> results;
  auto work = [&](std::uint8_t number) -> asio::awaitable<bool> {
    auto write = insert(number);
    co_await storage->commit(std::move(write));
    auto look = exists(number);
    const bool found = co_await storage->read(std::move(look));
    co_return found;
  };
  for (std::uint8_t number = 1; number <= 200; ++number) {
    auto result = std::make_shared<std::promise<bool>>();
    results.push_back(result->get_future());
    asio::co_spawn(pool, work(number), [result](std::exception_ptr, bool found) { result->set_value(found); });
  }
  for (std::future<bool>& result : results) CHECK(result.get());
  storage.reset();
}

TEST_CASE("A storage that cannot be opened says why") {
  const TemporaryFolder folder;
  StorageOptions options;
  options.path = "";
  CHECK_THROWS_AS(open(options), StorageError);
  options.path = folder.file("missing/heddle.db");
  CHECK_THROWS_WITH(open(options), Catch::Contains("folder") && Catch::Contains("missing"));
  std::filesystem::create_directory(folder.file("folder"));
  options.path = folder.file("folder");
  CHECK_THROWS_WITH(open(options), Catch::Contains("must name a file"));
}

TEST_CASE_METHOD(FileFixture, "Threads that give memory back say so, and go on") {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::thread::id> threads;
  storage->give_back_memory([&] {
    const std::lock_guard<std::mutex> guard(mutex);
    threads.insert(std::this_thread::get_id());
    changed.notify_all();
  });
  {
    // The writer, and whichever reader wakes first; another one does it when it reads next.
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return threads.size() >= 2; });
  }
  commit([](Transaction& transaction) { transaction.leave_mark(at(1)); });
  CHECK(read([](const Snapshot& snapshot) { return snapshot.runs().all_in_flight().size(); }) == 0);
  storage.reset();  // whoever is still to say so uses what is above
}

}  // namespace heddle::storage::test
