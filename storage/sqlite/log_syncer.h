#pragma once
// Makes commits durable while the next ones are prepared.
//
// The writer commits without waiting for the disk (PRAGMA synchronous = NORMAL) and hands over whoever waits for the
// commit; they are answered once the log, into which commits are written in order, is durable. So what was answered
// survives a power cut as with FULL (https://www.sqlite.org/pragma.html#pragma_synchronous). Readers see a commit
// somewhat earlier than that.

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace heddle::storage::sqlite {

// A resource that belongs to the writer, which makes all calls.
class LogSyncer {
 public:
  using Done = std::function<void(std::exception_ptr)>;

  // `path`: of the database, which has a log. Throws StorageError if that cannot be opened.
  explicit LogSyncer(std::string path);
  // Answers everybody first.
  ~LogSyncer();
  LogSyncer(const LogSyncer&) = delete;
  LogSyncer& operator=(const LogSyncer&) = delete;

  // Behind a commit. Each of `waiting` is called with null when it is durable, or with StorageUncertain, on the thread
  // of this object. Waits while the disk is too far behind.
  void hand_over(std::vector<Done> waiting);

  // Null, or StorageUnwritable: the disk did not make the log durable, so nothing is tried again. What the log holds
  // then the next start reads.
  std::exception_ptr failure() const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  void work();

  const std::string path_;
  const int log_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::vector<Done>> commits_;  // that are not durable, each with whoever waits for it
  std::optional<std::string> failure_;
  bool is_closing_ = false;
  std::thread thread_;
};

}  // namespace heddle::storage::sqlite
