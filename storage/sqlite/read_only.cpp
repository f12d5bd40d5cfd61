#include "storage/sqlite/read_only.h"

#include <SQLiteCpp/Exception.h>

#include <filesystem>
#include <system_error>

#include "storage/error.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/migrations.h"

namespace heddle::storage::sqlite {
namespace {

// A server that moves its log into the file holds readers up for moments only.
constexpr int kBusyTimeoutMs = 10'000;

}  // namespace

std::unique_ptr<SQLite::Database> connect_read_only(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed)) {
    throw StorageError("database \"" + path + "\": there is no such file; name it with --db or in langgraph.json");
  }
  try {
    auto database = std::make_unique<SQLite::Database>(path, SQLite::OPEN_READONLY, kBusyTimeoutMs);
    database->exec("PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; PRAGMA cache_size = -8192;");  // KiB
    if (!is_ours(*database)) {
      throw StorageError("database \"" + path + "\" belongs to another program; name another file");
    }
    return database;
  } catch (const SQLite::Exception& error) {
    throw storage_error(path, error);
  }
}

}  // namespace heddle::storage::sqlite
