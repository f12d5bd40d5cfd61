#include "runtime/state_cache.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/runtime/saver_fixture.h"
#include "tests/support/faulty_storage.h"

namespace heddle::runtime {
namespace {

using test::CheckpointMaker;
using test::dump;
using test::id;
using test::kThread;
using test::long_text;

constexpr std::size_t kPlenty = std::size_t{1} << 20;

// Savers of one thread, each as one run has it.
class RunsFixture : public test::StoredSaverFixture {
 public:
  StateCache& states() { return states_; }

  Checkpoint put(std::map<std::string, Value> values, StateCache* states, std::optional<RunId> run_id = std::nullopt) {
    StoredSaver saver(*storage, kThread, io.get_executor(), Unpacking::at_once, states);
    Checkpoint checkpoint = maker_.make(std::move(values), newest_);
    checkpoint.run_id = run_id;
    newest_ = checkpoint.id;
    Checkpoint copy = checkpoint;
    saver.put(std::move(copy));
    run(saver.flush());
    return checkpoint;
  }
  LoadedCheckpoint newest(StateCache* states) {
    StoredSaver saver(*storage, kThread, io.get_executor(), Unpacking::at_once, states);
    std::optional<LoadedCheckpoint> found = run(saver.newest(""));
    REQUIRE(found);
    return *std::move(found);
  }

 private:
  StateCache states_{kPlenty};
  CheckpointMaker maker_;
  std::optional<CheckpointId> newest_;
};

// Hands everything on, and counts what is read.
class CountedReads final : public heddle::test::FaultyStorage {
 public:
  using FaultyStorage::FaultyStorage;
  void submit_read(std::function<void(const storage::Snapshot&)> work,
                   std::function<void(std::exception_ptr)> done) override {
    ++reads;
    FaultyStorage::submit_read(std::move(work), std::move(done));
  }

  int reads = 0;
};

// Runs that were told where their thread stands.
class SeenHeadFixture : public RunsFixture {
 public:
  std::optional<LoadedCheckpoint> newest_at(std::optional<storage::CheckpointHead> head) {
    counted.reads = 0;
    StoredSaver saver(counted, kThread, io.get_executor(), Unpacking::at_once, &states());
    saver.begin_at({head});
    return run(saver.newest(""));
  }
  // As the next run would find it.
  std::string as_read() { return dump(newest(nullptr)); }

