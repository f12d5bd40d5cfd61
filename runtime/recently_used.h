#pragma once
// What a cache of limited size is made of: entries by key, those that were used longest ago first to go.

#include <cstddef>
#include <list>
#include <map>
#include <utility>

namespace heddle::runtime {

// A value; one thread at a time. What leaves is moved to a `Gone` of the caller, who destroys it when the mutex is
// free again: an entry may have megabytes to overwrite.
template <class Key, class Entry>
class RecentlyUsed {
 public:
  struct Kept {
    Key key;
    Entry entry;
    std::size_t bytes = 0;
  };
  using Gone = std::list<Kept>;

  // The entry, which has been used by that; null pointer if there is none. Valid until it leaves.
  Entry* find(const Key& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return &found->second->entry;
  }
  // The caller knows that there is none of this key, and has made room for `bytes`.
  void add(Key key, Entry entry, std::size_t bytes) {
    Order added;
    added.push_front({key, std::move(entry), bytes});
    by_key_.emplace(std::move(key), added.begin());
    order_.splice(order_.begin(), added);
    bytes_ += bytes;
  }
  // Those from `first` up to and with `last`.
  void take_out(const Key& first, const Key& last, Gone& gone) {
    const auto end = by_key_.upper_bound(last);
    for (auto at = by_key_.lower_bound(first); at != end; at = by_key_.erase(at)) {
      bytes_ -= at->second->bytes;
      gone.splice(gone.end(), order_, at->second);
    }
  }
  // Until those that are left have at most so many bytes.
  void shrink(std::size_t bytes, Gone& gone) {
    while (bytes_ > bytes) {
      const Key oldest = order_.back().key;
      take_out(oldest, oldest, gone);
    }
  }
  std::size_t bytes() const { return bytes_; }

 private:
  using Order = std::list<Kept>;  // used last first

  Order order_;
  std::map<Key, typename Order::iterator> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace heddle::runtime
