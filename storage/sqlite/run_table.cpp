#include "storage/sqlite/run_table.h"

#include <string>

namespace heddle::storage::sqlite {
namespace {

const std::string kBeforeStart = R"sql(
  SELECT run_id, thread_id, assistant_id, owner, created_at, updated_at, status, multitask_strategy, on_completion,
         metadata_json, kwargs_json, attempt, error_json, had_hidden_keys, )sql";
const std::string kColumns = kBeforeStart + "started_at, cancel_reason FROM runs ";

// Two indexes, each in order. For the runs of the first one the time at which they were made is that of their start.
const std::string kStartedSince = kBeforeStart + R"sql(created_at AS started_at, cancel_reason
  FROM runs INDEXED BY runs_of_thread
  WHERE thread_id = :thread_id AND owner = :owner AND created_at >= :since AND started_at = created_at
  UNION ALL
)sql" + kColumns + R"sql(INDEXED BY runs_by_start
  WHERE thread_id = :thread_id AND owner = :owner AND started_at >= :since AND started_at <> created_at
  ORDER BY started_at, run_id LIMIT :limit
)sql";

Run run_from(Query& sql) {
  Run run;
  sql >> run.run_id >> run.thread_id >> run.assistant_id >> run.owner >> run.created_at >> run.updated_at;
  sql >> run.status >> run.multitask_strategy >> run.on_completion >> run.metadata_json >> run.kwargs_json;
  sql >> run.attempt >> run.error_json >> run.had_hidden_keys >> run.started_at;
  sql >> run.cancel_reason;
  return run;
}

std::vector<Run> runs_from(Query& sql) {
  std::vector<Run> found;
  while (sql.next()) found.push_back(run_from(sql));
  return found;
}

void bind_changing_fields(Query& sql, const Run& run) {
  sql.bind(":run_id", run.run_id).bind(":updated_at", run.updated_at).bind(":status", run.status);
  sql.bind(":metadata_json", run.metadata_json).bind(":kwargs_json", run.kwargs_json);
  sql.bind(":attempt", run.attempt).bind(":error_json", run.error_json).bind(":cancel_reason", run.cancel_reason);
}

}  // namespace

RunTable::RunTable(const SQLite::Database& database)
    : find_(database, kColumns + "WHERE run_id = :run_id AND owner = :owner"),
      exists_(database, "SELECT 1 FROM runs WHERE run_id = :run_id"),
      list_(database, kColumns + R"sql(
        WHERE thread_id = :thread_id AND owner = :owner
          AND (:status IS NULL OR status = :status)
          AND json_contains(metadata_json, :metadata)
        ORDER BY created_at DESC, run_id DESC LIMIT :limit OFFSET :offset
      )sql"),
      started_since_(database, kStartedSince),
      in_flight_(database, kColumns + R"sql(
        INDEXED BY runs_in_flight
        WHERE thread_id = :thread_id AND status IN ('pending', 'running')
        ORDER BY created_at, run_id
      )sql"),
      all_in_flight_(database, kColumns + R"sql(
        INDEXED BY runs_in_flight
        WHERE status IN ('pending', 'running')
        ORDER BY created_at, run_id
      )sql"),
      insert_(database, R"sql(
        INSERT INTO runs (run_id, thread_id, assistant_id, owner, created_at, updated_at, status, multitask_strategy,
                          on_completion, metadata_json, kwargs_json, attempt, error_json, had_hidden_keys,
                          started_at, cancel_reason)
        VALUES (:run_id, :thread_id, :assistant_id, :owner, :created_at, :updated_at, :status, :multitask_strategy,
                :on_completion, :metadata_json, :kwargs_json, :attempt, :error_json, :had_hidden_keys,
                :started_at, :cancel_reason)
      )sql"),
      update_(database, R"sql(
        UPDATE runs
        SET updated_at = :updated_at, status = :status, metadata_json = :metadata_json, kwargs_json = :kwargs_json,
            attempt = :attempt, error_json = :error_json, cancel_reason = :cancel_reason
        WHERE run_id = :run_id
      )sql"),
      // Apart, because SQLite writes the entry of an index anew for every column that is named, changed or not.
      start_(database, R"sql(
        UPDATE runs SET started_at = :started_at WHERE run_id = :run_id AND started_at IS NOT :started_at
      )sql"),
      ended_(database, R"sql(
        SELECT run_id FROM runs INDEXED BY runs_ended
        WHERE status NOT IN ('pending', 'running') AND updated_at < :before
          AND NOT EXISTS (SELECT 1 FROM awaited
                          WHERE awaited.thread_id = runs.thread_id AND awaited.run_id = runs.run_id)
        ORDER BY updated_at LIMIT :limit
      )sql"),
      erase_events_(database, "DELETE FROM event_segments WHERE run_id = :run_id"),
      erase_sealed_(database, "DELETE FROM sealed_secrets WHERE run_id = :run_id"),
      erase_(database, "DELETE FROM runs WHERE run_id = :run_id") {}

