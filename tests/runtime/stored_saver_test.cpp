#include "runtime/stored_saver.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/runtime/saver_fixture.h"
#include "tests/support/faulty_storage.h"

namespace heddle::runtime {
namespace {

using test::CheckpointMaker;
using test::dump;
using test::id;
using test::kThread;
using test::long_text;
using test::StoredSaverFixture;

// Keeps writes until they are let go, one by one, and tells them done without doing them.
class SlowStorage : public storage::Storage {
 public:
  void submit(std::function<void(storage::Transaction&)>, std::function<void(std::exception_ptr)> done) override {
    waiting_.push_back(std::move(done));
  }
  void submit_read(std::function<void(const storage::Snapshot&)>, std::function<void(std::exception_ptr)>) override {
    FAIL("nothing is read");
  }
  void finish_one() {
    const auto done = std::move(waiting_.front());
    waiting_.pop_front();
    done(nullptr);
  }

 private:
  std::deque<std::function<void(std::exception_ptr)>> waiting_;
};

// Starts the coroutine and tells whether it has ended after all that can be done now was done.
class Waiting {
 public:
  Waiting(boost::asio::io_context& io, boost::asio::awaitable<void> coroutine) : io_(io) {
    boost::asio::co_spawn(io, std::move(coroutine), [this](std::exception_ptr) { ended_ = true; });
  }
  bool ended() {
    io_.restart();
    io_.poll();
    return ended_;
  }

