#pragma once
// The SQL behind storage/events.h.

#include <SQLiteCpp/Database.h>

#include "storage/events.h"
#include "storage/sqlite/statement.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class EventTable final : public Events {
 public:
  explicit EventTable(const SQLite::Database& database);

  std::vector<EventSegment> read(ThreadId thread_id, RunId run_id, std::int64_t first_fact,
                                 std::int64_t limit) const override;
  void append(ThreadId thread_id, RunId run_id, const EventSegment& segment) override;

 private:
  mutable Statement read_;
  Statement append_;
};

}  // namespace heddle::storage::sqlite
