#include "storage/sqlite/migrations.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <string>

#include "storage/error.h"
#include "tests/storage/storage_fixture.h"

namespace heddle::storage::sqlite {
namespace {

SQLite::Database database_at(const std::string& path) {
  return SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
}

// Text without what SQLite keeps of how a table was made: comments, line breaks, and the quotes of one that was
// renamed.
std::string plain(std::string sql) {
  sql = std::regex_replace(sql, std::regex("--[^\n]*"), "");
  sql = std::regex_replace(sql, std::regex("[\"\\s]+"), " ");
  return std::regex_replace(sql, std::regex(" ?([(),]) ?"), "$1");
}

std::map<std::string, std::string> schema_of(SQLite::Database& database) {
  std::map<std::string, std::string> found;
  SQLite::Statement statement(database, "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL");
  while (statement.executeStep()) {
    found.emplace(statement.getColumn(0).getString(), plain(statement.getColumn(1).getString()));
  }
  return found;
}

}  // namespace

TEST_CASE("A new file has the schema that all steps lead to") {
  SQLite::Database made = database_at(":memory:");
  migrate(made, "x.db");
  SQLite::Database led = database_at(":memory:");
  take_steps(led, 0);
  const std::map<std::string, std::string> schema = schema_of(made);
  CHECK(schema.contains("checkpoints"));
  CHECK(schema == schema_of(led));
  for (SQLite::Database* database : {&made, &led}) {
    CHECK(database->execAndGet("PRAGMA user_version").getInt() == newest_schema_version());
    CHECK(is_ours(*database));
  }
}

TEST_CASE("An empty file gets the newest schema, once") {
  SQLite::Database database = database_at(":memory:");
  REQUIRE(database.execAndGet("PRAGMA user_version").getInt() == 0);
  migrate(database, "x.db");
  CHECK(database.execAndGet("PRAGMA user_version").getInt() == newest_schema_version());
  CHECK(database.tableExists("checkpoints"));
  database.exec("INSERT INTO items VALUES ('', '', 'k', '{}', 0, 0, NULL, NULL)");

  migrate(database, "x.db");
  CHECK(database.execAndGet("SELECT count(*) FROM items").getInt() == 1);
}

TEST_CASE("Every record of a client has an index on its owner") {
  SQLite::Database database = database_at(":memory:");
  migrate(database, "x.db");
  for (const std::string table : {"assistants", "threads", "runs", "crons", "items"}) {
    INFO(table);
    SQLite::Statement statement(database, R"sql(
      SELECT count(*) FROM pragma_index_list(?) AS list, pragma_index_info(list.name) AS column
      WHERE column.name = 'owner'
    )sql");
    statement.bind(1, table);
    REQUIRE(statement.executeStep());
    CHECK(statement.getColumn(0).getInt() > 0);
  }
}

TEST_CASE("A file of the first version keeps what it has, gets an outbox, and its threads live as long as they said") {
  SQLite::Database database = database_at(":memory:");
  // As much of version 1 as the later steps look at.
  database.exec(R"sql(
    CREATE TABLE runs (run_id BLOB PRIMARY KEY, thread_id BLOB NOT NULL, owner TEXT, created_at INTEGER,
                       updated_at INTEGER, status TEXT NOT NULL);
    CREATE TABLE items (owner TEXT, name_space TEXT, key TEXT, value_json TEXT, expires_at INTEGER,
                        PRIMARY KEY (owner, name_space, key)) WITHOUT ROWID;
    CREATE TABLE threads (thread_id BLOB PRIMARY KEY, ttl_json TEXT, expires_at INTEGER);
    CREATE TABLE event_segments (thread_id BLOB, run_id BLOB, first_fact INTEGER, facts TEXT,
                                 PRIMARY KEY (thread_id, run_id, first_fact)) WITHOUT ROWID;
    CREATE TABLE checkpoints (thread_id BLOB, checkpoint_ns TEXT, checkpoint_id BLOB, parent_id BLOB, run_id BLOB,
                              created_at INTEGER, step INTEGER, source TEXT, shared_id INTEGER, value_ids BLOB,
                              metadata_json TEXT, channels_json TEXT, seen_json TEXT,
                              PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)) WITHOUT ROWID;
    CREATE TABLE pending_writes (thread_id BLOB, checkpoint_ns TEXT, checkpoint_id BLOB, task_id BLOB, task_path TEXT,
                                 writes TEXT, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id)) WITHOUT ROWID;
    CREATE TABLE channel_values (thread_id BLOB, value_id BLOB, base BLOB, level INTEGER, items INTEGER,
                                 checkpoint_ns TEXT, channel TEXT, codec TEXT, data BLOB,
                                 PRIMARY KEY (thread_id, value_id)) WITHOUT ROWID;
    CREATE TABLE shared_metadata (thread_id BLOB, shared_id INTEGER, metadata_json TEXT,
                                  PRIMARY KEY (thread_id, shared_id)) WITHOUT ROWID;
    INSERT INTO channel_values VALUES (x'02', x'08', x'07', 1, 2, '', 'c', 'json', 'two'),
                                      (x'02', x'07', NULL, 0, 1, '', 'c', 'json', 'one'),
                                      (x'01', x'08', NULL, 0, 1, '', 'c', 'json', 'of another');
    INSERT INTO shared_metadata VALUES (x'02', 4, 'of a run'), (x'02', 5, 'of no run');
    INSERT INTO event_segments VALUES (x'02', x'01', 7, 'seven'), (x'02', x'01', 0, 'zero');
    INSERT INTO checkpoints VALUES (x'02', '', x'0a', x'09', x'01', 3, -1, 'input', 4, x'', 'm', 'c', 's'),
                                   (x'02', '', x'0b', x'0a', NULL, 5, 0, 'loop', 5, x'00', 'm', 'c', 's'),
                                   (x'02', '', x'0c', x'0b', x'01', 5, 0, 'loop', 4, x'', 'm', 'c', 's');
    INSERT INTO pending_writes VALUES (x'02', '', x'0a', x'0c', 'p', 'w');
    INSERT INTO runs VALUES (x'01', x'02', '', 8, 9, 'success');
    INSERT INTO threads VALUES (x'02', '{"strategy":"delete","ttl_minutes":1.5}', 7), (x'03', NULL, NULL);
    PRAGMA application_id = 0x68656464;
    PRAGMA user_version = 1;
  )sql");
  migrate(database, "x.db");
  CHECK(database.execAndGet("PRAGMA user_version").getInt() == newest_schema_version());
  CHECK(database.execAndGet("SELECT count(*) FROM runs WHERE started_at IS NULL").getInt() == 1);
  CHECK(database.tableExists("webhooks"));
  CHECK(database.tableExists("sealed_secrets"));
  CHECK(database.execAndGet("SELECT time_to_live FROM threads WHERE thread_id = x'02'").getInt64() == 90'000'000);
  CHECK(database.execAndGet("SELECT count(*) FROM threads WHERE time_to_live IS NULL").getInt() == 1);

  const auto rows = [&](const std::string& columns, const std::string& table) {
    return database.execAndGet("SELECT group_concat(row, ';') FROM (SELECT " + columns + " AS row FROM " + table + ")")
        .getString();
  };
  CHECK(rows("hex(thread_id) || hex(run_id) || first_fact || facts", "event_segments ORDER BY first_fact") ==
        "02010zero;02017seven");
  CHECK(rows("hex(checkpoint_id) || hex(parent_id) || quote(run_id) || step || source || quote(shared_id) || seen_json",
             "checkpoints ORDER BY checkpoint_id") == "0A09X'01'-1input4s;0B0ANULL0loop5s;0C0BX'01'0loop4s");
  CHECK(rows("hex(checkpoint_id) || hex(task_id) || task_path || writes", "pending_writes") == "0A0Cpw");
  CHECK(rows("hex(value_id) || hex(thread_id) || quote(base) || level || items || channel || codec || data",
             "channel_values ORDER BY value_id, thread_id") ==
        "0702NULL01cjsonone;0801NULL01cjsonof another;0802X'07'12cjsontwo");
  CHECK(rows("hex(run_id) || hex(thread_id) || shared_id || metadata_json", "shared_metadata ORDER BY run_id") ==
        "025of no run;01024of a run");
  CHECK(database.execAndGet("PRAGMA integrity_check").getString() == "ok");
}

TEST_CASE("A file of a newer heddle is refused and left alone") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("heddle.db");
  StorageOptions options;
  options.path = path;
  open(options);
  const int newer = newest_schema_version() + 1;
  database_at(path).exec("PRAGMA user_version = " + std::to_string(newer));

  CHECK_THROWS_WITH(open(options), Catch::Contains("newer heddle") && Catch::Contains(path));
  CHECK(database_at(path).execAndGet("PRAGMA user_version").getInt() == newer);
}

TEST_CASE("A database of another program is refused and left alone") {
  const test::TemporaryFolder folder;
  StorageOptions options;
  options.path = folder.file("other.db");
  database_at(options.path).exec("CREATE TABLE threads (id)");
  CHECK_THROWS_WITH(open(options), Catch::Contains("belongs to another program"));

  // One without tables, but with a version that somebody gave it.
  options.path = folder.file("versioned.db");
  database_at(options.path).exec("PRAGMA user_version = 3");
  CHECK_THROWS_WITH(open(options), Catch::Contains("belongs to another program"));
  CHECK(database_at(options.path).execAndGet("PRAGMA user_version").getInt() == 3);
  CHECK_FALSE(database_at(options.path).tableExists("runs"));
}

}  // namespace heddle::storage::sqlite
