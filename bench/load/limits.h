#pragma once
// What the machine could do at best: the figures that those of servers are divided by.

#include <filesystem>

#include "bench/load/measurement.h"
#include "bench/load/workload.h"

namespace heddle::load {

// What a run leaves in a database of heddle, over all tables and indexes.
struct StoredRun {
  double cells = 0;  // rows and entries of indexes
  double bytes = 0;  // of these, without the pages around them
};
// Divides what the file holds by `runs`. The server has been stopped. Throws std::runtime_error.
StoredRun stored_per_run(const std::filesystem::path& database, double runs);

// The bare Beast server, to the requests of the stateless workload.
Measured measure_echo(const Effort& effort, const std::filesystem::path& folder);
// SQLite alone, with as many rows of as many bytes as `run` has, in key order, 64 runs to a commit; WAL, FULL and
// NORMAL.
Measured measure_sqlite(const StoredRun& run, const Effort& effort, const std::filesystem::path& folder);

}  // namespace heddle::load
