#pragma once
// Where each id stands in a long list of messages. It goes along with the list as that grows, so that a message more
// costs what it adds and not a look at all of the conversation.

#include <cstddef>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/value.h"

namespace heddle::runtime {

// Shared by a list and those that were made from it; whichever is used next makes it its own, which costs the messages
// in which the two differ, and a comparison of pointers.
class MessageIndex final : public ListIndex {
 public:
  // Held while the index is fitted and used.
  std::mutex mutex;

  // How many items from the first one on are those of the list that it was fitted to last.
  std::size_t known(const ItemList& list) const;
  // All items have an id. Of several with the same one the last counts.
  void fit(const ItemList& list);
  // In the list that it was fitted to last.
  std::optional<std::size_t> find(std::string_view id) const;

 private:
  void shorten(std::size_t size);

  ItemList items_;  // keeps the texts that the keys view
  std::unordered_map<std::string_view, std::size_t> places_;
};

}  // namespace heddle::runtime
