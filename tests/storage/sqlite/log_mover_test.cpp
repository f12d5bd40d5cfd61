#include "storage/sqlite/log_mover.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <catch2/catch.hpp>
#include <memory>

#include "storage/sqlite/database.h"
#include "tests/storage/storage_fixture.h"
#include "tests/support/syncs.h"

namespace heddle::storage::sqlite {
namespace {

using heddle::test::Syncs;

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

}  // namespace

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
