#include "runtime/part_cache.h"

#include <limits>

namespace heddle::runtime {

std::optional<StoredPart> PartCache::find(ThreadId thread_id, ValueId id) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const StoredPart* found = parts_.find({thread_id, id});
  return found ? std::optional(*found) : std::nullopt;
}

void PartCache::keep(ThreadId thread_id, ValueId id, const StoredPart& part, std::uint64_t generation) {
  const std::size_t bytes = part.text->size();
  if (bytes < kKeptPartBytesMin || bytes > bytes_max_) return;
  Parts::Gone gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  // Two who show the same state may both have read it.
  if (generation != generation_ || parts_.find({thread_id, id})) return;
  parts_.shrink(bytes_max_ - bytes, gone);
  parts_.add({thread_id, id}, part, bytes);
}

void PartCache::forget(ThreadId thread_id) {
  using Limits = std::numeric_limits<ValueId>;
  Parts::Gone gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  ++generation_;
  parts_.take_out({thread_id, Limits::min()}, {thread_id, Limits::max()}, gone);
}

void PartCache::clear() {
  Parts::Gone gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  ++generation_;
  parts_.shrink(0, gone);
}

std::size_t PartCache::bytes() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return parts_.bytes();
}

}  // namespace heddle::runtime
