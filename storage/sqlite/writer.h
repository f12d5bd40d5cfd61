#pragma once
// The one thread that writes, with group commit.
//
// Works that wait are applied in one transaction, each behind a savepoint, and committed
// together: the price of a commit is paid once per group. A work that throws is
// taken back alone. Commits are made durable on another thread, several at a time if they come fast.

#include <SQLiteCpp/Database.h>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "storage/sqlite/log_mover.h"
#include "storage/sqlite/log_syncer.h"
#include "storage/sqlite/statement.h"
#include "storage/sqlite/tables.h"
#include "storage/sqlite/work_queue.h"

namespace heddle::storage::sqlite {

// A resource; any thread may call. Its end finishes all works that were handed in.
class Writer {
 public:
  using Work = std::function<void(Transaction&)>;
  using Done = std::function<void(std::exception_ptr)>;

  // `options` are those of `database`. `memory` outlives it.
  Writer(std::unique_ptr<SQLite::Database> database, const StorageOptions& options, VectorMemory& memory);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Works are applied in the order of the calls. `done` is called on the writer's thread or that of the syncer, after
  // `work` has been destroyed, with null once it is committed, and durable if `options` say so; or at once with
  // StorageBusy. Of a work that fails it is called before the next one is applied.
  void submit(Work work, Done done);

  // Storage::give_back_memory().
  void give_back_memory(const std::function<void()>& afterwards);

 private:
  struct Entry {
    Work work;  // none: memory is given back
    Done done;
    std::exception_ptr error;
  };

  void run();
  // Applies the works and commits them. All are answered or handed over, failed ones before the next is applied.
  void apply(std::span<Entry> group);
  // Null, or why nothing of the open transaction is kept.
  std::exception_ptr commit();
  void hand_over(std::span<Entry> committed);
  static void answer(std::span<Entry> entries);
  // Null, or why nothing of `work` is kept.
  std::exception_ptr apply_one(const Work& work);
  bool in_transaction() const;
  void watch_log();

  std::unique_ptr<SQLite::Database> database_;
  std::optional<LogMover> mover_;    // none for a database in memory
  std::optional<LogSyncer> syncer_;  // none if what is committed need not be durable
  int frames_in_log_ = 0;
  std::string path_;
  Tables tables_;
  Statement begin_;
  Statement save_;
  Statement release_;
  Statement take_back_;
  Statement commit_;
  Statement roll_back_;
  WorkQueue<Entry> queue_;
  std::thread thread_;
};

}  // namespace heddle::storage::sqlite