std::optional<Run> RunTable::find(const Owner& owner, RunId id) const {
  Query sql(find_);
  sql.bind(":owner", owner).bind(":run_id", id);
  if (!sql.next()) return std::nullopt;
  return run_from(sql);
}

bool RunTable::exists(RunId id) const {
  Query sql(exists_);
  sql.bind(":run_id", id);
  return sql.next();
}

std::vector<Run> RunTable::list(const RunQuery& query) const {
  Query sql(list_);
  sql.bind(":owner", query.owner).bind(":thread_id", query.thread_id).bind(":status", query.status);
  sql.bind(":metadata", query.metadata.json);
  sql.bind(":limit", query.page.limit).bind(":offset", query.page.offset);
  return runs_from(sql);
}

std::vector<Run> RunTable::started_since(const Owner& owner, ThreadId thread_id, Timestamp since,
                                         std::int64_t limit) const {
  Query sql(started_since_);
  sql.bind(":owner", owner).bind(":thread_id", thread_id).bind(":since", since).bind(":limit", limit);
  return runs_from(sql);
}

std::vector<Run> RunTable::in_flight(ThreadId thread_id) const {
  Query sql(in_flight_);
  sql.bind(":thread_id", thread_id);
  return runs_from(sql);
}

std::vector<Run> RunTable::all_in_flight() const {
  Query sql(all_in_flight_);
  return runs_from(sql);
}

void RunTable::insert(const Run& run) {
  Query sql(insert_);
  bind_changing_fields(sql, run);
  sql.bind(":thread_id", run.thread_id).bind(":assistant_id", run.assistant_id).bind(":owner", run.owner);
  sql.bind(":created_at", run.created_at).bind(":multitask_strategy", run.multitask_strategy);
  sql.bind(":on_completion", run.on_completion).bind(":had_hidden_keys", run.had_hidden_keys);
  sql.bind(":started_at", run.started_at);
  sql.run();
}

void RunTable::update(const Run& run) {
  Query sql(update_);
  bind_changing_fields(sql, run);
  sql.run();
  Query start(start_);
  start.bind(":run_id", run.run_id).bind(":started_at", run.started_at).run();
  const bool is_over = run.status != RunStatus::pending && run.status != RunStatus::running;
  if (is_over) erase_sealed(run.run_id);
}

void RunTable::erase_sealed(RunId id) {
  Query sql(erase_sealed_);
  sql.bind(":run_id", id).run();
}

void RunTable::erase(RunId id) {
  Query events(erase_events_);
  events.bind(":run_id", id).run();
  erase_sealed(id);
  Query sql(erase_);
  sql.bind(":run_id", id).run();
}

std::int64_t RunTable::erase_ended(Timestamp before, std::int64_t limit) {
  std::vector<RunId> ended;
  {
    Query sql(ended_);
    sql.bind(":before", before).bind(":limit", limit);
    while (sql.next()) sql >> ended.emplace_back();
  }
  for (const RunId id : ended) erase(id);
  return static_cast<std::int64_t>(ended.size());
}

}  // namespace heddle::storage::sqlite
