#include "storage/sqlite/thread_table.h"

#include <string>

#include "storage/sqlite/rows_of_checkpoints.h"

namespace heddle::storage::sqlite {
namespace {

const std::string kColumns = R"sql(
  SELECT thread_id, owner, created_at, updated_at, status, metadata_json, config_json, values_checkpoint,
         interrupts_json, error_json, ttl_json, expires_at, time_to_live
  FROM threads
)sql";

const std::string kMatches = R"sql(
  WHERE owner = :owner
    AND (:status IS NULL OR status = :status)
    AND json_contains(metadata_json, :metadata)
)sql";

// :ids are 16 bytes each. The plus keeps the planner from walking through all threads of the owner.
const std::string kMatchesWithIds = R"sql(
  WHERE +owner = :owner
    AND thread_id IN (
      WITH RECURSIVE place(at) AS (VALUES (1) UNION ALL SELECT at + 16 FROM place WHERE at + 16 < length(:ids))
      SELECT substr(:ids, at, 16) FROM place)
    AND (:status IS NULL OR status = :status)
    AND json_contains(metadata_json, :metadata)
)sql";

// In the order of ThreadSort.
constexpr std::array<const char*, 4> kSortColumns = {"thread_id", "status", "created_at", "updated_at"};

const std::string& matches(const ThreadQuery& query) {
  return query.ids.empty() ? kMatches : kMatchesWithIds;
}

std::string search_sql(const ThreadQuery& query) {
  const std::string direction = query.order == SortOrder::ascending ? " ASC" : " DESC";
  const std::string column = kSortColumns.at(static_cast<std::size_t>(query.sort_by));
  return kColumns + matches(query) + "ORDER BY " + column + direction + ", thread_id" + direction +
         " LIMIT :limit OFFSET :offset";
}

std::string joined(const std::vector<ThreadId>& ids) {
  std::string bytes;
  for (const ThreadId& id : ids) bytes.append(id.uuid.bytes.begin(), id.uuid.bytes.end());
  return bytes;
}

// `ids` must outlive the query.
void bind_conditions(Query& sql, const ThreadQuery& query, const std::string& ids) {
  sql.bind(":owner", query.owner).bind(":status", query.status).bind(":metadata", query.metadata.json);
  if (!ids.empty()) sql.bind_blob(":ids", ids);
}

Thread thread_from(Query& sql) {
  Thread thread;
  sql >> thread.thread_id >> thread.owner >> thread.created_at >> thread.updated_at >> thread.status;
  sql >> thread.metadata_json >> thread.config_json >> thread.values_checkpoint;
  sql >> thread.interrupts_json >> thread.error_json >> thread.ttl_json >> thread.expires_at >> thread.time_to_live;
  return thread;
}

void bind_fields(Query& sql, const Thread& thread) {
  sql.bind(":thread_id", thread.thread_id).bind(":updated_at", thread.updated_at).bind(":status", thread.status);
  sql.bind(":metadata_json", thread.metadata_json).bind(":config_json", thread.config_json);
  sql.bind(":values_checkpoint", thread.values_checkpoint).bind(":interrupts_json", thread.interrupts_json);
  sql.bind(":error_json", thread.error_json).bind(":ttl_json", thread.ttl_json).bind(":expires_at", thread.expires_at);
  sql.bind(":time_to_live", thread.time_to_live);
}

}  // namespace

