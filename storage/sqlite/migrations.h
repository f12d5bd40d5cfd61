#pragma once
// The schema of the file, one step per version.

#include <SQLiteCpp/Database.h>

#include <string>

namespace heddle::storage::sqlite {

// The version that this program reads and writes.
int newest_schema_version();

// Whether it is a database of heddle, of whatever version.
bool is_ours(SQLite::Database& database);

// Brings the schema up to date; a new file gets that of schema.h. Throws StorageError for a file of a newer heddle or
// of another program, and SQLite::Exception. `path` is for the text.
void migrate(SQLite::Database& database, const std::string& path);

// The steps from `version` to the newest, each in a transaction of its own; from 0, in an empty file, they lead to what
// schema.h makes. For migrate() and for the test that compares the two.
void take_steps(SQLite::Database& database, int version);

}  // namespace heddle::storage::sqlite
