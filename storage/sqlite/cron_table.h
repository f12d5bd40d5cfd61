#pragma once
// The SQL behind storage/crons.h.

#include <SQLiteCpp/Database.h>

#include "storage/crons.h"
#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class CronTable final : public Crons {
 public:
  explicit CronTable(const SQLite::Database& database);

  std::optional<Cron> find(const Owner& owner, CronId id) const override;
  Found<Cron> search(const CronQuery& query) const override;
  std::int64_t count(const CronQuery& query) const override;
  std::vector<Cron> due(Timestamp now, std::int64_t limit) const override;
  std::optional<Timestamp> earliest() const override;
  std::vector<Cron> waiting(Timestamp now, std::optional<CronId> after, std::int64_t limit) const override;

  void insert(const Cron& cron) override;
  void update(const Cron& cron) override;
  void erase(CronId id) override;
  bool claim(CronId id, Timestamp due, std::optional<Timestamp> next) override;

 private:
  mutable Statement find_;
  mutable Statement count_;
  mutable Statement due_;
  mutable Statement earliest_;
  mutable Statement waiting_;
  mutable StatementCache searches_;
  Statement insert_;
  Statement update_;
  Statement erase_;
  Statement claim_;
};

}  // namespace heddle::storage::sqlite
