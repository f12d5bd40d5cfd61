#pragma once
// The store: JSON values under a namespace and a key (http-api.md 13).

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/services/service_parts.h"
#include "storage/items.h"

namespace heddle::api {

struct NewItem {
  storage::ItemNamespace name_space;
  std::string key;
  std::string value_json;  // an object
  std::optional<double> minutes_to_live;
};

// Belongs to the I/O thread. Namespaces are checked: throws ApiError 400 `Namespace is required` and 422 for a label
// that is empty or has a period.
class StoreService {
 public:
  explicit StoreService(ServiceParts parts) : parts_(parts) {}

  // Throws ApiError (validation) for the first label `langgraph`, which belongs to the library.
  boost::asio::awaitable<void> put(storage::Owner owner, NewItem wanted);
  boost::asio::awaitable<std::optional<storage::Item>> find(storage::Owner owner, storage::ItemNamespace name_space,
                                                            std::string key) const;
  // Does nothing if there is no such item.
  boost::asio::awaitable<void> erase(storage::Owner owner, storage::ItemNamespace name_space, std::string key);

  // `now` of the queries is filled in here. An empty prefix or suffix is no condition.
  boost::asio::awaitable<std::vector<storage::Item>> search(storage::ItemQuery query) const;
  boost::asio::awaitable<std::vector<storage::ItemNamespace>> namespaces(storage::NamespaceQuery query) const;

 private:
  ServiceParts parts_;
};

}  // namespace heddle::api
