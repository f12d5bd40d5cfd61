#pragma once
// The schema of the file, one step per version.

#include <SQLiteCpp/Database.h>

#include <string>

namespace heddle::storage::sqlite {

// The version that this program reads and writes.
int newest_schema_version();

// Whether it is a database of heddle, of whatever version.
bool is_ours(SQLite::Database& database);

// Brings the schema up to date, each step in a transaction of its own; a new file gets all of them in one. Throws
// StorageError for a file of a newer heddle or of another program, and SQLite::Exception. `path` is for the text.
void migrate(SQLite::Database& database, const std::string& path);

}  // namespace heddle::storage::sqlite
