#pragma once
// What became of the runs of this process, for those who watch the server.

#include <array>
#include <chrono>
#include <cstdint>
#include <map>

#include "storage/runs.h"

namespace heddle::api {

// A value; belongs to the I/O thread.
struct RunCounters {
  // Upper bounds in seconds: from an answer of one node to a long piece of work. Longer ones count in the sum only.
  static constexpr std::array<double, 8> kBounds = {0.1, 0.5, 1, 5, 10, 30, 60, 300};

  std::map<storage::RunStatus, std::uint64_t> ended;
  std::array<std::uint64_t, kBounds.size()> within = {};  // per bound: runs that took no longer
  std::uint64_t timed = 0;                                // runs that began and ended
  double seconds = 0;                                     // of them together, from their start to their end

  void add(const storage::Run& run) {
    ++ended[run.status];
    if (!run.started_at || run.attempt == 0) return;
    const double took = std::chrono::duration<double>(run.updated_at - *run.started_at).count();
    ++timed;
    seconds += took;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      if (took <= kBounds[i]) ++within[i];
    }
  }
};

}  // namespace heddle::api
