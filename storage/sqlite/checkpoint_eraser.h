#pragma once
// Erases some checkpoints of a thread, and what only they lead to.

#include <SQLiteCpp/Database.h>

#include "storage/checkpoints.h"
#include "storage/sqlite/query.h"

namespace heddle::storage::sqlite {

// Belongs to one connection and its thread. Throws SQLite::Exception. Holds the ids of everything that the checkpoints
// of the thread lead to in memory, twice.
class CheckpointEraser {
 public:
  explicit CheckpointEraser(const SQLite::Database& database);

  // As Checkpoints::erase_run and keep_newest.
  void erase_run(ThreadId thread_id, RunId run_id);
  void keep_newest(ThreadId thread_id);

 private:
  struct Reached;

  Reached reached(ThreadId thread_id);
  void erase_all_but(const Reached& kept, const Reached& before, ThreadId thread_id);

  Statement checkpoints_;
  Statement values_;
  Statement shared_;
  Statement relink_around_run_;
  Statement erase_run_;
  Statement unlink_newest_;
  Statement erase_older_;
  Statement erase_writes_;
  Statement erase_value_;
  Statement erase_shared_;
};

}  // namespace heddle::storage::sqlite
