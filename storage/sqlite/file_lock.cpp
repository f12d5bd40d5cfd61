#include "storage/sqlite/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "storage/error.h"

namespace heddle::storage::sqlite {

FileLock::FileLock(const std::filesystem::path& database) : file_(-1) {
  const std::string path = database.string() + "-lock";
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) {
    throw StorageError("cannot create \"" + path + "\": " + std::generic_category().message(errno) +
                       "; the folder of the database must exist and be writable");
  }
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;

  const int error = errno;
  ::close(file_);
  if (error == EWOULDBLOCK) {
    throw StorageError("database \"" + database.string() +
                       "\" is held by another heddle process; one process writes, stop it or name another file");
  }
  throw StorageError("cannot lock \"" + path + "\": " + std::generic_category().message(error) +
                     "; put the database on a file system with locks");
}

FileLock::~FileLock() {
  ::close(file_);
}

}  // namespace heddle::storage::sqlite
