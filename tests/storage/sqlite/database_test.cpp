#include "storage/sqlite/database.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <catch2/catch.hpp>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::sqlite {
namespace {

int setting(SQLite::Database& database, const std::string& name) {
  return database.execAndGet("PRAGMA " + name).getInt();
}

}  // namespace

TEST_CASE("Commits wait for the disk unless the options say otherwise") {
  const test::TemporaryFolder folder;
  StorageOptions options;
  options.path = folder.file("heddle.db");
  CHECK(setting(*connect(options, Access::write), "synchronous") == 2);
  options.synchronous = Synchronous::normal;
  CHECK(setting(*connect(options, Access::write), "synchronous") == 1);
}

TEST_CASE("A connection that writes keeps a write-ahead log and checks references") {
  const test::TemporaryFolder folder;
  StorageOptions options;
  options.path = folder.file("heddle.db");
  const std::unique_ptr<SQLite::Database> database = connect(options, Access::write);
  CHECK(database->execAndGet("PRAGMA journal_mode").getString() == "wal");
  CHECK(setting(*database, "foreign_keys") == 1);
}

TEST_CASE("A connection that reads cannot write") {
  const test::TemporaryFolder folder;
  StorageOptions options;
  options.path = folder.file("heddle.db");
  connect(options, Access::write)->exec("CREATE TABLE t (a)");
  const std::unique_ptr<SQLite::Database> database = connect(options, Access::read);
  CHECK_THROWS_AS(database->exec("INSERT INTO t VALUES (1)"), SQLite::Exception);
}

}  // namespace heddle::storage::sqlite
