#include "storage/sqlite/awaited_table.h"

#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {
namespace {

const std::string kColumns =
    "SELECT thread_id, interrupt_id, owner, run_id, probe, subject_json, interval_ms, due, until FROM awaited ";

std::vector<Awaited> rows_of(Query& sql) {
  std::vector<Awaited> found;
  while (sql.next()) {
    Awaited one;
    std::int64_t interval = 0;
    sql >> one.thread_id >> one.interrupt_id >> one.owner >> one.run_id >> one.probe >> one.subject_json;
    sql >> interval >> one.due >> one.until;
    one.interval = std::chrono::milliseconds(interval);
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace

AwaitedTable::AwaitedTable(const SQLite::Database& database)
    : of_thread_(database, kColumns + "WHERE thread_id = :thread_id ORDER BY interrupt_id"),
      due_(database, kColumns + "WHERE due <= :now ORDER BY due, thread_id, interrupt_id LIMIT :limit"),
      earliest_(database, "SELECT due FROM awaited ORDER BY due LIMIT 1"),
      insert_(database, R"sql(
        INSERT INTO awaited (thread_id, interrupt_id, owner, run_id, probe, subject_json, interval_ms, due, until)
        VALUES (:thread_id, :interrupt_id, :owner, :run_id, :probe, :subject_json, :interval_ms, :due, :until)
      )sql"),
      postpone_(database, R"sql(
        UPDATE awaited SET interval_ms = :interval_ms, due = :due
        WHERE thread_id = :thread_id AND interrupt_id = :interrupt_id
      )sql"),
      is_there_(database, R"sql(
        SELECT 1 FROM awaited WHERE thread_id = :thread_id AND interrupt_id = :interrupt_id AND run_id = :run_id
      )sql"),
      erase_(database, "DELETE FROM awaited WHERE thread_id = :thread_id") {}

std::vector<Awaited> AwaitedTable::of_thread(ThreadId id) const {
  Query sql(of_thread_);
  sql.bind(":thread_id", id);
  return rows_of(sql);
}

std::vector<Awaited> AwaitedTable::due(Timestamp now, std::int64_t limit) const {
  Query sql(due_);
  sql.bind(":now", now).bind(":limit", limit);
  return rows_of(sql);
}

std::optional<Timestamp> AwaitedTable::earliest() const {
  Query sql(earliest_);
  if (!sql.next()) return std::nullopt;
  Timestamp time;
  sql >> time;
  return time;
}

void AwaitedTable::replace(ThreadId id, const std::vector<Awaited>& awaited) {
  {
    Query sql(erase_);
    sql.bind(":thread_id", id).run();
  }
  for (const Awaited& one : awaited) {
    Query sql(insert_);
    sql.bind(":thread_id", id).bind(":interrupt_id", one.interrupt_id).bind(":owner", one.owner);
    sql.bind(":run_id", one.run_id).bind(":probe", one.probe).bind(":subject_json", one.subject_json);
    sql.bind(":interval_ms", static_cast<std::int64_t>(one.interval.count()));
    sql.bind(":due", one.due).bind(":until", one.until);
    sql.run();
  }
}

void AwaitedTable::postpone(ThreadId id, const std::string& interrupt_id, std::chrono::milliseconds interval,
                            Timestamp due) {
  Query sql(postpone_);
  sql.bind(":thread_id", id).bind(":interrupt_id", interrupt_id);
  sql.bind(":interval_ms", static_cast<std::int64_t>(interval.count())).bind(":due", due);
  sql.run();
}

bool AwaitedTable::claim(ThreadId id, const std::string& interrupt_id, RunId run_id) {
  bool is_there = false;
  {
    Query sql(is_there_);
    sql.bind(":thread_id", id).bind(":interrupt_id", interrupt_id).bind(":run_id", run_id);
    is_there = sql.next();
  }
  if (is_there) replace(id, {});
  return is_there;
}

}  // namespace heddle::storage::sqlite
