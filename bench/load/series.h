#pragma once
// A series of measurements: servers are started and stopped, workloads are run on them one after another.

#include <filesystem>
#include <set>
#include <string>

#include "bench/load/effort.h"
#include "bench/load/measurement.h"
#include "bench/load/workload.h"

namespace heddle::load {

struct Plan {
  Effort effort;
  // Names of workloads, and "engine", "limits", "start", "models", "normal", "big". Empty: all.
  std::set<std::string> only;
  std::filesystem::path folder;  // for databases and logs; is there, and emptied of what is made

  bool wants(const std::string& name) const { return only.empty() || only.contains(name); }
};

// Each workload has a server of its own with an empty database. `server`: the program heddle-fixtures, with heddle
// beside it.
Measured measure_heddle(const std::filesystem::path& server, const Plan& plan);
// `folder` holds the peer's graphs and packages (bench/peer/install.sh); node runs its serve.mjs.
Measured measure_peer(const std::filesystem::path& folder, const Plan& plan);
// A server that runs already.
Measured measure_running(const Subject& subject, const Plan& plan);

}  // namespace heddle::load
