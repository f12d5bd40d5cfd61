#include "runtime/state_cache.h"

#include <utility>

namespace heddle::runtime {
namespace {

// What an entry takes besides its values: rows of versions, nodes of containers.
constexpr std::size_t kEntryBytes = 2048;
// Decoded messages were seen to take 2.2 to 3.0 times their text: members are 40 bytes each, most texts are allocated.
constexpr std::size_t kBytesPerTextByte = 3;

std::size_t bytes_of(const StateCache::State& state) {
  std::size_t bytes = kEntryBytes + state.checkpoint->values.size() * kInlineBytesMax;
  for (const auto& [channel, stored] : state.values) {
    for (const StoredValue::Part& part : stored->parts) bytes += part.bytes * kBytesPerTextByte;
  }
  return bytes;
}

}  // namespace

std::shared_ptr<const StateCache::State> StateCache::find(ThreadId thread_id) {
  Order gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto found = by_thread_.find(thread_id);
  if (found == by_thread_.end()) return nullptr;
  if (found->second->state->is_lost && *found->second->state->is_lost) {
    take_out(found, gone);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, found->second);
  return found->second->state;
}

void StateCache::keep(ThreadId thread_id, State state) {
  const std::size_t bytes = bytes_of(state);
  Order gone;
  Order added;
  if (bytes <= bytes_max_) added.push_back({thread_id, std::make_shared<const State>(std::move(state)), bytes});
  const std::lock_guard<std::mutex> guard(mutex_);
  if (const auto found = by_thread_.find(thread_id); found != by_thread_.end()) {
    take_out(found, gone);
  }
  if (added.empty()) return;
  shrink(bytes_max_ - bytes, gone);
  order_.splice(order_.begin(), added);
  by_thread_.emplace(thread_id, order_.begin());
  bytes_ += bytes;
}

void StateCache::forget(ThreadId thread_id) {
  Order gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto found = by_thread_.find(thread_id);
  if (found != by_thread_.end()) take_out(found, gone);
}

void StateCache::take_out(ByThread::iterator at, Order& gone) {
  bytes_ -= at->second->bytes;
  gone.splice(gone.end(), order_, at->second);
  by_thread_.erase(at);
}

void StateCache::shrink_to(std::size_t bytes) {
  Order gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  shrink(bytes, gone);
}

std::size_t StateCache::bytes() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return bytes_;
}

void StateCache::shrink(std::size_t bytes, Order& gone) {
  while (bytes_ > bytes) {
    const Kept& oldest = order_.back();
    bytes_ -= oldest.bytes;
    by_thread_.erase(oldest.thread_id);
    gone.splice(gone.end(), order_, std::prev(order_.end()));
  }
}

}  // namespace heddle::runtime
