#include "storage/sqlite/log_syncer.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include "storage/error.h"

namespace heddle::storage::sqlite {
namespace {

// A disk that is so many commits behind makes the writer wait.
constexpr std::size_t kBehindMax = 128;

std::string text_of_error(int error) {
  return std::generic_category().message(error);
}

// A descriptor of its own, because that of SQLite belongs to the writer's thread. To close it gives up no lock: SQLite
// holds none on the log.
int open_log(const std::string& path) {
  const int log = ::open((path + "-wal").c_str(), O_RDWR | O_CLOEXEC);
  if (log < 0) {
    throw StorageError("the log of database \"" + path + "\" cannot be opened: " + text_of_error(errno) +
                       "; make the file and its folder writable for this user");
  }
  return log;
}

// Null, or why not.
std::optional<std::string> make_durable(int log, const std::string& path) {
  while (::fdatasync(log) != 0) {
    if (errno == EINTR) continue;
    return "database \"" + path + "\": the disk does not make the log durable: " + text_of_error(errno) +
           "; look for errors of the disk, then start the server again";
  }
  return std::nullopt;
}

// Each gets an exception of its own, because those who wait are on different threads.
template <class Error>
std::exception_ptr made(const std::optional<std::string>& failure) {
  return failure ? std::make_exception_ptr(Error(*failure)) : nullptr;
}

}  // namespace

LogSyncer::LogSyncer(std::string path) : path_(std::move(path)), log_(open_log(path_)), thread_([this] { work(); }) {
  pthread_setname_np(thread_.native_handle(), "storage-syncer");
}

LogSyncer::~LogSyncer() {
  {
    const Lock lock(mutex_);
    is_closing_ = true;
    changed_.notify_all();
  }
  thread_.join();
  ::close(log_);
}

void LogSyncer::hand_over(std::vector<Done> waiting) {
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return commits_.size() < kBehindMax; });
  commits_.push_back(std::move(waiting));
  changed_.notify_all();
}

std::exception_ptr LogSyncer::failure() const {
  const Lock lock(mutex_);
  return made<StorageUnwritable>(failure_);
}

void LogSyncer::work() {
  Lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_closing_ || !commits_.empty(); });
    if (commits_.empty()) return;
    std::vector<std::vector<Done>> commits = std::exchange(commits_, {});
    changed_.notify_all();
    std::optional<std::string> failure = failure_;
    lock.unlock();
    if (!failure) failure = make_durable(log_, path_);
    lock.lock();
    failure_ = failure;
    lock.unlock();
    for (const std::vector<Done>& waiting : commits) {
      for (const Done& done : waiting) done(made<StorageUncertain>(failure));
    }
    commits.clear();  // which may let go of more than the lock is for
    lock.lock();
  }
}

}  // namespace heddle::storage::sqlite
