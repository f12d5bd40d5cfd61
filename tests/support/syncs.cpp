#include "tests/support/syncs.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace heddle::test {
namespace {

constexpr std::chrono::seconds kPatience{10};

}  // namespace

Syncs& Syncs::seen() {
  static Syncs syncs;
  return syncs;
}

bool Syncs::comes(const std::string& thread, const std::string& file, std::size_t times) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return all_.count({thread, file}) >= times; });
}

void Syncs::hold(const std::string& file) {
  const std::lock_guard lock(mutex_);
  held_ = file;
}

void Syncs::let_fail(const std::string& file) {
  const std::lock_guard lock(mutex_);
  failing_ = file;
}

void Syncs::release() {
  const std::lock_guard lock(mutex_);
  held_.clear();
  failing_.clear();
  changed_.notify_all();
}

bool Syncs::is_held() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [this] { return waiting_ > 0; });
}

bool Syncs::pass(int descriptor) {
  std::error_code error;
  std::filesystem::path file = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error);
  std::array<char, 16> thread{};
  pthread_getname_np(pthread_self(), thread.data(), thread.size());
  std::unique_lock lock(mutex_);
  if (!held_.empty() && file == held_) {
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return file != held_; });
    --waiting_;
  }
  const bool succeeds = failing_.empty() || file != failing_;
  all_.emplace(thread.data(), std::move(file));
  changed_.notify_all();
  return succeeds;
}

}  // namespace heddle::test

// SQLite and the storage call these instead of those of libc.
extern "C" int fsync(int descriptor) {
  if (heddle::test::Syncs::seen().pass(descriptor)) return static_cast<int>(syscall(SYS_fsync, descriptor));
  errno = EIO;
  return -1;
}

extern "C" int fdatasync(int descriptor) {
  if (heddle::test::Syncs::seen().pass(descriptor)) {
    return static_cast<int>(syscall(SYS_fdatasync, descriptor));
  }
  errno = EIO;
  return -1;
}
