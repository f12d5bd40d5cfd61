#include "storage/sqlite/cron_table.h"

#include <array>
#include <string>

namespace heddle::storage::sqlite {
namespace {

const std::string kColumns = R"sql(
  SELECT cron_id, owner, assistant_id, thread_id, created_at, updated_at, schedule, timezone, end_time, enabled,
         next_run_date, on_run_completed, payload_json, metadata_json
  FROM crons
)sql";

const std::string kMatches = R"sql(
  WHERE owner = :owner
    AND (:assistant_id IS NULL OR assistant_id = :assistant_id)
    AND (:thread_id IS NULL OR thread_id = :thread_id)
    AND (:enabled IS NULL OR enabled = :enabled)
    AND json_contains(metadata_json, :metadata)
)sql";

// In the order of CronSort.
constexpr std::array<const char*, 7> kSortColumns = {"cron_id",  "assistant_id", "thread_id", "next_run_date",
                                                     "end_time", "created_at",   "updated_at"};

std::string search_sql(const CronQuery& query) {
  const std::string direction = query.order == SortOrder::ascending ? " ASC" : " DESC";
  const std::string column = kSortColumns.at(static_cast<std::size_t>(query.sort_by));
  const bool can_be_null = query.sort_by == CronSort::thread_id || query.sort_by == CronSort::next_run_date ||
                           query.sort_by == CronSort::end_time;
  return kColumns + kMatches + "ORDER BY " + column + direction + (can_be_null ? " NULLS LAST" : "") + ", cron_id" +
         direction + " LIMIT :limit OFFSET :offset";
}

void bind_conditions(Query& sql, const CronQuery& query) {
  sql.bind(":owner", query.owner).bind(":assistant_id", query.assistant_id).bind(":thread_id", query.thread_id);
  sql.bind(":metadata", query.metadata.json);
  if (query.enabled) sql.bind(":enabled", std::int64_t{*query.enabled});
}

Cron cron_from(Query& sql) {
  Cron cron;
  sql >> cron.cron_id >> cron.owner >> cron.assistant_id >> cron.thread_id >> cron.created_at >> cron.updated_at;
  sql >> cron.schedule >> cron.timezone >> cron.end_time >> cron.enabled >> cron.next_run_date;
  sql >> cron.on_run_completed >> cron.payload_json >> cron.metadata_json;
  return cron;
}

std::vector<Cron> crons_from(Query& sql) {
  std::vector<Cron> found;
  while (sql.next()) found.push_back(cron_from(sql));
  return found;
}

void bind_changing_fields(Query& sql, const Cron& cron) {
  sql.bind(":cron_id", cron.cron_id).bind(":assistant_id", cron.assistant_id).bind(":updated_at", cron.updated_at);
  sql.bind(":schedule", cron.schedule).bind(":timezone", cron.timezone).bind(":end_time", cron.end_time);
  sql.bind(":enabled", std::int64_t{cron.enabled}).bind(":next_run_date", cron.next_run_date);
  sql.bind(":on_run_completed", cron.on_run_completed);
  sql.bind(":payload_json", cron.payload_json).bind(":metadata_json", cron.metadata_json);
}

}  // namespace

CronTable::CronTable(const SQLite::Database& database)
    : find_(database, kColumns + "WHERE cron_id = :cron_id AND owner = :owner"),
      count_(database, "SELECT count(*) FROM crons " + kMatches),
      due_(database, kColumns + R"sql(
        INDEXED BY crons_due
        WHERE next_run_date <= :now
        ORDER BY next_run_date, cron_id LIMIT :limit
      )sql"),
      earliest_(database, R"sql(
        SELECT next_run_date FROM crons INDEXED BY crons_due
        WHERE next_run_date IS NOT NULL ORDER BY next_run_date LIMIT 1
      )sql"),
      waiting_(database, kColumns + R"sql(
        WHERE (:after IS NULL OR cron_id > :after) AND next_run_date > :now
        ORDER BY cron_id LIMIT :limit
      )sql"),
      searches_(database),
      insert_(database, R"sql(
        INSERT INTO crons (cron_id, owner, assistant_id, thread_id, created_at, updated_at, schedule, timezone, end_time,
                           enabled, next_run_date, on_run_completed, payload_json, metadata_json)
        VALUES (:cron_id, :owner, :assistant_id, :thread_id, :created_at, :updated_at, :schedule, :timezone, :end_time,
                :enabled, :next_run_date, :on_run_completed, :payload_json, :metadata_json)
      )sql"),
      update_(database, R"sql(
        UPDATE crons
        SET assistant_id = :assistant_id, updated_at = :updated_at, schedule = :schedule, timezone = :timezone,
            end_time = :end_time, enabled = :enabled, next_run_date = :next_run_date,
            on_run_completed = :on_run_completed, payload_json = :payload_json, metadata_json = :metadata_json
        WHERE cron_id = :cron_id
      )sql"),
      erase_(database, "DELETE FROM crons WHERE cron_id = :cron_id"),
      claim_(database, R"sql(
        UPDATE crons SET next_run_date = :next WHERE cron_id = :cron_id AND next_run_date = :due
      )sql") {}

std::optional<Cron> CronTable::find(const Owner& owner, CronId id) const {
  Query sql(find_);
  sql.bind(":owner", owner).bind(":cron_id", id);
  if (!sql.next()) return std::nullopt;
  return cron_from(sql);
}

Found<Cron> CronTable::search(const CronQuery& query) const {
  Found<Cron> found;
  Query sql(searches_.prepared(search_sql(query)));
  bind_conditions(sql, query);
  sql.bind(":limit", query.page.limit).bind(":offset", query.page.offset);
  found.records = crons_from(sql);
  found.total = count(query);
  return found;
}

std::int64_t CronTable::count(const CronQuery& query) const {
  Query sql(count_);
  bind_conditions(sql, query);
  std::int64_t total = 0;
  if (sql.next()) sql >> total;
  return total;
}

std::vector<Cron> CronTable::due(Timestamp now, std::int64_t limit) const {
  Query sql(due_);
  sql.bind(":now", now).bind(":limit", limit);
  return crons_from(sql);
}

std::optional<Timestamp> CronTable::earliest() const {
  Query sql(earliest_);
  std::optional<Timestamp> time;
  if (sql.next()) sql >> time;
  return time;
}

std::vector<Cron> CronTable::waiting(Timestamp now, std::optional<CronId> after, std::int64_t limit) const {
  Query sql(waiting_);
  sql.bind(":now", now).bind(":after", after).bind(":limit", limit);
  return crons_from(sql);
}

void CronTable::insert(const Cron& cron) {
  Query sql(insert_);
  bind_changing_fields(sql, cron);
  sql.bind(":owner", cron.owner).bind(":thread_id", cron.thread_id).bind(":created_at", cron.created_at);
  sql.run();
}

void CronTable::update(const Cron& cron) {
  Query sql(update_);
  bind_changing_fields(sql, cron);
  sql.run();
}

void CronTable::erase(CronId id) {
  Query sql(erase_);
  sql.bind(":cron_id", id).run();
}

bool CronTable::claim(CronId id, Timestamp due, std::optional<Timestamp> next) {
  Query sql(claim_);
  sql.bind(":cron_id", id).bind(":due", due).bind(":next", next);
  return sql.run() == 1;
}

}  // namespace heddle::storage::sqlite
