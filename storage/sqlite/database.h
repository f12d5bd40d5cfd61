#pragma once
// Connections to the one file, and what their errors mean to whoever runs the server.

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <exception>
#include <memory>
#include <string>

#include "storage/error.h"
#include "storage/storage.h"

namespace heddle::storage::sqlite {

enum class Access {
  read,
  write,
  move,  // as write, of the log into the database beside a writer (paced_writes.h)
};

bool is_memory(const StorageOptions& options);

// A connection with our pragmas and functions, for one thread at a time. Throws StorageError.
std::unique_ptr<SQLite::Database> connect(const StorageOptions& options, Access access);

// Says which file, what happened and what to do. SQLite's texts name tables and columns, never values.
StorageError storage_error(const std::string& path, const SQLite::Exception& error);
// The same to be handed on: StorageUnwritable where that is what it is.
std::exception_ptr storage_failure(const std::string& path, const SQLite::Exception& error);

}  // namespace heddle::storage::sqlite
