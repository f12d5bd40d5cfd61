#pragma once
// The SQL behind storage/checkpoints.h.

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <array>

#include "storage/checkpoints.h"
#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class CheckpointTable final : public Checkpoints {
 public:
  explicit CheckpointTable(const SQLite::Database& database);

  std::optional<Checkpoint> find(ThreadId thread_id, const std::string& checkpoint_ns, CheckpointId id) const override;
  std::optional<Checkpoint> newest(ThreadId thread_id, const std::string& checkpoint_ns) const override;
  std::optional<Checkpoint> newest_before(ThreadId thread_id, const std::string& checkpoint_ns,
                                          CheckpointId bound) const override;
  std::vector<Checkpoint> list(const CheckpointQuery& query) const override;
  std::vector<PendingWrites> pending_writes(ThreadId thread_id, const std::string& checkpoint_ns,
                                            CheckpointId id) const override;
  std::vector<ChannelValue> value(ThreadId thread_id, ValueId id) const override;
  std::vector<std::string> namespaces(ThreadId thread_id) const override;
  StateSize size_of(ThreadId thread_id) const override;

  bool has(ThreadId thread_id, const std::string& checkpoint_ns, CheckpointId id) const override;
  void insert(const Checkpoint& checkpoint, const std::vector<ChannelValue>& new_values) override;
  void put_writes(ThreadId thread_id, const PendingWrites& writes) override;
  void erase_run(ThreadId thread_id, RunId run_id) override;
  void keep_newest(ThreadId thread_id) override;
  void copy(ThreadId from, ThreadId to) override;

 private:
  std::optional<Checkpoint> first_of(SQLite::Statement& statement, ThreadId thread_id, const std::string& checkpoint_ns,
                                     std::optional<CheckpointId> id) const;
  void insert_value(ThreadId thread_id, const ChannelValue& value);
  std::int64_t shared_id_of(ThreadId thread_id, const std::string& metadata_json);
  void erase_unreferenced(ThreadId thread_id);

  mutable SQLite::Statement find_;
  mutable SQLite::Statement newest_;
  mutable SQLite::Statement newest_before_;
  mutable SQLite::Statement list_;
  mutable SQLite::Statement pending_writes_;
  mutable SQLite::Statement value_;
  mutable SQLite::Statement namespaces_;
  mutable SQLite::Statement size_of_rows_;
  mutable SQLite::Statement size_of_values_;
  mutable SQLite::Statement has_;
  SQLite::Statement insert_;
  SQLite::Statement insert_value_;
  SQLite::Statement find_shared_;
  SQLite::Statement insert_shared_;
  SQLite::Statement put_writes_;
  SQLite::Statement relink_around_run_;
  SQLite::Statement erase_run_;
  SQLite::Statement unlink_newest_;
  SQLite::Statement erase_older_;
  std::array<SQLite::Statement, 3> erase_unreferenced_;
  std::array<SQLite::Statement, 2> copy_with_metadata_;
  std::array<SQLite::Statement, 2> copy_;
};

}  // namespace heddle::storage::sqlite
