#pragma once
// Stands between the program and the disk: sees every fsync() and fdatasync(), holds them back and lets them fail.

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace heddle::test {

// Of the whole program, whose every file it sees. Any thread may call.
class Syncs {
 public:
  static Syncs& seen();

  // Whether `thread` makes `file` durable so often within ten seconds, since the program began.
  bool comes(const std::string& thread, const std::string& file, std::size_t times);

  // From here on making `file` durable takes until release(), or fails. One file at a time.
  void hold(const std::string& file);
  void let_fail(const std::string& file);
  void release();
  // Whether some thread waits at what is held back, or comes there within ten seconds.
  bool is_held();

  // For fsync() and fdatasync(). Whether it succeeds.
  bool pass(int descriptor);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multiset<std::pair<std::string, std::filesystem::path>> all_;
  std::filesystem::path held_;
  std::filesystem::path failing_;
  int waiting_ = 0;
};

}  // namespace heddle::test
