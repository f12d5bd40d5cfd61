#include "runtime/state_cache.h"

#include <utility>

namespace heddle::runtime {
namespace {

// What an entry takes besides its values: rows of versions, nodes of containers.
constexpr std::size_t kEntryBytes = 2048;
// Decoded messages were seen to take 2.2 to 3.0 times their text: members are 40 bytes each, most texts are allocated.
constexpr std::size_t kBytesPerTextByte = 3;
// A pointer in the list, and what it points to with its count: most of what short items take.
constexpr std::size_t kItemBytes = 64;

std::size_t bytes_of(const StateCache::State& state) {
  std::size_t bytes = kEntryBytes + state.checkpoint->values.size() * kInlineBytesMax;
  for (const auto& [channel, stored] : state.values) {
    for (const StoredValue::Part& part : stored->parts) bytes += part.bytes * kBytesPerTextByte;
    bytes += stored->parts.back().end * kItemBytes;
  }
  return bytes;
}

}  // namespace

std::shared_ptr<const StateCache::State> StateCache::find(ThreadId thread_id) {
  States::Gone gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  const std::shared_ptr<const State>* found = states_.find(thread_id);
  if (!found) return nullptr;
  const std::shared_ptr<const State> state = *found;
  if (!state->is_lost || !*state->is_lost) return state;
  states_.take_out(thread_id, thread_id, gone);
  return nullptr;
}

void StateCache::keep(ThreadId thread_id, State state) {
  const std::size_t bytes = bytes_of(state);
  const auto kept = bytes <= bytes_max_ ? std::make_shared<const State>(std::move(state)) : nullptr;
  States::Gone gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  states_.take_out(thread_id, thread_id, gone);
  if (!kept) return;
  states_.shrink(bytes_max_ - bytes, gone);
  states_.add(thread_id, kept, bytes);
}

void StateCache::forget(ThreadId thread_id) {
  States::Gone gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  states_.take_out(thread_id, thread_id, gone);
}

void StateCache::clear() {
  States::Gone gone;
  const std::lock_guard<std::mutex> guard(mutex_);
  states_.shrink(0, gone);
}

std::size_t StateCache::bytes() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return states_.bytes();
}

}  // namespace heddle::runtime
