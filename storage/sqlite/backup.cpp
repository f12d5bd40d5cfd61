#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "storage/error.h"
#include "storage/maintenance.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/read_only.h"

namespace heddle::storage {
namespace {

namespace fs = std::filesystem;

// Takes the unfinished copy away, however its making ends.
class PartialFile {
 public:
  explicit PartialFile(std::string path) : path_(std::move(path)) {}
  ~PartialFile() {
    std::error_code ignored;  // it has been renamed, or was never made
    fs::remove(path_, ignored);
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Empty, for its owner alone: the copy holds what its users said while it is written too.
void make_private(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) throw StorageError("backup \"" + path + "\" cannot be made: " + std::generic_category().message(errno));
  ::close(file);
}

void make_durable(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int error = file < 0 || ::fsync(file) != 0 ? errno : 0;
  if (file >= 0) ::close(file);
  if (error == 0) return;
  throw StorageError("backup \"" + path + "\" cannot be made durable: " + std::generic_category().message(error));
}

Backup checked(const std::string& path) {
  const std::unique_ptr<SQLite::Database> copy = sqlite::connect_read_only(path);
  const std::string said = copy->execAndGet("PRAGMA integrity_check(1)").getString();
  if (said != "ok") throw StorageError("backup \"" + path + "\" is damaged and was not kept: " + said);
  Backup backup;
  backup.schema_version = copy->execAndGet("PRAGMA user_version").getInt();
  backup.threads = copy->execAndGet("SELECT count(*) FROM threads").getInt64();
  std::error_code unknown;  // it was read a moment ago
  backup.bytes = fs::file_size(path, unknown);
  return backup;
}

}  // namespace

Backup back_up(const std::string& database, const std::string& target) {
  std::error_code failed;
  if (fs::exists(target, failed)) {
    throw StorageError("backup \"" + target + "\": there is a file of this name; name another one or take it away");
  }
  const PartialFile partial(target + ".partial");
  fs::remove(partial.path(), failed);  // of one that was killed
  const std::unique_ptr<SQLite::Database> source = sqlite::connect_read_only(database);
  make_private(partial.path());
  Backup backup;
  try {
    // One read transaction, so it is the state of one moment. Not the pages but what stands in them is copied: what has
    // been erased does not travel along.
    source->exec("PRAGMA query_only = OFF");  // it counts the new file as written by this connection
    SQLite::Statement copy(*source, "VACUUM INTO ?");
    copy.bind(1, partial.path());
    copy.exec();
    backup = checked(partial.path());
  } catch (const SQLite::Exception& error) {
    throw sqlite::storage_error(partial.path(), error);
  }
  make_durable(partial.path());
  fs::rename(partial.path(), target, failed);
  if (failed) throw StorageError("backup \"" + target + "\" cannot be made: " + failed.message());
  const fs::path folder = fs::absolute(target).parent_path();
  make_durable(folder.string());
  return backup;
}

}  // namespace heddle::storage
