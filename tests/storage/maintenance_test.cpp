#include "storage/maintenance.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <string>
#include <thread>

#include "storage/error.h"
#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

namespace fs = std::filesystem;

Thread thread(std::uint8_t number, ThreadStatus status = ThreadStatus::idle) {
  Thread made;
  made.thread_id = id<ThreadId>(number);
  made.status = status;
  return made;
}

Run run(std::uint8_t number, std::uint8_t of_thread, RunStatus status = RunStatus::success) {
  Run made;
  made.run_id = id<RunId>(number);
  made.thread_id = id<ThreadId>(of_thread);
  made.status = status;
  return made;
}

class MaintenanceFixture : public FileFixture {
 public:
  MaintenanceFixture() {
    commit([](Transaction& transaction) {
      transaction.threads().insert(thread(1));
      transaction.runs().insert(run(1, 1));
      transaction.events().append(id<ThreadId>(1), id<RunId>(1), EventSegment{0, std::string(1000, 'x')});
    });
  }
  std::string target() const { return path() + ".copy"; }

  // What is wrong, by name.
  std::map<std::string, std::int64_t> orphans() const {
    std::map<std::string, std::int64_t> found;
    for (const Orphans& each : examine(path(), 0).orphans) found[each.what] = each.count;
    return found;
  }
};

struct SetAtEnd {
  std::atomic<bool>& flag;
  ~SetAtEnd() { flag = true; }
};

// Waits until one more was written, and gives how many there are then.
std::int64_t wait_for_another(const std::atomic<std::int64_t>& written) {
  const std::int64_t before = written;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (written == before) {
    if (std::chrono::steady_clock::now() > end) FAIL("nothing was written behind item " << before);
    std::this_thread::yield();
  }
  return written;
}

// How many of the items with the keys 0 to `end` - 1 are in the file.
std::int64_t items_below(const std::string& file, std::int64_t end) {
  SQLite::Database database(file, SQLite::OPEN_READONLY);
  SQLite::Statement count(database, "SELECT count(*) FROM items WHERE CAST(key AS INTEGER) < ?");
  count.bind(1, end);
  REQUIRE(count.executeStep());
  return count.getColumn(0).getInt64();
}

}  // namespace

