// What Checkpoints::erase_run and keep_newest leave behind.

#include <SQLiteCpp/SQLiteCpp.h>

#include <catch2/catch.hpp>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

const ThreadId kThread = id<ThreadId>(1);

Checkpoint checkpoint(std::uint8_t number, std::optional<std::uint8_t> parent, std::uint8_t run,
                      const std::vector<ValueId>& value_ids = {}) {
  Checkpoint made;
  made.thread_id = kThread;
  made.checkpoint_id = id<CheckpointId>(number);
  if (parent) made.parent_id = id<CheckpointId>(*parent);
  made.run_id = id<RunId>(run);
  made.source = "loop";
  made.value_ids = value_ids;
  made.shared_metadata_json = R"({"run":)" + std::to_string(run) + "}";
  return made;
}

ChannelValue part(ValueId value_id, std::optional<ValueId> base) {
  ChannelValue made;
  made.channel = "messages";
  made.value_id = value_id;
  made.base = base;
  made.data = "[]";
  return made;
}

class ErasingFixture : public FileFixture {
 public:
  void insert(const Checkpoint& made, const std::vector<ChannelValue>& values = {}) {
    commit([=](Transaction& transaction) { transaction.checkpoints().insert(made, values); });
  }
  void erase_run(std::uint8_t run) {
    commit([=](Transaction& transaction) { transaction.checkpoints().erase_run(kThread, id<RunId>(run)); });
  }
  void keep_newest() {
    commit([](Transaction& transaction) { transaction.checkpoints().keep_newest(kThread); });
  }
  std::optional<Checkpoint> find(std::uint8_t number, const std::string& checkpoint_ns = "") {
    return read([=](const Snapshot& snapshot) {
      return snapshot.checkpoints().find(kThread, checkpoint_ns, id<CheckpointId>(number));
    });
  }
  std::size_t parts_of(ValueId value_id) {
    return read([=](const Snapshot& snapshot) { return snapshot.checkpoints().value(kThread, value_id).size(); });
  }
  // Looks into the file itself, for what no interface shows.
  int rows(const std::string& table) {
    const SQLite::Database database(path(), SQLite::OPEN_READONLY);
    SQLite::Statement count(database, "SELECT count(*) FROM " + table);
    count.executeStep();
    return count.getColumn(0).getInt();
  }
};

}  // namespace

TEST_CASE_METHOD(ErasingFixture, "Erasing a run leaves the parts of lists that others still name") {
  insert(checkpoint(1, std::nullopt, 1, {10}), {part(10, std::nullopt)});
  insert(checkpoint(2, 1, 2, {11}), {part(11, 10)});
  insert(checkpoint(3, 2, 2, {12, 20}), {part(12, 11), part(20, std::nullopt)});
  insert(checkpoint(4, 3, 3, {30, 13}), {part(13, 12), part(30, std::nullopt)});
  erase_run(2);
  CHECK_FALSE(find(2));
  CHECK_FALSE(find(3));
  CHECK(parts_of(13) == 4);
  CHECK(parts_of(30) == 1);
  CHECK(parts_of(20) == 0);
}

TEST_CASE_METHOD(ErasingFixture, "Erasing the last run takes its values and its shared metadata along") {
  insert(checkpoint(1, std::nullopt, 1, {10}), {part(10, std::nullopt)});
  insert(checkpoint(2, 1, 2, {11}), {part(11, 10)});
  insert(checkpoint(3, 2, 2, {12}), {part(12, 11)});
  CHECK(rows("shared_metadata") == 2);
  erase_run(2);
  CHECK(parts_of(10) == 1);
  CHECK(rows("channel_values") == 1);
  CHECK(rows("shared_metadata") == 1);
}

