#include "storage/sqlite/log_mover.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <filesystem>
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

  // Whether it does within ten seconds.
  bool comes(const std::string& thread, const std::string& file) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return all_.contains({thread, file}); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::pair<std::string, std::filesystem::path>> all_;
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

TEST_CASE("What was moved out of the log is made durable beside the writer, too") {
  const test::TemporaryFolder folder;
  StorageOptions options;
  options.path = folder.file("heddle.db");
  const auto writing = connect(options, Access::write);
  writing->exec("CREATE TABLE t (a); INSERT INTO t VALUES (1);");
  // Somebody who reads an older state leaves something to move: else SQLite does this by itself.
  const auto reading = connect(options, Access::read);
  reading->exec("BEGIN");
  REQUIRE(reading->execAndGet("SELECT count(*) FROM t").getInt() == 1);
  writing->exec("INSERT INTO t VALUES (2)");

  LogMover mover(options);
  constexpr int kEnoughToMove = 4'000;
  mover.keep_short(writing->getHandle(), kEnoughToMove);
  CHECK(Syncs::seen().comes("storage-mover", options.path));
}

}  // namespace heddle::storage::sqlite