TEST_CASE_METHOD(MaintenanceFixture, "A backup beside a server that writes has what was acknowledged, and is sound") {
  std::atomic<bool> enough = false;
  std::atomic<std::int64_t> written = 0;  // items that were acknowledged: 0, 1, 2, ...
  boost::asio::io_context own;
  auto write_on = [&] {
    for (std::int64_t number = 0; !enough; ++number) {
      auto insert = [number](Transaction& transaction) {
        Item item;
        item.owner = Owner{"ann"};
        item.name_space = {"load"};
        item.key = std::to_string(number);
        item.value_json = "\"" + std::string(2000, static_cast<char>('a' + number % 20)) + "\"";
        transaction.items().put(item);
      };
      heddle::test::run(own, storage->commit(std::move(insert)));
      written = number + 1;
    }
  };
  std::future<void> writing = std::async(std::launch::async, write_on);
  const SetAtEnd stops_the_writer{enough};  // the future waits for it, also when a copy throws
  for (int i = 0; i < 3; ++i) {
    const std::string copy = target() + std::to_string(i);
    const std::int64_t before = wait_for_another(written);
    const Backup backup = back_up(path(), copy);
    CHECK(backup.threads == 1);
    CHECK(backup.bytes == fs::file_size(copy));
    CHECK_FALSE(fs::exists(copy + ".partial"));
    CHECK(examine(copy, 0).is_well());
    CHECK(fs::status(copy).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(items_below(copy, before) == before);
  }
  enough = true;
  writing.get();
  storage.reset();  // its writer may still be telling `own` of the last item
}

TEST_CASE_METHOD(MaintenanceFixture, "A backup is opened like any database, and what was erased is not in it") {
  commit([](Transaction& transaction) {
    transaction.threads().insert(thread(2));
    transaction.runs().insert(run(2, 2));
    transaction.events().append(id<ThreadId>(2), id<RunId>(2), EventSegment{0, "canary-77d1c0"});
  });
  commit([](Transaction& transaction) { transaction.threads().erase(id<ThreadId>(2)); });
  back_up(path(), target());
  std::ifstream file(target(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK(bytes.find("canary-77d1c0") == std::string::npos);

  StorageFixture restored(target());
  auto find = [](const Snapshot& snapshot) { return snapshot.runs().find(Owner{}, id<RunId>(1)); };
  CHECK(restored.read(find));
}

TEST_CASE_METHOD(MaintenanceFixture, "A backup replaces no file, and one of a file that is not there makes none") {
  back_up(path(), target());
  CHECK_THROWS_WITH(back_up(path(), target()), Catch::Contains("there is a file of this name"));
  CHECK_THROWS_WITH(back_up(path() + "x", target() + "2"), Catch::Contains("there is no such file"));
  std::ofstream(path() + ".other") << "no database";
  CHECK_THROWS_AS(back_up(path() + ".other", target() + "2"), StorageError);
  CHECK_FALSE(fs::exists(target() + "2"));
  CHECK_FALSE(fs::exists(target() + "2.partial"));
}

TEST_CASE_METHOD(MaintenanceFixture, "An examination counts what there is and names the largest threads") {
  commit([](Transaction& transaction) {
    transaction.threads().insert(thread(2, ThreadStatus::busy));
    transaction.runs().insert(run(2, 2, RunStatus::running));
    transaction.runs().insert(run(3, 2, RunStatus::pending));
    transaction.sealed().insert({id<RunId>(3), id<ThreadId>(2), "k", "n", "c"});
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "\u7d4c";  // three bytes each
    transaction.events().append(id<ThreadId>(1), id<RunId>(1), EventSegment{1, text});
  });
  const Examination found = examine(path(), 1);
  CHECK(found.is_well());
  CHECK(found.schema_version == found.newest_schema_version);
  CHECK(found.threads == 2);
  CHECK(found.runs == 3);
  CHECK(found.pending == 1);
  CHECK(found.running == 1);
  CHECK(found.sealed == 1);
  CHECK(found.file_bytes + found.log_bytes > 4096);
  REQUIRE(found.largest.size() == 1);
  CHECK(found.largest.front().id == id<ThreadId>(1));
  CHECK(found.largest.front().bytes >= 3000);
  REQUIRE_FALSE(found.tables.empty());
  CHECK(found.tables.front().bytes >= found.tables.back().bytes);
}

TEST_CASE_METHOD(MaintenanceFixture, "Rows that belong to nothing are found, each kind by its name") {
  commit([](Transaction& transaction) {
    transaction.threads().insert(thread(2, ThreadStatus::busy));
    Thread headless = thread(3);
    headless.values_checkpoint = id<CheckpointId>(9);
    transaction.threads().insert(headless);
    transaction.runs().insert(run(2, 7));
    transaction.events().append(id<ThreadId>(1), id<RunId>(8), EventSegment{0, "x"});
    transaction.sealed().insert({id<RunId>(1), id<ThreadId>(1), "k", "n", "c"});
  });
  const std::map<std::string, std::int64_t> expected = {{"runs of no thread", 1},
                                                        {"events of no run", 1},
                                                        {"sealed secrets of runs that are over", 1},
                                                        {"busy threads without a run", 1},
                                                        {"threads whose newest state is missing", 1}};
  CHECK(orphans() == expected);
}

TEST_CASE_METHOD(MaintenanceFixture, "A value that a checkpoint needs and that is gone is found") {
  commit([](Transaction& transaction) {
    Checkpoint checkpoint;
    checkpoint.thread_id = id<ThreadId>(1);
    checkpoint.checkpoint_id = id<CheckpointId>(1);
    transaction.checkpoints().insert(checkpoint, {});
  });
  CHECK(orphans().empty());
  storage.reset();
  SQLite::Database(path(), SQLite::OPEN_READWRITE).exec("UPDATE checkpoints SET value_ids = x'0000000000000007'");
  CHECK(orphans() == std::map<std::string, std::int64_t>{{"values that a checkpoint needs and that are missing", 1}});
}

TEST_CASE_METHOD(MaintenanceFixture, "Values and shared metadata that no checkpoint leads to are found") {
  commit([](Transaction& transaction) {
    Checkpoint checkpoint;
    checkpoint.thread_id = id<ThreadId>(1);
    checkpoint.checkpoint_id = id<CheckpointId>(1);
    checkpoint.value_ids = {8};
    checkpoint.shared_metadata_json = "{}";
    ChannelValue below;
    below.value_id = 7;
    ChannelValue value;
    value.value_id = 8;
    value.base = 7;
    transaction.checkpoints().insert(checkpoint, {below, value});
  });
  CHECK(orphans().empty());
  storage.reset();
  SQLite::Database(path(), SQLite::OPEN_READWRITE).exec("UPDATE checkpoints SET value_ids = x'', shared_id = NULL");
  const std::map<std::string, std::int64_t> expected = {{"shared metadata of no checkpoint", 1},
                                                        {"values that no checkpoint needs", 2}};
  CHECK(orphans() == expected);
}

TEST_CASE_METHOD(MaintenanceFixture,
                 "A file whose pages were overwritten is called damaged, and its backup is not kept") {
  for (int i = 0; i < 200; ++i) {
    commit([i](Transaction& transaction) {
      transaction.events().append(id<ThreadId>(1), id<RunId>(1), EventSegment{i + 1, std::string(500, 'y')});
    });
  }
  storage.reset();
  const auto size = static_cast<std::streamoff>(fs::file_size(path()));
  std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
  for (std::streamoff at = size - 3 * 4096; at < size; at += 4096) {
    file.seekp(at);
    file << std::string(64, '\x5a');
  }
  file.close();
  CHECK_FALSE(examine(path(), 0).damage.empty());
  CHECK_THROWS_AS(back_up(path(), target()), StorageError);
  CHECK_FALSE(fs::exists(target()));
}

}  // namespace heddle::storage::test
