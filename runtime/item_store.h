#pragma once
// The store of the server as the nodes of one owner's runs see it.

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "runtime/clock.h"
#include "runtime/owned_items.h"
#include "runtime/store.h"
#include "storage/ids.h"
#include "storage/storage.h"

namespace heddle::runtime {

// Any thread may call. `storage`, `clock` and `rules` must outlive it.
class ItemStore final : public Store {
 public:
  ItemStore(storage::Storage& storage, storage::Owner owner, const Clock& clock, const StoreRules& rules);
  ItemStore(const ItemStore&) = delete;
  ItemStore& operator=(const ItemStore&) = delete;

  boost::asio::awaitable<std::optional<StoreItem>> get(StoreNamespace name_space, std::string key) override;
  // Throws std::invalid_argument when `value` is no object.
  boost::asio::awaitable<void> put(StoreNamespace name_space, std::string key, boost::json::value value,
                                   ItemOptions options) override;
  boost::asio::awaitable<void> erase(StoreNamespace name_space, std::string key) override;
  boost::asio::awaitable<std::vector<StoreItem>> search(StoreSearch wanted) override;

 private:
  const OwnedItems items_;
};

}  // namespace heddle::runtime
