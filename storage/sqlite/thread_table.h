#pragma once
// The SQL behind storage/threads.h.

#include <SQLiteCpp/Database.h>

#include <array>

#include "storage/sqlite/query.h"
#include "storage/threads.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class ThreadTable final : public Threads {
 public:
  explicit ThreadTable(const SQLite::Database& database);

  std::optional<Thread> find(const Owner& owner, ThreadId id) const override;
  bool exists(ThreadId id) const override;
  Found<Thread> search(const ThreadQuery& query) const override;
  std::int64_t count(const ThreadQuery& query) const override;
  std::vector<Thread> expired(Timestamp now, std::int64_t limit) const override;

  bool insert(const Thread& thread) override;
  void update(const Thread& thread) override;
  void erase(ThreadId id) override;

 private:
  mutable Statement find_;
  mutable Statement exists_;
  mutable StatementCache searches_;
  mutable Statement expired_;
  Statement insert_;
  Statement update_;
  std::array<Statement, 10> erase_;
};

}  // namespace heddle::storage::sqlite
