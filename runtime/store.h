#pragma once
// The store as nodes use it: JSON values under a namespace and a key, across threads.

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/store_path.h"
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
  std::optional<double> score = std::nullopt;  // in a search by meaning: 1 is the same, 0 has nothing in common
};

// Which texts of an item a search by meaning looks at. Without an index it makes no difference.
struct IndexedAsConfigured {};
struct NotIndexed {};
using IndexChoice = std::variant<IndexedAsConfigured, NotIndexed, std::vector<StorePath>>;

struct ItemOptions {
  std::optional<double> minutes_to_live = std::nullopt;  // none: as the server is set
  IndexChoice index = IndexedAsConfigured{};
};

// Whether reading an item lets its time to live begin again.
enum class OnRead { refresh, leave };

struct StoreSearch {
  StoreNamespace prefix;
  // Looks for what means the same, best first; without an index, or blank, it is passed over.
  std::optional<std::string> query = std::nullopt;
  std::vector<storage::ItemCondition> conditions = {};  // all must hold
  storage::Page page = {};
  std::optional<OnRead> on_read = std::nullopt;  // none: as the server is set
};

// Any number of tasks may call at the same time. A put is seen by every get that starts after it returned.
// With an index, put() and search() may throw EmbeddingError (embedder.h); then nothing was put.
class Store {
 public:
  virtual ~Store() = default;
  virtual boost::asio::awaitable<std::optional<StoreItem>> get(StoreNamespace name_space, std::string key) = 0;
  virtual boost::asio::awaitable<void> put(StoreNamespace name_space, std::string key, boost::json::value value,
                                           ItemOptions options) = 0;
  virtual boost::asio::awaitable<void> erase(StoreNamespace name_space, std::string key) = 0;
  // Last updated first, or best first by meaning.
  virtual boost::asio::awaitable<std::vector<StoreItem>> search(StoreSearch wanted) = 0;
};

}  // namespace heddle::runtime
