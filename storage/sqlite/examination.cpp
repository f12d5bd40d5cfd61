#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "storage/error.h"
#include "storage/maintenance.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/migrations.h"
#include "storage/sqlite/query.h"
#include "storage/sqlite/read_only.h"
#include "storage/sqlite/rows_of_checkpoints.h"

namespace heddle::storage {
namespace {

namespace fs = std::filesystem;
using sqlite::Query;
using sqlite::Statement;

constexpr int kDamageMax = 100;  // lines; more of the same help nobody

// What must not be. Rows of a thread go with it in one transaction, so one that is left is a bug of heddle or the work
// of another program.
struct Check {
  const char* what;
  const char* sql;  // counts them
};
constexpr std::array kChecks = {
    Check{"runs of no thread", "SELECT count(*) FROM runs WHERE thread_id NOT IN (SELECT thread_id FROM threads)"},
    Check{"checkpoints of no thread",
          "SELECT count(*) FROM checkpoints WHERE thread_id NOT IN (SELECT thread_id FROM threads)"},
    Check{"shared metadata of no checkpoint", R"sql(
      SELECT count(*) FROM shared_metadata WHERE (run_id, thread_id, shared_id) NOT IN (
        SELECT coalesce(run_id, x''), thread_id, shared_id FROM checkpoints WHERE shared_id IS NOT NULL))sql"},
    Check{"pending writes of no checkpoint", R"sql(
      SELECT count(*) FROM pending_writes AS w WHERE NOT EXISTS (
        SELECT 1 FROM checkpoints AS c WHERE c.thread_id = w.thread_id AND c.checkpoint_ns = w.checkpoint_ns
          AND c.checkpoint_id = w.checkpoint_id))sql"},
    Check{"events of no run", R"sql(
      SELECT count(*) FROM event_segments WHERE run_id NOT IN (SELECT run_id FROM runs))sql"},
    Check{"sealed secrets of runs that are over", R"sql(
      SELECT count(*) FROM sealed_secrets WHERE run_id NOT IN (
        SELECT run_id FROM runs WHERE status IN ('pending', 'running')))sql"},
    Check{"awaited answers of no thread",
          "SELECT count(*) FROM awaited WHERE thread_id NOT IN (SELECT thread_id FROM threads)"},
    Check{"busy threads without a run", R"sql(
      SELECT count(*) FROM threads WHERE status = 'busy' AND NOT EXISTS (
        SELECT 1 FROM runs WHERE runs.thread_id = threads.thread_id AND runs.status IN ('pending', 'running')))sql"},
    Check{"threads whose newest state is missing", R"sql(
      SELECT count(*) FROM threads WHERE values_checkpoint IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM checkpoints AS c WHERE c.thread_id = threads.thread_id
          AND c.checkpoint_id = threads.values_checkpoint))sql"},
    Check{"assistants without their current version", R"sql(
      SELECT count(*) FROM assistants AS a WHERE NOT EXISTS (
        SELECT 1 FROM assistant_versions AS v WHERE v.assistant_id = a.assistant_id AND v.version = a.version))sql"},
};

class Examiner {
 public:
  explicit Examiner(const std::string& path) : path_(path), database_(sqlite::connect_read_only(path)) {}

  Examination examine(std::int64_t largest) {
    Examination found;
    found.schema_version = static_cast<int>(number("PRAGMA user_version"));
    found.newest_schema_version = sqlite::newest_schema_version();
    // Everything below is of one moment, whatever a server does meanwhile.
    database_->exec("BEGIN");
    try {
      look_for_damage(found);
      measure(found);
    } catch (const SQLite::Exception& error) {
      if (error.getErrorCode() != SQLITE_CORRUPT) throw;
      found.damage.emplace_back(error.what());  // where SQLite itself goes no further
    }
    if (found.schema_version != found.newest_schema_version || !found.damage.empty()) return found;
    count(found);
    look_for_orphans(found);
    name_largest(found, largest);
    return found;
  }

 private:
  std::int64_t number(const char* sql) { return database_->execAndGet(sql).getInt64(); }

  void look_for_damage(Examination& found) {
    Statement integrity(*database_, "PRAGMA integrity_check(" + std::to_string(kDamageMax) + ")");
    while (integrity.executeStep()) {
      std::string line = integrity.getColumn(0).getString();
      if (line != "ok") found.damage.push_back(std::move(line));
    }
    Statement keys(*database_, "PRAGMA foreign_key_check");
    while (keys.executeStep() && found.damage.size() < kDamageMax) {
      found.damage.push_back("a row of " + keys.getColumn(0).getString() + " refers to none of " +
                             keys.getColumn(2).getString());
    }
  }

