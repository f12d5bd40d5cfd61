#include "storage/sqlite/event_table.h"

#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {

EventTable::EventTable(const SQLite::Database& database)
    // The segment that holds a fact begins with it or is the last one that begins before it.
    : read_(database, R"sql(
        SELECT first_fact, facts FROM event_segments
        WHERE thread_id = :thread_id AND run_id = :run_id
          AND first_fact >= coalesce((SELECT max(first_fact) FROM event_segments
                                      WHERE thread_id = :thread_id AND run_id = :run_id
                                        AND first_fact <= :first_fact), :first_fact)
        ORDER BY first_fact LIMIT :limit
      )sql"),
      append_(database, R"sql(
        INSERT INTO event_segments (thread_id, run_id, first_fact, facts)
        VALUES (:thread_id, :run_id, :first_fact, :facts)
      )sql") {}

std::vector<EventSegment> EventTable::read(ThreadId thread_id, RunId run_id, std::int64_t first_fact,
                                           std::int64_t limit) const {
  std::vector<EventSegment> found;
  Query sql(read_);
  sql.bind(":thread_id", thread_id).bind(":run_id", run_id).bind(":first_fact", first_fact).bind(":limit", limit);
  while (sql.next()) {
    EventSegment segment;
    sql >> segment.first_fact >> segment.facts;
    found.push_back(std::move(segment));
  }
  return found;
}

void EventTable::append(ThreadId thread_id, RunId run_id, const EventSegment& segment) {
  Query sql(append_);
  sql.bind(":thread_id", thread_id).bind(":run_id", run_id);
  sql.bind(":first_fact", segment.first_fact).bind(":facts", segment.facts);
  sql.run();
}

}  // namespace heddle::storage::sqlite
