#pragma once
// The items of one owner: what clients of the store's API and nodes of the owner's runs have in common.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/clock.h"
#include "runtime/store.h"
#include "runtime/store_rules.h"
#include "storage/storage.h"

namespace heddle::runtime {

struct FoundItem {
  storage::Item item;
  std::optional<double> score;  // in a search by meaning
};

// More vectors lie below the prefix of a search than one search compares.
class SearchTooWide : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A value: made for one call or for many. Any thread may call. `storage`, `clock` and `rules` outlive it.
class OwnedItems {
 public:
  OwnedItems(storage::Storage& storage, storage::Owner owner, const Clock& clock, const StoreRules& rules);

  // `on_read`: none as the rules say.
  boost::asio::awaitable<std::optional<storage::Item>> find(storage::ItemNamespace name_space, std::string key,
                                                            std::optional<OnRead> on_read) const;
  // Throws EmbeddingError if the item cannot be indexed; then nothing was put, so that an item that is there is found.
  boost::asio::awaitable<void> put(storage::ItemNamespace name_space, std::string key, boost::json::object value,
                                   ItemOptions options) const;
  // Does nothing if there is no such item.
  boost::asio::awaitable<void> erase(storage::ItemNamespace name_space, std::string key) const;
  // Throws EmbeddingError and SearchTooWide.
  boost::asio::awaitable<std::vector<FoundItem>> search(StoreSearch wanted) const;

 private:
  bool refreshes(std::optional<OnRead> on_read) const;
  boost::asio::awaitable<std::vector<FoundItem>> nearest(storage::ItemQuery query, std::string text) const;
  boost::asio::awaitable<void> refresh(std::vector<storage::Item> read, storage::Timestamp now) const;

  storage::Storage& storage_;
  storage::Owner owner_;
  const Clock& clock_;
  const StoreRules& rules_;
};

}  // namespace heddle::runtime
