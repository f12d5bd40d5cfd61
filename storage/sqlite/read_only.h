#pragma once
// A connection for tools beside the server.

#include <SQLiteCpp/Database.h>

#include <memory>
#include <string>

namespace heddle::storage::sqlite {

// To a file that is there and ours; changes nothing in it. Throws StorageError.
std::unique_ptr<SQLite::Database> connect_read_only(const std::string& path);

}  // namespace heddle::storage::sqlite
