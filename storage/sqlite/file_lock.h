#pragma once
// The right to be the one process that has a database open.

#include <filesystem>

namespace heddle::storage::sqlite {

// Held from construction to destruction, and never longer than the process lives, however it ends.
// It is a lock on a file of its own beside the database: closing any other handle of the database
// file itself would give up the locks that SQLite holds there. The file stays; only the lock counts.
class FileLock {
 public:
  // Throws StorageError if somebody else holds the lock or the file cannot be made.
  explicit FileLock(const std::filesystem::path& database);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int file_;
};

}  // namespace heddle::storage::sqlite
