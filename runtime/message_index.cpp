#include "runtime/message_index.h"

#include <algorithm>

#include "runtime/message.h"

namespace heddle::runtime {

std::size_t MessageIndex::known(const std::vector<Value::Item>& list) const {
  const auto [end, other] = std::mismatch(items_.begin(), items_.end(), list.begin(), list.end());
  return static_cast<std::size_t>(end - items_.begin());
}

void MessageIndex::fit(const std::vector<Value::Item>& list) {
  shorten(known(list));
  for (std::size_t place = items_.size(); place < list.size(); ++place) {
    items_.push_back(list[place]);
    places_.insert_or_assign(message_id(*items_.back()), place);
  }
}

void MessageIndex::shorten(std::size_t size) {
  if (size == items_.size()) return;
  if (places_.size() != items_.size()) {
    // An id stands at several places, of which only the last is known.
    places_.clear();
    items_.clear();
    return;
  }
  for (std::size_t place = size; place < items_.size(); ++place) places_.erase(message_id(*items_[place]));
  items_.resize(size);
}

std::optional<std::size_t> MessageIndex::find(std::string_view id) const {
  const auto found = places_.find(id);
  if (found == places_.end()) return std::nullopt;
  return found->second;
}

}  // namespace heddle::runtime
