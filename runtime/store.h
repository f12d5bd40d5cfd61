#pragma once
// The store as nodes use it: JSON values under a namespace and a key, across threads.

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/items.h"
#include "storage/timestamp.h"

namespace heddle::runtime {

using StoreNamespace = storage::ItemNamespace;

struct StoreItem {
  StoreNamespace name_space;
  std::string key;
  boost::json::value value;  // always an object
  storage::Timestamp created_at;
  storage::Timestamp updated_at;
};

// Any number of tasks may call at the same time. A put is seen by every get that starts after it returned.
class Store {
 public:
  virtual ~Store() = default;
  virtual boost::asio::awaitable<std::optional<StoreItem>> get(StoreNamespace name_space, std::string key) = 0;
  virtual boost::asio::awaitable<void> put(StoreNamespace name_space, std::string key, boost::json::value value) = 0;
  virtual boost::asio::awaitable<void> erase(StoreNamespace name_space, std::string key) = 0;
  // Below the prefix, last updated first.
  virtual boost::asio::awaitable<std::vector<StoreItem>> search(StoreNamespace prefix, std::int64_t limit,
                                                                std::int64_t offset) = 0;
};

}  // namespace heddle::runtime
