// Storage on one file of SQLite: what ties lock, writer and readers together.

#include <SQLiteCpp/Exception.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "storage/sqlite/database.h"
#include "storage/sqlite/file_lock.h"
#include "storage/sqlite/migrations.h"
#include "storage/sqlite/readers.h"
#include "storage/sqlite/writer.h"
#include "storage/storage.h"

namespace heddle::storage {
namespace {

using sqlite::Access;
using sqlite::FileLock;
using sqlite::Readers;
using sqlite::Writer;

class SqliteStorage final : public Storage {
 public:
  // Expects the path of a file to be absolute and free of links.
  explicit SqliteStorage(const StorageOptions& options) : memory_(options.vector_bytes_in_memory) {
    if (!sqlite::is_memory(options)) lock_.emplace(options.path);
    std::unique_ptr<SQLite::Database> writing = sqlite::connect(options, Access::write);
    try {
      sqlite::migrate(*writing, options.path);
      writer_.emplace(std::move(writing), options, memory_);
      if (!sqlite::is_memory(options)) readers_.emplace(reading_connections(options), options.path, memory_);
    } catch (const SQLite::Exception& error) {
      throw sqlite::storage_error(options.path, error);
    }
  }

  void submit(std::function<void(Transaction&)> work, std::function<void(std::exception_ptr)> done) override {
    writer_->submit(std::move(work), std::move(done));
  }

  void submit_read(std::function<void(const Snapshot&)> work, std::function<void(std::exception_ptr)> done) override {
    if (readers_) {
      readers_->submit(std::move(work), std::move(done));
      return;
    }
    // A database in memory belongs to its one connection, so its reads wait in line with the writes.
    auto read = [work = std::move(work)](Transaction& transaction) { work(transaction); };
    writer_->submit(std::move(read), std::move(done));
  }

  void give_back_memory(const std::function<void()>& afterwards) override {
    writer_->give_back_memory(afterwards);
    if (readers_) readers_->give_back_memory(afterwards);
  }

 private:
  static std::vector<std::unique_ptr<SQLite::Database>> reading_connections(const StorageOptions& options) {
    std::vector<std::unique_ptr<SQLite::Database>> connections;
    for (int i = 0; i < std::max(options.readers, 1); ++i) {
      connections.push_back(sqlite::connect(options, Access::read));
    }
    return connections;
  }

  // Destroyed from the last to the first: the lock outlives every connection, and the connection
  // that is closed last moves the log into the file.
  sqlite::VectorMemory memory_;
  std::optional<FileLock> lock_;
  std::optional<Writer> writer_;
  std::optional<Readers> readers_;
};

// Two names of one file must meet at one lock.
std::string canonical(const std::string& path) {
  std::error_code error;
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  return error ? std::filesystem::absolute(path).string() : resolved.string();
}

}  // namespace

std::unique_ptr<Storage> open(const StorageOptions& options) {
  if (options.path.empty()) throw StorageError("the path of the database is empty; name a file or \":memory:\"");
  StorageOptions resolved = options;
  if (!sqlite::is_memory(options)) resolved.path = canonical(options.path);
  return std::make_unique<SqliteStorage>(resolved);
}

}  // namespace heddle::storage
