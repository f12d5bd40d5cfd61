#pragma once
// What an operator does with the file of a database: copy it, look after it. Both work beside a server that uses it,
// and change nothing in it. Neither takes the lock of the file: they only read.

#include <cstdint>
#include <string>
#include <vector>

#include "storage/ids.h"

namespace heddle::storage {

struct Backup {
  std::uint64_t bytes = 0;
  int schema_version = 0;
  std::int64_t threads = 0;
};

// Copies the database as it is at one moment into a new file: what was acknowledged before the call is in it, what has
// been erased is not, and it is smaller than the original. A server goes on reading and writing meanwhile; its
// write-ahead log grows by what it writes. The copy is made under another name, checked, made durable and then renamed:
// under `target` there is a good copy or nothing. Throws StorageError, also if there is a file named `target`.
Backup back_up(const std::string& database, const std::string& target);

// Rows that belong to nothing, or are not where they should be.
struct Orphans {
  std::string what;
  std::int64_t count = 0;
};

struct TableSize {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;  // of its pages and those of its indexes
};

struct ThreadSize {
  ThreadId id;
  std::int64_t bytes = 0;  // of states, events and pending writes
};

// What was found. What is wrong stands in `damage` and `orphans`.
struct Examination {
  int schema_version = 0;
  int newest_schema_version = 0;    // that this program knows
  std::vector<std::string> damage;  // as SQLite tells it; empty: none
  std::vector<Orphans> orphans;     // only what there is
  std::int64_t threads = 0;
  std::int64_t runs = 0;
  std::int64_t pending = 0;  // of the runs
  std::int64_t running = 0;
  std::int64_t sealed = 0;    // runs with sealed secrets
  std::int64_t webhooks = 0;  // calls that are owed
  std::uint64_t file_bytes = 0;
  std::uint64_t log_bytes = 0;      // of the write-ahead log
  std::uint64_t free_bytes = 0;     // of the file, to be used again
  std::vector<TableSize> tables;    // largest first
  std::vector<ThreadSize> largest;  // threads, largest first
  // False also for another schema, of which little is looked at.
  bool is_well() const { return schema_version == newest_schema_version && damage.empty() && orphans.empty(); }
};

// Reads all of the file as it is at one moment, which takes seconds for each GB, while the write-ahead log of a server
// grows by what it writes. `largest`: how many threads are named. Where there is damage or another schema only schema,
// damage and sizes are told. Throws StorageError: no such file, no database of heddle.
Examination examine(const std::string& database, std::int64_t largest);

}  // namespace heddle::storage
