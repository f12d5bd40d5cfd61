#pragma once
// The newest states of threads that were used a moment ago, decoded, so that the next run on a thread costs what it
// adds and not what the thread holds.

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>

#include "runtime/checkpoint_codec.h"
#include "runtime/checkpoint_saver.h"
#include "runtime/recently_used.h"
#include "storage/checkpoints.h"

namespace heddle::runtime {

// Where the graph of a thread stands, as a transaction has seen it. None: there is no checkpoint of it.
struct SeenHead {
  std::optional<storage::CheckpointHead> head;
};

// Nothing here is ever wrong, only unused: what a thread's newest checkpoint is, is always read from the storage, by
// the run or by the transaction that made the run, and a checkpoint's values never change under its id. Its parent may,
// so that is taken from the storage, too. Used by all engine threads, hence the mutex; nothing is done under it but
// looking up and moving pointers.
class StateCache {
 public:
  struct State {
    std::shared_ptr<const Checkpoint> checkpoint;  // of the graph itself, not of those inside it
    StoredValues values;                           // what it keeps outside of its row
    // Becomes true if something of it could not be stored, before anything that was handed to the storage behind it is
    // done. Null pointer: all of it is durable.
    std::shared_ptr<const std::atomic<bool>> is_lost{};
    bool has_pending = false;  // tasks have left writes on it, which are in the storage only
  };

  // `bytes_max`: about what the states may take in memory, all together.
  explicit StateCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Null pointer: not here, or lost, since ids of values that were lost may be given again. Called when what was left
  // is stored or lost: by a run that begins behind the end of the last one.
  std::shared_ptr<const State> find(ThreadId thread_id);
  // Replaces the thread's state. The states that were used longest ago go, until all fit; one that is too large by
  // itself is not kept.
  void keep(ThreadId thread_id, State state);
  // The thread is gone.
  void forget(ThreadId thread_id);
  void clear();
  std::size_t bytes() const;

 private:
  using States = RecentlyUsed<ThreadId, std::shared_ptr<const State>>;

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  States states_;
};

}  // namespace heddle::runtime