TEST_CASE_METHOD(ErasingFixture, "The parent of what remains becomes the nearest remaining ancestor") {
  insert(checkpoint(1, std::nullopt, 1));
  insert(checkpoint(2, 1, 2));
  insert(checkpoint(3, 2, 2));
  insert(checkpoint(4, 3, 3));
  insert(checkpoint(5, 4, 3));
  insert(checkpoint(6, 2, 4));  // a fork from inside the run
  erase_run(2);
  CHECK(find(4)->parent_id == id<CheckpointId>(1));
  CHECK(find(5)->parent_id == id<CheckpointId>(4));
  CHECK(find(6)->parent_id == id<CheckpointId>(1));
  erase_run(1);
  CHECK_FALSE(find(4)->parent_id);
  CHECK_FALSE(find(6)->parent_id);
}

TEST_CASE_METHOD(ErasingFixture, "Parents are looked for in the namespace of the checkpoint") {
  Checkpoint inner = checkpoint(2, std::nullopt, 2);
  inner.checkpoint_ns = "node:1";
  Checkpoint inner_child = checkpoint(3, 2, 3);
  inner_child.checkpoint_ns = "node:1";
  insert(checkpoint(1, std::nullopt, 1));
  insert(checkpoint(2, 1, 2));
  insert(checkpoint(4, 2, 3));
  insert(inner);
  insert(inner_child);
  erase_run(2);
  CHECK_FALSE(find(3, "node:1")->parent_id);
  CHECK(find(4)->parent_id == id<CheckpointId>(1));
}

TEST_CASE_METHOD(ErasingFixture, "Pending writes go with their checkpoint, and only those") {
  insert(checkpoint(1, std::nullopt, 1));
  insert(checkpoint(2, 1, 2));
  auto put = [](Transaction& transaction) {
    for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}}) {
      const PendingWrites writes{"", id<CheckpointId>(number), id<TaskId>(1), "p", "w"};
      transaction.checkpoints().put_writes(kThread, writes);
    }
  };
  commit(put);
  erase_run(2);
  auto left = [](const Snapshot& snapshot) {
    const CheckpointReads& checkpoints = snapshot.checkpoints();
    return std::vector<std::size_t>{checkpoints.pending_writes(kThread, "", id<CheckpointId>(1)).size(),
                                    checkpoints.pending_writes(kThread, "", id<CheckpointId>(2)).size()};
  };
  CHECK(read(left) == std::vector<std::size_t>{1, 0});
}

TEST_CASE_METHOD(ErasingFixture, "Erasing a run leaves checkpoints that no run made and other threads") {
  Checkpoint by_hand = checkpoint(2, 1, 0);
  by_hand.run_id.reset();
  Checkpoint elsewhere = checkpoint(1, std::nullopt, 1, {10});
  elsewhere.thread_id = id<ThreadId>(2);
  insert(checkpoint(1, std::nullopt, 1));
  insert(by_hand);
  insert(elsewhere, {part(10, std::nullopt)});
  erase_run(1);
  REQUIRE(find(2));
  CHECK_FALSE(find(2)->parent_id);
  CHECK(rows("checkpoints") == 2);
  CHECK(rows("channel_values") == 1);
}

TEST_CASE_METHOD(ErasingFixture, "Keeping the newest of each namespace keeps what it names, without a parent") {
  Checkpoint inner = checkpoint(2, std::nullopt, 1, {20});
  inner.checkpoint_ns = "node:1";
  insert(checkpoint(1, std::nullopt, 1, {10, 40}), {part(10, std::nullopt), part(40, std::nullopt)});
  insert(inner, {part(20, std::nullopt)});
  insert(checkpoint(3, 1, 2, {11}), {part(11, 10)});
  keep_newest();
  CHECK_FALSE(find(1));
  REQUIRE(find(3));
  CHECK_FALSE(find(3)->parent_id);
  CHECK(find(2, "node:1"));
  CHECK(parts_of(11) == 2);
  CHECK(parts_of(20) == 1);
  CHECK(rows("channel_values") == 3);
}

TEST_CASE_METHOD(ErasingFixture, "Metadata that checkpoints share is stored once") {
  for (std::uint8_t number = 1; number <= 9; ++number) insert(checkpoint(number, std::nullopt, 1));
  CHECK(rows("shared_metadata") == 1);
  CHECK(find(9)->shared_metadata_json == R"({"run":1})");
}

}  // namespace heddle::storage::test
