#pragma once
// Moves the pages of the write-ahead log into the database on a thread of its own, so that the writer need not wait for
// it: with SQLite's own rule every so many pages one commit takes as long as moving all of them.
//
// What has been moved is written again from the beginning of the log only when nothing is left to move. That moment
// would hardly come by itself while commits follow each other, so the writer moves the rest, once that is little. What
// was moved before is durable by then, or the writer would wait for it all: it becomes so on the way, a few pages at a
// time (paced_writes.h), and to the last at the end of each move.

#include <SQLiteCpp/Database.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "storage/storage.h"

struct sqlite3;

namespace heddle::storage::sqlite {

// Belongs to the writer's thread, which calls everything. Its end waits for a move that is under way.
class LogMover {
 public:
  explicit LogMover(StorageOptions options);
  ~LogMover();
  LogMover(const LogMover&) = delete;
  LogMover& operator=(const LogMover&) = delete;

  // Between two transactions. `frames`: pages in the log, as sqlite3_wal_hook() tells them. What fails here is tried
  // again when the log has grown: nothing is lost, and a disk that is full is told of by the next commit.
  void keep_short(sqlite3* writing, int frames);

 private:
  void work();
  void open();
  // How many frames are moved now, and durable where they were moved to; 0 if none could be.
  int move_all();

  const StorageOptions options_;
  std::unique_ptr<SQLite::Database> moving_;  // of the thread; null pointer: could not be opened

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool is_moving_ = false;
  bool is_closing_ = false;
  int wanted_ = 0;          // frames that the log had when the move was asked for
  int moved_ = 0;           // frames at the beginning of the log that need not be moved
  bool has_moved_ = false;  // and the rest has not been looked at since
  int frames_before_ = 0;   // at the last call

  std::thread thread_;
};

}  // namespace heddle::storage::sqlite
