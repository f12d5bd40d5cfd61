#pragma once
// The time that threads have to live (http-api.md 6.1, 13.6).

#include <chrono>
#include <cstdint>
#include <optional>

#include "api/services/prune_strategy.h"
#include "storage/threads.h"

namespace heddle::api {

struct ThreadTtl {
  double minutes;  // from the last change of the thread
  PruneStrategy strategy = PruneStrategy::delete_thread;
};

struct ThreadTtlSettings {
  std::optional<double> default_minutes;                  // of new threads that say nothing; none: they live for ever
  PruneStrategy strategy = PruneStrategy::delete_thread;  // of these
  std::chrono::minutes sweep_interval{5};
  std::int64_t sweep_limit = 1'000;  // threads of one sweep
};

// As if the thread had changed at `now`.
void set_ttl(const ThreadTtl& ttl, storage::Timestamp now, storage::Thread& thread);
// For a new thread. Does nothing if there is no default.
void set_default_ttl(const ThreadTtlSettings& settings, storage::Timestamp now, storage::Thread& thread);
// What set_ttl() was given; deleting if the thread has none.
PruneStrategy strategy_of(const storage::Thread& thread);

}  // namespace heddle::api
