#pragma once
// The SQL behind storage/checkpoints.h.

#include <SQLiteCpp/Database.h>

#include <array>

#include "storage/checkpoints.h"
#include "storage/sqlite/checkpoint_eraser.h"
#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread.
class CheckpointTable final : public Checkpoints {
 public:
  explicit CheckpointTable(const SQLite::Database& database);

  std::optional<Checkpoint> find(ThreadId thread_id, const std::string& checkpoint_ns, CheckpointId id) const override;
  bool exists(ThreadId thread_id, const std::string& checkpoint_ns, CheckpointId id) const override;
  std::optional<Checkpoint> newest(ThreadId thread_id, const std::string& checkpoint_ns) const override;
  std::optional<CheckpointId> newest_id(ThreadId thread_id, const std::string& checkpoint_ns) const override;
  std::optional<CheckpointHead> head(ThreadId thread_id, const std::string& checkpoint_ns) const override;
  std::optional<Checkpoint> newest_before(ThreadId thread_id, const std::string& checkpoint_ns,
                                          CheckpointId bound) const override;
  std::vector<Checkpoint> list(const CheckpointQuery& query) const override;
  std::vector<PendingWrites> pending_writes(ThreadId thread_id, const std::string& checkpoint_ns,
                                            CheckpointId id) const override;
  std::vector<ChannelValue> value(ThreadId thread_id, ValueId id, const FindKnownPart& known) const override;
  std::vector<std::string> namespaces(ThreadId thread_id) const override;
  StateSize size_of(ThreadId thread_id) const override;

  void insert(const Checkpoint& checkpoint, const std::vector<ChannelValue>& new_values) override;
  void put_writes(ThreadId thread_id, const PendingWrites& writes) override;
  void erase_run(ThreadId thread_id, RunId run_id) override;
  void keep_newest(ThreadId thread_id) override;
  void copy(ThreadId from, ThreadId to) override;

 private:
  std::optional<Checkpoint> first_of(Statement& statement, ThreadId thread_id, const std::string& checkpoint_ns,
                                     std::optional<CheckpointId> id) const;
  void insert_value(ThreadId thread_id, const ChannelValue& value);
  std::int64_t shared_id_of(const Checkpoint& checkpoint);

  mutable Statement find_;
  mutable Statement exists_;
  mutable Statement newest_;
  mutable Statement newest_id_;
  mutable Statement head_;
  mutable Statement newest_before_;
  mutable Statement list_;
  mutable Statement pending_writes_;
  mutable Statement value_;
  mutable Statement namespaces_;
  mutable Statement size_of_rows_;
  mutable Statement size_of_values_;
  Statement insert_;
  Statement insert_value_;
  Statement find_shared_;
  Statement insert_shared_;
  Statement put_writes_;
  CheckpointEraser eraser_;
  std::array<Statement, 2> copy_with_metadata_;
  std::array<Statement, 2> copy_;
};

}  // namespace heddle::storage::sqlite
