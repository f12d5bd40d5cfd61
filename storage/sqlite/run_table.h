#pragma once
// The SQL behind storage/runs.h.

#include <SQLiteCpp/Database.h>

#include "storage/runs.h"
#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class RunTable final : public Runs {
 public:
  explicit RunTable(const SQLite::Database& database);

  std::optional<Run> find(const Owner& owner, RunId id) const override;
  bool exists(RunId id) const override;
  std::vector<Run> list(const RunQuery& query) const override;
  std::vector<Run> started_since(const Owner& owner, ThreadId thread_id, Timestamp since,
                                 std::int64_t limit) const override;
  std::vector<Run> in_flight(ThreadId thread_id) const override;
  std::vector<Run> all_in_flight() const override;

  void insert(const Run& run) override;
  void update(const Run& run) override;
  void erase(RunId id) override;
  std::int64_t erase_ended(Timestamp before, std::int64_t limit) override;

 private:
  void erase_sealed(RunId id);

  mutable Statement find_;
  mutable Statement exists_;
  mutable Statement list_;
  mutable Statement started_since_;
  mutable Statement in_flight_;
  mutable Statement all_in_flight_;
  Statement insert_;
  Statement update_;
  Statement start_;
  mutable Statement ended_;
  Statement erase_events_;
  Statement erase_sealed_;
  Statement erase_;
};

}  // namespace heddle::storage::sqlite
