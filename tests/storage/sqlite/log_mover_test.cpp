#include "storage/sqlite/log_mover.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "storage/sqlite/database.h"
#include "tests/storage/storage_fixture.h"

namespace heddle::storage::sqlite {
namespace {

// Which threads made which files durable, in the whole program.
class Syncs {
 public:
  static Syncs& seen() {
    static Syncs syncs;
    return syncs;
  }

  void note(int descriptor) {
    std::error_code error;
    std::filesystem::path file = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error);
    std::array<char, 16> thread{};
    pthread_getname_np(pthread_self(), thread.data(), thread.size());
    const std::lock_guard lock(mutex_);
    all_.emplace(thread.data(), std::move(file));
    changed_.notify_all();
  }

  // Whether it does so often within ten seconds.
  bool comes(const std::string& thread, const std::string& file, std::size_t times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return all_.count({thread, file}) >= times; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multiset<std::pair<std::string, std::filesystem::path>> all_;
};

}  // namespace
}  // namespace heddle::storage::sqlite

// SQLite calls these instead of those of libc.
extern "C" int fsync(int descriptor) {
  heddle::storage::sqlite::Syncs::seen().note(descriptor);
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}

extern "C" int fdatasync(int descriptor) {
  heddle::storage::sqlite::Syncs::seen().note(descriptor);
  return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

namespace heddle::storage::sqlite {

// A database whose log has `pages` to be moved. Somebody who reads an older state keeps SQLite from making it durable
// by itself.
class Log {
 public:
  explicit Log(int pages) {
    options.path = folder_.file("heddle.db");
    writing_ = connect(options, Access::write);
    writing_->exec("CREATE TABLE t (a); INSERT INTO t VALUES (1);");
    reading_ = connect(options, Access::read);
    reading_->exec("BEGIN");
    REQUIRE(reading_->execAndGet("SELECT count(*) FROM t").getInt() == 1);
    for (int page = 0; page < pages; ++page) writing_->exec("INSERT INTO t VALUES (randomblob(4000))");
  }

  // Lets the older state go, so that all can be moved but for what comes behind.
  void let_move() {
    reading_->exec("COMMIT; BEGIN");
    REQUIRE(reading_->execAndGet("SELECT count(*) FROM t").getInt() > 1);
    writing_->exec("INSERT INTO t VALUES (2)");
  }

  sqlite3* writing() { return writing_->getHandle(); }
  StorageOptions options;

 private:
  const test::TemporaryFolder folder_;
  std::unique_ptr<SQLite::Database> writing_;
  std::unique_ptr<SQLite::Database> reading_;
};

constexpr int kEnoughToMove = 4'000;

TEST_CASE("What was moved out of the log is made durable beside the writer, too") {
  Log log(1);
  LogMover mover(log.options);
  mover.keep_short(log.writing(), kEnoughToMove);
  CHECK(Syncs::seen().comes("storage-mover", log.options.path, 1));
}

TEST_CASE("A long move is made durable a few pages at a time") {
  Log log(1'000);
  log.let_move();
  LogMover mover(log.options);
  mover.keep_short(log.writing(), kEnoughToMove);
  CHECK(Syncs::seen().comes("storage-mover", log.options.path, 10));
}

}  // namespace heddle::storage::sqlite
