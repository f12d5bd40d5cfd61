#pragma once
// The store: JSON values under a namespace and a key (http-api.md 13).

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/services/service_parts.h"
#include "runtime/owned_items.h"
#include "storage/items.h"

namespace heddle::api {

struct NewItem {
  storage::ItemNamespace name_space;
  std::string key;
  boost::json::object value;
  runtime::ItemOptions options;
};

// Belongs to the I/O thread. Namespaces are checked: throws ApiError 400 `Namespace is required` and 422 for a label
// that is empty or has a period. With an index, put() and search() throw 422 for texts of which no vectors can be made
// and 503 while they cannot be made; then nothing was put.
class StoreService {
 public:
  explicit StoreService(ServiceParts parts) : parts_(parts) {}

  // Throws ApiError (validation) for the first label `langgraph`, which belongs to the library.
  boost::asio::awaitable<void> put(storage::Owner owner, NewItem wanted);
  // `on_read`: none as the settings say.
  boost::asio::awaitable<std::optional<storage::Item>> find(
      storage::Owner owner, storage::ItemNamespace name_space, std::string key,
      std::optional<runtime::OnRead> on_read = std::nullopt) const;
  // Does nothing if there is no such item.
  boost::asio::awaitable<void> erase(storage::Owner owner, storage::ItemNamespace name_space, std::string key);

  // An empty prefix or suffix is no condition.
  // Throws ApiError 400 if it would have to compare too many vectors.
  boost::asio::awaitable<std::vector<runtime::FoundItem>> search(storage::Owner owner,
                                                                 runtime::StoreSearch wanted) const;
  // `now` of the query is filled in here.
  boost::asio::awaitable<std::vector<storage::ItemNamespace>> namespaces(storage::NamespaceQuery query) const;

  // Of all owners, at most `limit`. Returns how many.
  boost::asio::awaitable<std::int64_t> erase_expired(std::int64_t limit);

 private:
  runtime::OwnedItems items_of(storage::Owner owner) const;

  ServiceParts parts_;
};

}  // namespace heddle::api
