#include "runtime/message_index.h"

#include "runtime/message.h"

namespace heddle::runtime {

std::size_t MessageIndex::known(const ItemList& list) const {
  return items_.common_prefix(list);
}

void MessageIndex::fit(const ItemList& list) {
  shorten(known(list));
  const std::size_t first = items_.size();
  items_ = list;
  for (std::size_t place = first; place < list.size(); ++place) {
    places_.insert_or_assign(message_id(*items_[place]), place);
  }
}

void MessageIndex::shorten(std::size_t size) {
  if (size == items_.size()) return;
  if (places_.size() != items_.size()) {
    // An id stands at several places, of which only the last is known.
    places_.clear();
    items_ = {};
    return;
  }
  for (std::size_t place = size; place < items_.size(); ++place) places_.erase(message_id(*items_[place]));
  items_.shorten(size);
}

std::optional<std::size_t> MessageIndex::find(std::string_view id) const {
  const auto found = places_.find(id);
  if (found == places_.end()) return std::nullopt;
  return found->second;
}

}  // namespace heddle::runtime
