#pragma once
// The SQL behind storage/awaited.h.

#include <SQLiteCpp/Database.h>

#include "storage/awaited.h"
#include "storage/sqlite/statement.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class AwaitedTable final : public AwaitedAnswers {
 public:
  explicit AwaitedTable(const SQLite::Database& database);

  std::vector<Awaited> of_thread(ThreadId id) const override;
  std::vector<Awaited> due(Timestamp now, std::int64_t limit) const override;
  std::optional<Timestamp> earliest() const override;

  void replace(ThreadId id, const std::vector<Awaited>& awaited) override;
  void postpone(ThreadId id, const std::string& interrupt_id, std::chrono::milliseconds interval,
                Timestamp due) override;
  bool claim(ThreadId id, const std::string& interrupt_id, RunId run_id) override;

 private:
  mutable Statement of_thread_;
  mutable Statement due_;
  mutable Statement earliest_;
  Statement insert_;
  Statement postpone_;
  mutable Statement is_there_;
  Statement erase_;
};

}  // namespace heddle::storage::sqlite