  void measure(Examination& found) {
    std::error_code missing;  // there is no log when no server has the file open
    found.file_bytes = fs::file_size(path_, missing);
    const std::uintmax_t log = fs::file_size(path_ + "-wal", missing);
    if (!missing) found.log_bytes = log;
    found.free_bytes = static_cast<std::uint64_t>(number("PRAGMA freelist_count") * number("PRAGMA page_size"));
    Statement sizes(*database_, R"sql(
      SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name)
      WHERE aggregate = TRUE AND tbl_name NOT LIKE 'sqlite_%' GROUP BY tbl_name ORDER BY 2 DESC
    )sql");
    while (sizes.executeStep()) {
      TableSize table{sizes.getColumn(0).getString(), 0, sizes.getColumn(1).getInt64()};
      table.rows = number(("SELECT count(*) FROM \"" + table.name + "\"").c_str());
      found.tables.push_back(std::move(table));
    }
  }

  void count(Examination& found) {
    found.threads = number("SELECT count(*) FROM threads");
    found.runs = number("SELECT count(*) FROM runs");
    found.pending = number("SELECT count(*) FROM runs WHERE status = 'pending'");
    found.running = number("SELECT count(*) FROM runs WHERE status = 'running'");
    found.sealed = number("SELECT count(*) FROM sealed_secrets");
    found.webhooks = number("SELECT count(*) FROM webhooks");
  }

  void look_for_orphans(Examination& found) {
    for (const Check& check : kChecks) add(found, check.what, number(check.sql));
    look_for_values(found);
  }

  static void add(Examination& found, const char* what, std::int64_t many) {
    if (many > 0) found.orphans.push_back({what, many});
  }

  // Checkpoints name values, and a value may name the one before it.
  void look_for_values(Examination& found) {
    std::int64_t needed = 0;
    std::int64_t there = 0;
    Statement threads(*database_, "SELECT DISTINCT thread_id FROM checkpoints");
    Statement values(*database_, sqlite::kReachedValues + R"sql(
      SELECT count(*), count(v.value_id)
      FROM reached LEFT JOIN channel_values AS v ON v.value_id = reached.id AND v.thread_id = :thread_id
    )sql");
    Query each(threads);
    while (each.next()) {
      ThreadId id;
      each >> id;
      Query counts(values);
      counts.bind(":thread_id", id);
      if (!counts.next()) continue;
      std::int64_t needed_here = 0;
      std::int64_t there_here = 0;
      counts >> needed_here >> there_here;
      needed += needed_here;
      there += there_here;
    }
    add(found, "values that a checkpoint needs and that are missing", needed - there);
    add(found, "values that no checkpoint needs", number("SELECT count(*) FROM channel_values") - there);
  }

  void name_largest(Examination& found, std::int64_t largest) {
    // length() of a text counts characters, of a blob bytes.
    Statement sizes(*database_, R"sql(
      SELECT thread_id, sum(length(CAST(part AS BLOB))) FROM (
        SELECT thread_id, value_ids AS part FROM checkpoints
        UNION ALL SELECT thread_id, metadata_json FROM checkpoints
        UNION ALL SELECT thread_id, channels_json FROM checkpoints
        UNION ALL SELECT thread_id, seen_json FROM checkpoints
        UNION ALL SELECT thread_id, data FROM channel_values
        UNION ALL SELECT thread_id, writes FROM pending_writes
        UNION ALL SELECT thread_id, facts FROM event_segments
        UNION ALL SELECT thread_id, metadata_json FROM runs
        UNION ALL SELECT thread_id, kwargs_json FROM runs)
      GROUP BY thread_id ORDER BY 2 DESC LIMIT :limit
    )sql");
    Query sql(sizes);
    sql.bind(":limit", largest);
    while (sql.next()) {
      ThreadSize thread;
      sql >> thread.id >> thread.bytes;
      found.largest.push_back(thread);
    }
  }

  std::string path_;
  std::unique_ptr<SQLite::Database> database_;
};

}  // namespace

Examination examine(const std::string& database, std::int64_t largest) {
  try {
    return Examiner(database).examine(largest);
  } catch (const SQLite::Exception& error) {
    throw sqlite::storage_error(database, error);
  }
}

}  // namespace heddle::storage
