#include "storage/sqlite/database.h"

#include <sqlite3.h>

#include <string_view>
#include <utility>

#include "storage/sqlite/json_contains.h"
#include "storage/sqlite/paced_writes.h"

namespace heddle::storage::sqlite {
namespace {

// 5 s: only a tool that somebody opened beside the server makes us wait at all.
constexpr int kBusyTimeoutMs = 5'000;

// Statistics of SQLite's memory, which nobody asks for, take a mutex of the whole process per allocation: about 5 % of
// the instructions of a durable run. Of use only before the first connection of the process; else they stay on.
void count_no_memory() {
  [[maybe_unused]] static const int result = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

void set_up(SQLite::Database& database, const StorageOptions& options, Access access) {
  database.exec(R"sql(
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA secure_delete = FAST;   -- Debian's ON would write every page of a deleted thread once more
    PRAGMA mmap_size = 0;          -- mapping 64 MiB made reads 10 to 30 % faster and the process 40 MiB larger
  )sql");
  if (access == Access::read) {
    database.exec("PRAGMA query_only = ON; PRAGMA cache_size = -2048;");  // KiB
    return;
  }
  database.exec("PRAGMA cache_size = -8192;");  // KiB
  database.exec(options.synchronous == Synchronous::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  if (is_memory(options)) return;

  const std::string mode = database.execAndGet("PRAGMA journal_mode = WAL").getString();
  if (mode != "wal") {
    throw StorageError("database \"" + options.path +
                       "\" cannot use a write-ahead log here; put it on a local file system");
  }
  // Pages that every transaction changes are moved into the file once for each so many (4 KiB each), not once for each
  // 1,000 as by default; a start after a crash reads at most about that much. The writer of a server goes another way
  // (log_mover.h).
  database.exec("PRAGMA wal_autocheckpoint = 4000");
  // The log shrinks to this after a burst; in between it is reused in place.
  database.exec("PRAGMA journal_size_limit = 67108864");
}

std::string_view advice(int code) {
  switch (code) {
    case SQLITE_FULL:
      return "free space on the disk, the server goes on by itself";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "make the file and its folder writable for this user";
    case SQLITE_CANTOPEN:
      return "the folder must exist and be writable, and the path must name a file";
    case SQLITE_IOERR:
      return "look for errors of the disk and for limits on file sizes";
    case SQLITE_NOTADB:
      return "the file is no database, name another one";
    case SQLITE_CORRUPT:
      return "the file is damaged, restore a backup";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "close the other program that uses the file";
    case SQLITE_NOMEM:
      return "give the server more memory";
    case SQLITE_TOOBIG:
      return "a record is larger than 1 GB";
    default:
      return "this is a bug of heddle, please report it";
  }
}

}  // namespace

bool is_memory(const StorageOptions& options) {
  return options.path == ":memory:";
}

std::unique_ptr<SQLite::Database> connect(const StorageOptions& options, Access access) {
  count_no_memory();
  try {
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const char* const way = access == Access::move ? paced_writes() : "";
    auto database = std::make_unique<SQLite::Database>(options.path, kFlags, kBusyTimeoutMs, way);
    if (sqlite3_db_readonly(database->getHandle(), "main") == 1) {
      throw StorageError("database \"" + options.path + "\" cannot be written; " +
                         std::string(advice(SQLITE_READONLY)));
    }
    set_up(*database, options, access);
    register_json_functions(*database);
    return database;
  } catch (const SQLite::Exception& error) {
    throw storage_error(options.path, error);
  }
}

StorageError storage_error(const std::string& path, const SQLite::Exception& error) {
  return StorageError("database \"" + path + "\": " + error.what() + "; " + std::string(advice(error.getErrorCode())));
}

std::exception_ptr storage_failure(const std::string& path, const SQLite::Exception& error) {
  StorageError told = storage_error(path, error);
  switch (error.getErrorCode()) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
      return std::make_exception_ptr(StorageUnwritable(told.what()));
    default:
      return std::make_exception_ptr(std::move(told));
  }
}

}  // namespace heddle::storage::sqlite