 private:
  boost::asio::io_context& io_;
  bool ended_ = false;
};

boost::asio::awaitable<void> append_many(CheckpointSaver& saver, CheckpointMaker& maker, int times) {
  Value list{json::array()};
  for (int i = 0; i < times; ++i) {
    list = append_items(list, {std::make_shared<const json::value>("message " + std::to_string(i))});
    saver.put(maker.make({{"messages", list}}));
    co_await saver.wait_for_room();
  }
  co_await saver.flush();
}

}  // namespace

TEST_CASE_METHOD(StoredSaverFixture, "A thread of thousands of turns is read from few parts") {
  open(":memory:");
  renew();
  CheckpointMaker maker;
  constexpr int kTurns = 5000;
  run(append_many(saver(), maker, kTurns));
  auto parts_of_head = [](const storage::Snapshot& snapshot) {
    const auto row = snapshot.checkpoints().newest(kThread, "");
    return snapshot.checkpoints().value(kThread, row.value().value_ids.at(0)).size();
  };
  CHECK(read(std::move(parts_of_head)) <= kPartsOfLevelMax * 5);
  renew();
  const auto head = run(saver().newest(""));
  REQUIRE(head);
  CHECK(head->checkpoint.values.at("messages").size() == kTurns);
}

TEST_CASE_METHOD(StoredSaverFixture, "What a saver has put or loaded is not decoded again") {
  CheckpointMaker maker;
  const Value text = long_text('x');
  saver().put(maker.make({{"text", text}}));
  const auto head = run(saver().newest(""));
  REQUIRE(head);
  CHECK(head->checkpoint.values.at("text").same_as(text));
  renew();
  const auto loaded = run(saver().newest(""));
  const auto again = run(saver().newest(""));
  CHECK_FALSE(loaded->checkpoint.values.at("text").same_as(text));
  CHECK(again->checkpoint.values.at("text").same_as(loaded->checkpoint.values.at("text")));
}

TEST_CASE_METHOD(StoredSaverFixture, "A list that a later run appends to goes on from what was loaded") {
  CheckpointMaker maker;
  Value list{json::array()};
  for (int i = 0; i < 3; ++i) list = append_items(list, {std::make_shared<const json::value>(std::string(100, 'x'))});
  saver().put(maker.make({{"log", list}}));
  run(saver().flush());
  renew();
  const auto head = run(saver().newest(""));
  Value longer = append_items(head->checkpoint.values.at("log"), {std::make_shared<const json::value>("new")});
  const Checkpoint next = maker.make({{"log", longer}});
  saver().put(next);
  run(saver().flush());
  auto last_part = [&](const storage::Snapshot& snapshot) {
    const auto row = snapshot.checkpoints().find(kThread, "", next.id);
    return snapshot.checkpoints().value(kThread, row.value().value_ids.at(0)).back().data;
  };
  CHECK(read(std::move(last_part)) == R"(["new"])");
}

TEST_CASE_METHOD(StoredSaverFixture, "One call for the history shares what its checkpoints share") {
  CheckpointMaker maker;
  Value list{json::array()};
  const auto shared = std::make_shared<const json::object>(json::object{{"run_id", "r"}});
  for (int i = 0; i < 20; ++i) {
    list = append_items(list, {std::make_shared<const json::value>(std::string(100, 'x'))});
    Checkpoint checkpoint = maker.make({{"log", list}, {"text", long_text('x')}});
    checkpoint.metadata.shared = shared;
    saver().put(std::move(checkpoint));
  }
  run(saver().flush());
  renew();
  HistoryQuery query;
  query.limit = 20;
  const auto history = run(saver().history(query));
  REQUIRE(history.size() == 20);
  const Checkpoint& newest = history[0].checkpoint;
  const Checkpoint& older = history[1].checkpoint;
  CHECK(newest.metadata.shared == older.metadata.shared);
  CHECK(newest.values.at("log").items()[0] == older.values.at("log").items()[0]);
}

TEST_CASE_METHOD(StoredSaverFixture, "Two savers of one thread never give the same value id") {
  CheckpointMaker maker;
  std::map<std::string, Value> values;
  for (int i = 0; i < 40; ++i) values["key" + std::to_string(i)] = long_text('a');
  const Checkpoint first = maker.make(values);
  saver().put(first);
  for (int i = 0; i < 10; ++i) {
    // Goes on from the oldest checkpoint, so that it has not seen what the last saver wrote.
    run(saver().flush());
    renew();
    run(saver().find("", first.id));
    saver().put(maker.make({{"key1", long_text('b')}, {"key2", long_text('c')}}));
  }
  run(saver().flush());
  CHECK(run(saver().newest(""))->checkpoint.values.at("key2").same_as(Value()) == false);
}

TEST_CASE_METHOD(StoredSaverFixture, "After a failed put nothing later is stored and the first error is thrown") {
  for (int n = 1;; ++n) {
    INFO("write " << n << " fails");
    const ThreadId thread = id<ThreadId>(static_cast<std::uint8_t>(100 + n));
    heddle::test::FaultyStorage faulty(*storage, n);
    StoredSaver failing(faulty, thread, io.get_executor());
    CheckpointMaker maker;
    std::vector<Checkpoint> all;
    std::vector<Value> lists{Value(json::array())};
    for (int i = 0; i < 5; ++i) {
      lists.push_back(append_items(lists.back(), {std::make_shared<const json::value>(std::string(200, 'x'))}));
      all.push_back(maker.make({{"log", lists.back()}}));
      failing.put(all.back());
    }
    if (!faulty.struck()) {
      run(failing.flush());
      break;
    }
    CHECK_THROWS_WITH(run(failing.flush()), "the disk is full");
    CHECK_THROWS_WITH(run(failing.wait_for_room()), "the disk is full");
    CHECK_THROWS_WITH(run(failing.newest("")), "the disk is full");
    StoredSaver next(*storage, thread, io.get_executor());
    HistoryQuery query;
    const auto kept = run(next.history(query));
    REQUIRE(static_cast<int>(kept.size()) == n - 1);
    for (std::size_t i = 0; i < kept.size(); ++i) {
      CHECK(dump(kept[i].checkpoint) == dump(all[kept.size() - 1 - i]));
    }
  }
}

TEST_CASE_METHOD(StoredSaverFixture, "Nothing is stored that goes on from a checkpoint that was erased") {
  CheckpointMaker maker;
  Checkpoint first = maker.make({{"text", long_text('x')}});
  first.run_id = id<RunId>(1);
  saver().put(first);
  run(saver().flush());
  const auto erase_first = [this] {
    auto erase = [](storage::Transaction& transaction) { transaction.checkpoints().erase_run(kThread, id<RunId>(1)); };
    run(storage->commit(std::move(erase)));
  };
  const Checkpoint second = maker.make(first.values, first.id);
  SECTION("a checkpoint") {
    renew();
    run(saver().newest(""));
    erase_first();
    saver().put(second);
    CHECK_THROWS_WITH(run(saver().flush()), Catch::Contains("was deleted meanwhile"));
    renew();
    CHECK_FALSE(run(saver().newest("")));
  }
  SECTION("writes") {
    renew();
    run(saver().newest(""));
    erase_first();
    saver().put_writes("", first.id, {TaskId{}, "", {{"text", Value(json::value(1))}}});
    CHECK_THROWS_WITH(run(saver().flush()), Catch::Contains("was deleted meanwhile"));
  }
  SECTION("unless it has been gone on from before") {
    renew();
    run(saver().newest(""));
    saver().put(second);
    run(saver().flush());
    erase_first();
    saver().put(maker.make(first.values, second.id));
    run(saver().flush());
    renew();
    CHECK(run(saver().newest(""))->checkpoint.values.at("text").text() == long_text('x').text());
  }
}

TEST_CASE_METHOD(StoredSaverFixture, "What is not of a run is stored while its thread is there") {
  auto add = [](storage::Transaction& transaction) {
    storage::Thread thread;
    thread.thread_id = kThread;
    transaction.threads().insert(thread);
  };
  run(storage->commit(std::move(add)));
  CheckpointMaker maker;
  StoredSaver guarded(*storage, kThread, io.get_executor());
  guarded.require_thread();
  guarded.put(maker.make({{"text", long_text('x')}}));
  run(guarded.flush());
  auto erase = [](storage::Transaction& transaction) { transaction.threads().erase(kThread); };
  run(storage->commit(std::move(erase)));
  guarded.put(maker.make({{"text", long_text('y')}}));
  CHECK_THROWS_WITH(run(guarded.flush()), Catch::Contains("was deleted meanwhile"));
  renew();
  CHECK_FALSE(run(saver().newest("")));
}

TEST_CASE("A run waits for the disk when too much is on its way") {
  boost::asio::io_context io;
  SlowStorage storage;
  StoredSaver saver(storage, kThread, io.get_executor());
  CheckpointMaker maker;
  for (std::size_t i = 0; i + 1 < kPutsInFlightMax; ++i) saver.put(maker.make());
  Waiting with_room(io, saver.wait_for_room());
  CHECK(with_room.ended());
  saver.put(maker.make());
  Waiting full(io, saver.wait_for_room());
  Waiting flushed(io, saver.flush());
  CHECK_FALSE(full.ended());
  storage.finish_one();
  CHECK(full.ended());
  for (std::size_t i = 1; i < kPutsInFlightMax; ++i) {
    CHECK_FALSE(flushed.ended());
    storage.finish_one();
  }
  CHECK(flushed.ended());
}

TEST_CASE("A put that nobody waits for may end when the executor is gone") {
  SlowStorage storage;
  {
    boost::asio::io_context io;
    StoredSaver saver(storage, kThread, io.get_executor());
    CheckpointMaker maker;
    saver.put(maker.make());
  }
  storage.finish_one();  // what is wrong here, a sanitizer sees
}

TEST_CASE_METHOD(StoredSaverFixture, "Only some namespaces are kept in memory, and all can be gone on with") {
  CheckpointMaker maker;
  const Value text = long_text('x');
  for (std::size_t i = 0; i < kKnownNamespacesMax + 10; ++i) {
    Checkpoint checkpoint = maker.make({{"text", text}});
    checkpoint.checkpoint_ns = "child:" + std::to_string(i);
    saver().put(std::move(checkpoint));
  }
  const auto forgotten = run(saver().newest("child:0"));
  REQUIRE(forgotten);
  CHECK_FALSE(forgotten->checkpoint.values.at("text").same_as(text));
  CHECK(forgotten->checkpoint.values.at("text").text() == text.text());
}

}  // namespace heddle::runtime
