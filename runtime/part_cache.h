#pragma once
// Large parts of states that were shown a moment ago, as they are stored, so that a state which is looked at again and
// again is read from the database once.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "runtime/checkpoint_codec.h"
#include "runtime/recently_used.h"

namespace heddle::runtime {

// Bytes of text from which on a part is kept: reading it takes some pages of the database beyond that of its row.
inline constexpr std::size_t kKeptPartBytesMin = std::size_t{16} << 10;

// Nothing here is ever wrong, only unused: which parts a state has is always read from the storage, and what is stored
// under an id never changes. Used by the threads that read, hence the mutex; nothing is done under it but looking up
// and moving pointers.
class PartCache {
 public:
  // `bytes_max`: of the texts, all together.
  explicit PartCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Changes with every call of forget() and clear(). To be asked for before the storage is read: see keep().
  std::uint64_t generation() const { return generation_; }

  std::optional<StoredPart> find(ThreadId thread_id, ValueId id);
  // The parts that were used longest ago go, until all fit; one that is too small, or too large by itself, is not kept.
  // Neither is one that was read in an older `generation`: its thread may be one that was forgotten since.
  void keep(ThreadId thread_id, ValueId id, const StoredPart& part, std::uint64_t generation);
  // The thread is gone, or a part of what it held. Called when that is committed.
  void forget(ThreadId thread_id);
  // As if all threads were gone.
  void clear();
  std::size_t bytes() const;

 private:
  using Parts = RecentlyUsed<std::pair<ThreadId, ValueId>, StoredPart>;

  const std::size_t bytes_max_;
  std::atomic<std::uint64_t> generation_{0};  // is changed under the mutex
  mutable std::mutex mutex_;
  Parts parts_;
};

}  // namespace heddle::runtime
