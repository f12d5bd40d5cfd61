#include "runtime/part_cache.h"

#include <iterator>
#include <limits>

namespace heddle::runtime {

std::optional<StoredPart> PartCache::find(ThreadId thread_id, ValueId id) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto found = by_key_.find({thread_id, id});
  if (found == by_key_.end()) return std::nullopt;
  order_.splice(order_.begin(), order_, found->second);
  return found->second->part;
}

void PartCache::keep(ThreadId thread_id, ValueId id, const StoredPart& part, std::uint64_t generation) {
  const std::size_t bytes = part.text->size();
  if (bytes < kKeptPartBytesMin || bytes > bytes_max_) return;
  const Key key{thread_id, id};
  Order gone;
  Order added{{key, part}};
  const std::lock_guard<std::mutex> guard(mutex_);
  // Two who show the same state may both have read it.
  if (generation != generation_ || by_key_.contains(key)) return;
  shrink(bytes_max_ - bytes, gone);
  order_.splice(order_.begin(), added);
  by_key_.emplace(key, order_.begin());
  bytes_ += bytes;
}

void PartCache::forget(ThreadId thread_id) {
  Order gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  ++generation_;
  auto at = by_key_.lower_bound({thread_id, std::numeric_limits<ValueId>::min()});
  while (at != by_key_.end() && at->first.first == thread_id) at = take_out(at, gone);
}

void PartCache::clear() {
  Order gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  ++generation_;
  shrink(0, gone);
}

std::size_t PartCache::bytes() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return bytes_;
}

PartCache::ByKey::iterator PartCache::take_out(ByKey::iterator at, Order& gone) {
  bytes_ -= at->second->part.text->size();
  gone.splice(gone.end(), order_, at->second);
  return by_key_.erase(at);
}

void PartCache::shrink(std::size_t bytes, Order& gone) {
  while (bytes_ > bytes) take_out(by_key_.find(order_.back().key), gone);
}

}  // namespace heddle::runtime
