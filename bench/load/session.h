#pragma once
// A session: servers are started and stopped, workloads are run on them one after another.

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "bench/load/measurement.h"
#include "bench/load/workload.h"

namespace heddle::load {

struct Plan {
  Effort effort;
  std::set<std::string> only;    // names of workloads, and "engine", "limits", "start", "normal", "big"; empty: all
  std::filesystem::path folder;  // for databases and logs; is there, and emptied of what is made
  std::size_t big_database_mb = 1'000;

  bool wants(const std::string& name) const { return only.empty() || only.contains(name); }
};

// Each workload has a server of its own with an empty database. `server`: the program heddle-fixtures.
Measured measure_heddle(const std::filesystem::path& server, const Plan& plan);
// `folder` holds the peer's graphs and packages (bench/install_peer.sh); node runs its serve.mjs.
Measured measure_peer(const std::filesystem::path& folder, const Plan& plan);
// A server that runs already.
Measured measure_running(const Subject& subject, const Plan& plan);

}  // namespace heddle::load
