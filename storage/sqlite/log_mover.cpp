#include "storage/sqlite/log_mover.h"

#include <pthread.h>
#include <sqlite3.h>

#include <exception>
#include <utility>

#include "storage/sqlite/database.h"

namespace heddle::storage::sqlite {
namespace {

// Pages that all transactions change are moved once for each so many, so more are cheaper; a start after a crash reads
// at most some times as much. 4 KiB each.
constexpr int kMoveAt = 4'000;
// What the writer moves itself: an eighth of a move.
constexpr int kRest = 500;
// A disk that falls so far behind makes the writer wait: 128 MiB.
constexpr int kLogMax = 32'000;

// SQLite makes the database durable only in the move after which nothing is left, and so would let the writer wait for
// all that was moved before.
bool make_durable(sqlite3* database) {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) return false;
  return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

}  // namespace

LogMover::LogMover(StorageOptions options) : options_(std::move(options)), thread_([this] { work(); }) {
  pthread_setname_np(thread_.native_handle(), "storage-mover");
}

LogMover::~LogMover() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void LogMover::keep_short(sqlite3* writing, int frames) {
  std::unique_lock lock(mutex_);
  if (is_moving_ && frames >= kLogMax) changed_.wait(lock, [this] { return !is_moving_; });
  if (is_moving_) return;
  const bool has_begun_anew = frames < frames_before_;
  frames_before_ = frames;
  if (has_begun_anew) {
    moved_ = 0;
    has_moved_ = false;
  }
  const int left = frames - moved_;
  if (has_moved_ && left <= kRest) {
    has_moved_ = false;
    moved_ = frames;
    lock.unlock();
    // The next transaction begins the log anew, unless somebody still reads what is in it.
    sqlite3_wal_checkpoint_v2(writing, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    return;
  }
  if (!has_moved_ && left < kMoveAt) return;
  wanted_ = frames;
  is_moving_ = true;
  changed_.notify_all();
}

void LogMover::work() {
  open();
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_moving_ || is_closing_; });
    if (is_closing_) return;
    lock.unlock();
    const int moved = move_all();
    lock.lock();
    // Somebody who reads an old state holds the rest back, or the disk does. Not at once again.
    has_moved_ = moved >= wanted_;
    moved_ = has_moved_ ? moved : wanted_;
    is_moving_ = false;
    changed_.notify_all();
  }
}

void LogMover::open() {
  try {
    moving_ = connect(options_, Access::move);
  } catch (const std::exception&) {
    moving_.reset();  // no descriptor or no memory is left; tried again when there is something to move
  }
}

int LogMover::move_all() {
  if (!moving_) open();
  if (!moving_) return 0;
  int moved = 0;
  sqlite3* const moving = moving_->getHandle();
  if (sqlite3_wal_checkpoint_v2(moving, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, &moved) != SQLITE_OK) return 0;
  return make_durable(moving) ? moved : 0;
}

}  // namespace heddle::storage::sqlite