  CountedReads counted{*storage};
};

StateCache::State state_of(std::size_t text_bytes) {
  auto stored = std::make_shared<StoredValue>();
  stored->parts.push_back({1, 0, 0, text_bytes});
  return {std::make_shared<const Checkpoint>(), {{"text", std::move(stored)}}};
}

}  // namespace

TEST_CASE_METHOD(RunsFixture, "The next run on a thread finds the state that the last one left, not decoded again") {
  const Value text = long_text('x');
  const Checkpoint put_one = put({{"text", text}, {"count", Value(json::value(3))}}, &states());
  const LoadedCheckpoint loaded = newest(&states());
  CHECK(loaded.checkpoint.values.at("text").same_as(text));
  CHECK(dump(loaded.checkpoint) == dump(put_one));
  CHECK(dump(loaded.checkpoint) == dump(newest(nullptr).checkpoint));
}

TEST_CASE_METHOD(RunsFixture, "A state that was changed by somebody else is the changed one") {
  const Value kept = long_text('k');
  put({{"kept", kept}, {"text", long_text('x')}}, &states());
  // As an update by hand does it, which knows nothing of what is in memory.
  StoredSaver other(*storage, kThread, io.get_executor());
  std::optional<LoadedCheckpoint> head = run(other.newest(""));
  Checkpoint changed = head->checkpoint;
  CheckpointMaker maker;
  maker.make();
  changed.id = maker.make().id;
  changed.id.uuid.bytes[0] = 0xff;  // later than all others
  changed.values["text"] = long_text('y');
  other.put(std::move(changed));
  run(other.flush());

  const LoadedCheckpoint loaded = newest(&states());
  CHECK(loaded.checkpoint.values.at("text").text() == long_text('y').text());
  // What did not change is named by its id, so it need not be decoded.
  CHECK(loaded.checkpoint.values.at("kept").same_as(kept));
}

TEST_CASE_METHOD(RunsFixture, "A checkpoint in memory has the parent that the storage says it has") {
  const Checkpoint first = put({{"text", long_text('a')}}, &states());
  put({{"text", long_text('b')}}, &states(), id<RunId>(1));
  put({{"text", long_text('c')}}, &states(), id<RunId>(2));
  auto erase = [](storage::Transaction& transaction) { transaction.checkpoints().erase_run(kThread, id<RunId>(1)); };
  run(storage->commit(std::move(erase)));
  const LoadedCheckpoint loaded = newest(&states());
  CHECK(loaded.checkpoint.parent == first.id);
  CHECK(dump(loaded) == dump(newest(nullptr)));
}

TEST_CASE_METHOD(RunsFixture, "A run goes on from a checkpoint in memory as from one that was read") {
  Value list{json::array()};
  for (int i = 0; i < 3; ++i) list = append_items(list, {std::make_shared<const json::value>(std::string(100, 'x'))});
  put({{"log", list}}, &states());
  const LoadedCheckpoint loaded = newest(&states());
  const Value longer = append_items(loaded.checkpoint.values.at("log"), {std::make_shared<const json::value>("new")});
  const Checkpoint next = put({{"log", longer}}, &states());
  auto last_part = [&](const storage::Snapshot& snapshot) {
    const auto row = snapshot.checkpoints().find(kThread, "", next.id);
    return snapshot.checkpoints().value(kThread, row.value().value_ids.at(0)).back().data;
  };
  CHECK(read(std::move(last_part)) == R"(["new"])");
  CHECK(dump(newest(nullptr).checkpoint) == dump(next));
}

TEST_CASE_METHOD(RunsFixture, "A run need not wait for its checkpoints to be stored to leave its state") {
  {
    StoredSaver saver(*storage, kThread, io.get_executor(), Unpacking::at_once, &states());
    CheckpointMaker maker;
    saver.put(maker.make({{"text", long_text('x')}}));
    saver.put(maker.make({{"text", long_text('y')}}));
  }
  const std::shared_ptr<const StateCache::State> left = states().find(kThread);
  REQUIRE(left);
  CHECK(left->checkpoint->values.at("text").text() == long_text('y').text());
  auto nothing = [](storage::Transaction&) {};
  run(storage->commit(std::move(nothing)));
  const LoadedCheckpoint loaded = newest(&states());
  CHECK(loaded.checkpoint.values.at("text").same_as(left->checkpoint->values.at("text")));
  CHECK(dump(loaded) == dump(newest(nullptr)));
}

TEST_CASE_METHOD(RunsFixture, "A run whose checkpoints are not all stored leaves nothing in memory") {
  for (const int failing : {1, 2}) {
    heddle::test::FaultyStorage faulty(*storage, failing);
    {
      StoredSaver saver(faulty, kThread, io.get_executor(), Unpacking::at_once, &states());
      CheckpointMaker maker;
      saver.put(maker.make({{"text", long_text('x')}}));
      saver.put(maker.make({{"text", long_text('y')}}));
    }
    // What is done behind them finds it so.
    auto nothing = [](storage::Transaction&) {};
    run(storage->commit(std::move(nothing)));
    CHECK(faulty.struck());
    CHECK_FALSE(states().find(kThread));
    CHECK(states().bytes() == 0);
  }
}

TEST_CASE_METHOD(SeenHeadFixture, "A run that knows where its thread stands reads nothing that is in memory") {
  const Checkpoint first = put({{"text", long_text('x')}}, &states());
  const Checkpoint second = put({{"text", long_text('y')}}, &states());
  const std::optional<LoadedCheckpoint> found = newest_at(storage::CheckpointHead{second.id, first.id});
  REQUIRE(found);
  CHECK(dump(*found) == as_read());
  CHECK(counted.reads == 0);

  // Which parent a checkpoint has, is what the storage says.
  const std::optional<LoadedCheckpoint> relinked = newest_at(storage::CheckpointHead{second.id, std::nullopt});
  CHECK_FALSE(relinked->checkpoint.parent);

  SECTION("it reads what is not in memory") {
    put({{"text", long_text('z')}}, nullptr);
    const storage::CheckpointHead head{newest(nullptr).checkpoint.id, second.id};
    CHECK(dump(*newest_at(head)) == as_read());
    CHECK(counted.reads == 1);
  }
  SECTION("on a new thread there is nothing to read") {
    CHECK_FALSE(newest_at(std::nullopt));
    CHECK(counted.reads == 0);
  }
  SECTION("what it has put itself is newer than what was seen") {
    StoredSaver saver(counted, kThread, io.get_executor(), Unpacking::at_once, &states());
    saver.begin_at({storage::CheckpointHead{second.id, first.id}});
    CheckpointMaker maker;
    Checkpoint third = maker.make({{"text", long_text('z')}});
    third.id.uuid.bytes[0] = 0xff;  // later than all others
    saver.put(third);
    CHECK(run(saver.newest(""))->checkpoint.id == third.id);
  }
}

TEST_CASE_METHOD(SeenHeadFixture, "Writes that tasks have left on a checkpoint are read, whoever left them") {
  const Checkpoint head = put({{"text", long_text('x')}}, &states());
  const TaskWrites writes{id<TaskId>(3), "path", {{"log", Value(json::value("answer"))}}};
  SECTION("the run that made the checkpoint") {
    StoredSaver saver(*storage, kThread, io.get_executor(), Unpacking::at_once, &states());
    Checkpoint next = head;
    next.id.uuid.bytes[0] = 0xff;  // later than all others
    saver.put(next);
    saver.put_writes("", next.id, writes);
    run(saver.flush());
  }
  SECTION("a run that found it in memory") {
    StoredSaver saver(*storage, kThread, io.get_executor(), Unpacking::at_once, &states());
    saver.begin_at({storage::CheckpointHead{head.id, std::nullopt}});
    CHECK(run(saver.newest("")));
    saver.put_writes("", head.id, writes);
    run(saver.flush());
  }
  SECTION("a run that had to read it") {
    StoredSaver saver(*storage, kThread, io.get_executor(), Unpacking::at_once, &states());
    CHECK(run(saver.newest("")));
    saver.put_writes("", head.id, writes);
    run(saver.flush());
  }
  const LoadedCheckpoint read = newest(nullptr);
  const std::optional<LoadedCheckpoint> found =
      newest_at(storage::CheckpointHead{read.checkpoint.id, read.checkpoint.parent});
  CHECK(dump(*found) == dump(read));
  CHECK(found->pending.size() == 1);
  CHECK(counted.reads == 1);
}

TEST_CASE_METHOD(RunsFixture, "A thread whose state is gone is not gone on from what was in memory") {
  const Value text = long_text('x');
  put({{"text", text}}, &states(), id<RunId>(1));
  auto erase = [](storage::Transaction& transaction) { transaction.checkpoints().erase_run(kThread, id<RunId>(1)); };
  run(storage->commit(std::move(erase)));
  {
    StoredSaver saver(*storage, kThread, io.get_executor(), Unpacking::at_once, &states());
    CHECK_FALSE(run(saver.newest("")));
    CheckpointMaker maker;
    maker.make();
    // The same value again, as a cache of results gives it.
    saver.put(maker.make({{"text", text}}));
    run(saver.flush());
  }
  CHECK(newest(nullptr).checkpoint.values.at("text").text() == text.text());
}

TEST_CASE_METHOD(RunsFixture,
                 "Numbers are of the kinds that they are read as, whether the last run was long ago or not") {
  const json::value list{std::string(200, 'x'), 2.0};
  for (const json::value& value : {json::value(2.0), json::value(std::uint64_t{3}), list}) {
    put({{"number", Value(value)}}, &states());
    const json::value found = newest(&states()).checkpoint.values.at("number").json();
    const json::value& number = found.is_array() ? found.get_array().at(1) : found;
    CHECK(number.is_int64());
  }
  // As long as it is in the state, and then no more.
  const Value grown = append_items(Value(list), {std::make_shared<const json::value>("more")});
  put({{"number", grown}}, &states());
  CHECK(newest(&states()).checkpoint.values.at("number").item(1).is_int64());
  const Value exact = json::value(2.5);
  put({{"number", exact}}, &states());
  CHECK(newest(&states()).checkpoint.values.at("number").same_as(exact));
}

TEST_CASE("A thread that is deleted leaves no state in memory") {
  StateCache cache(kPlenty);
  cache.keep(id<ThreadId>(1), state_of(1000));
  cache.forget(id<ThreadId>(1));
  cache.forget(id<ThreadId>(2));
  CHECK_FALSE(cache.find(id<ThreadId>(1)));
  CHECK(cache.bytes() == 0);
}

TEST_CASE("States that were used longest ago go first") {
  const std::size_t one = [] {
    StateCache cache(kPlenty);
    cache.keep(id<ThreadId>(1), state_of(1000));
    return cache.bytes();
  }();
  REQUIRE(one >= 1000);
  StateCache cache(3 * one);
  for (std::uint8_t number = 1; number <= 3; ++number) cache.keep(id<ThreadId>(number), state_of(1000));
  CHECK(cache.find(id<ThreadId>(1)));
  cache.keep(id<ThreadId>(4), state_of(1000));
  CHECK(cache.bytes() == 3 * one);
  CHECK(cache.find(id<ThreadId>(1)));
  CHECK_FALSE(cache.find(id<ThreadId>(2)));
  cache.clear();
  CHECK(cache.bytes() == 0);
  CHECK_FALSE(cache.find(id<ThreadId>(1)));
}

TEST_CASE("What many short items take besides their texts is counted") {
  const auto bytes_with = [](std::size_t items) {
    auto stored = std::make_shared<StoredValue>();
    stored->parts = {{.id = 1, .level = 0, .end = items, .bytes = 4000}};
    StateCache cache(kPlenty);
    StateCache::State state = state_of(1000);
    state.values["log"] = std::move(stored);
    cache.keep(id<ThreadId>(1), std::move(state));
    return cache.bytes();
  };
  CHECK(bytes_with(1000) >= bytes_with(1) + 999 * sizeof(Value::Item));
}

TEST_CASE("A state that does not fit is not kept, and not the one before it either") {
  StateCache cache(10'000);
  cache.keep(id<ThreadId>(1), state_of(1000));
  cache.keep(id<ThreadId>(2), state_of(500));
  cache.keep(id<ThreadId>(1), state_of(100'000));
  CHECK_FALSE(cache.find(id<ThreadId>(1)));
  CHECK(cache.find(id<ThreadId>(2)));
  StateCache none(0);
  none.keep(id<ThreadId>(1), state_of(0));
  CHECK_FALSE(none.find(id<ThreadId>(1)));
  CHECK(none.bytes() == 0);
}

}  // namespace heddle::runtime
