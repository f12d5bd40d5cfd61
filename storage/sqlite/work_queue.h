#pragma once
// Works on their way to the threads that do them, in the order in which they were handed in.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "storage/error.h"

namespace heddle::storage::sqlite {

// 16,384: far more than a server has runs in flight, each of which waits for one work or two.
constexpr std::size_t kWaitingMax = 16'384;

inline std::exception_ptr refusal() {
  return std::make_exception_ptr(
      StorageBusy("the database has " + std::to_string(kWaitingMax) + " works to do; try again in a moment"));
}

// Any thread may call. There is a mutex because those who take are blocked in SQLite most of the
// time: they have no executor that one could post to.
template <class Entry>
class WorkQueue {
 public:
  // False if so many works wait already that no more are taken; `entry` is then as it was.
  [[nodiscard]] bool push(Entry& entry) {
    // Woken under the lock: else whoever learns that the work is done may destroy the queue while
    // this thread is still on its way out of notify_one().
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kWaitingMax) return false;
    waiting_.push_back(std::move(entry));
    changed_.notify_one();
    return true;
  }

  // Takes up to `most` works, waiting for the first. None means that the queue is closed and empty.
  std::vector<Entry> take(std::size_t most) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    std::vector<Entry> taken;
    for (; !waiting_.empty() && taken.size() < most; waiting_.pop_front()) {
      taken.push_back(std::move(waiting_.front()));
    }
    return taken;
  }

  // What is in the queue is still taken. Nothing may be pushed any more.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Entry> waiting_;
  bool closed_ = false;
};

}  // namespace heddle::storage::sqlite
