#pragma once
// Writes into the database that make room for the commits of others.
//
// A file that is made durable all at once keeps the disk busy for as long as all its pages take, and a commit that is
// made durable meanwhile waits for them: 20 ms for 700 pages in random places.

namespace heddle::storage::sqlite {

// The name of a way to open files (sqlite3_vfs) by which a database is made durable every few pages that are written
// into it; else as by default. Any thread may call. Throws std::runtime_error if SQLite does not take it.
const char* paced_writes();

}  // namespace heddle::storage::sqlite
