#include "runtime/node_cache.h"

#include "runtime/uuid.h"

namespace heddle::runtime {

std::string NodeCache::key_of(std::string_view node, std::string_view input) {
  return std::string(node) + "|" + hash128(input);
}

std::optional<std::vector<ChannelWrite>> NodeCache::find(const std::string& key, Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  const std::optional<Timestamp>& ends = found->second->second.ends;
  if (ends && *ends <= now) {
    erase(key);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->second.writes;
}

void NodeCache::keep(std::string key, std::vector<ChannelWrite> writes, Timestamp now,
                     std::optional<std::chrono::milliseconds> ttl) {
  const std::lock_guard lock(mutex_);
  erase(key);
  Entry entry{std::move(writes), std::nullopt};
  if (ttl) entry.ends = now + *ttl;
  entries_.emplace_front(key, std::move(entry));
  by_key_.emplace(std::move(key), entries_.begin());
  if (entries_.size() <= entries_max_) return;
  by_key_.erase(entries_.back().first);
  entries_.pop_back();
}

void NodeCache::erase(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  entries_.erase(found->second);
  by_key_.erase(found);
}

}  // namespace heddle::runtime