ThreadTable::ThreadTable(const SQLite::Database& database)
    : find_(database, kColumns + "WHERE thread_id = :thread_id AND owner = :owner"),
      exists_(database, "SELECT 1 FROM threads WHERE thread_id = :thread_id"),
      searches_(database),
      expired_(database, kColumns + R"sql(
        INDEXED BY threads_by_expiry
        WHERE expires_at <= :now
          AND NOT EXISTS (SELECT 1 FROM runs
                          WHERE runs.thread_id = threads.thread_id AND runs.status IN ('pending', 'running'))
        ORDER BY expires_at, thread_id LIMIT :limit
      )sql"),
      insert_(database, R"sql(
        INSERT INTO threads (thread_id, owner, created_at, updated_at, status, metadata_json, config_json,
                             values_checkpoint, interrupts_json, error_json, ttl_json, expires_at, time_to_live)
        VALUES (:thread_id, :owner, :created_at, :updated_at, :status, :metadata_json, :config_json,
                :values_checkpoint, :interrupts_json, :error_json, :ttl_json, :expires_at, :time_to_live)
        ON CONFLICT DO NOTHING
      )sql"),
      update_(database, R"sql(
        UPDATE threads
        SET updated_at = :updated_at, status = :status, metadata_json = :metadata_json, config_json = :config_json,
            values_checkpoint = :values_checkpoint, interrupts_json = :interrupts_json, error_json = :error_json,
            ttl_json = :ttl_json, expires_at = :expires_at, time_to_live = :time_to_live
        WHERE thread_id = :thread_id
      )sql"),
      erase_{Statement(database, "DELETE FROM awaited WHERE thread_id = :thread_id"),
             Statement(database, "DELETE FROM sealed_secrets WHERE thread_id = :thread_id"),
             Statement(database, R"sql(
               DELETE FROM event_segments WHERE run_id IN (SELECT run_id FROM runs WHERE thread_id = :thread_id)
             )sql"),
             Statement(database, "DELETE FROM runs WHERE thread_id = :thread_id"),
             Statement(database, "DELETE FROM crons WHERE thread_id = :thread_id"),
             Statement(database, "DELETE FROM pending_writes" + kWritesOfThread),
             Statement(database, kReachedValues + "DELETE FROM channel_values" + kValuesOfThread),
             Statement(database, "DELETE FROM shared_metadata" + kSharedOfThread),
             Statement(database, "DELETE FROM checkpoints WHERE thread_id = :thread_id"),
             Statement(database, "DELETE FROM threads WHERE thread_id = :thread_id")} {}

std::optional<Thread> ThreadTable::find(const Owner& owner, ThreadId id) const {
  Query sql(find_);
  sql.bind(":owner", owner).bind(":thread_id", id);
  if (!sql.next()) return std::nullopt;
  return thread_from(sql);
}

bool ThreadTable::exists(ThreadId id) const {
  Query sql(exists_);
  return sql.bind(":thread_id", id).next();
}

Found<Thread> ThreadTable::search(const ThreadQuery& query) const {
  Found<Thread> found;
  const std::string ids = joined(query.ids);
  Query sql(searches_.prepared(search_sql(query)));
  bind_conditions(sql, query, ids);
  sql.bind(":limit", query.page.limit).bind(":offset", query.page.offset);
  while (sql.next()) found.records.push_back(thread_from(sql));
  found.total = count(query);
  return found;
}

std::int64_t ThreadTable::count(const ThreadQuery& query) const {
  const std::string ids = joined(query.ids);
  Query sql(searches_.prepared("SELECT count(*) FROM threads " + matches(query)));
  bind_conditions(sql, query, ids);
  std::int64_t total = 0;
  if (sql.next()) sql >> total;
  return total;
}

std::vector<Thread> ThreadTable::expired(Timestamp now, std::int64_t limit) const {
  std::vector<Thread> found;
  Query sql(expired_);
  sql.bind(":now", now).bind(":limit", limit);
  while (sql.next()) found.push_back(thread_from(sql));
  return found;
}

bool ThreadTable::insert(const Thread& thread) {
  Query sql(insert_);
  bind_fields(sql, thread);
  sql.bind(":owner", thread.owner).bind(":created_at", thread.created_at);
  return sql.run() == 1;
}

void ThreadTable::update(const Thread& thread) {
  Query sql(update_);
  bind_fields(sql, thread);
  sql.run();
}

void ThreadTable::erase(ThreadId id) {
  for (Statement& statement : erase_) {
    Query sql(statement);
    sql.bind(":thread_id", id).run();
  }
}

}  // namespace heddle::storage::sqlite
