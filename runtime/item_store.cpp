#include "runtime/item_store.h"

#include <stdexcept>
#include <utility>

#include "runtime/json.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;

StoreItem item_from(storage::Item record) {
  StoreItem item;
  item.name_space = std::move(record.name_space);
  item.key = std::move(record.key);
  item.value = parse_json(record.value_json);
  item.created_at = record.created_at;
  item.updated_at = record.updated_at;
  return item;
}

}  // namespace

ItemStore::ItemStore(storage::Storage& storage, storage::Owner owner, const Clock& clock, const StoreRules& rules)
    : items_(storage, std::move(owner), clock, rules) {}

asio::awaitable<std::optional<StoreItem>> ItemStore::get(StoreNamespace name_space, std::string key) {
  std::optional<storage::Item> found = co_await items_.find(std::move(name_space), std::move(key), std::nullopt);
  if (!found) co_return std::nullopt;
  co_return item_from(*std::move(found));
}

asio::awaitable<void> ItemStore::put(StoreNamespace name_space, std::string key, boost::json::value value,
                                     ItemOptions options) {
  if (!value.is_object()) throw std::invalid_argument("store item \"" + key + "\": the value must be an object");
  co_await items_.put(std::move(name_space), std::move(key), std::move(value.get_object()), std::move(options));
}

asio::awaitable<void> ItemStore::erase(StoreNamespace name_space, std::string key) {
  co_await items_.erase(std::move(name_space), std::move(key));
}

asio::awaitable<std::vector<StoreItem>> ItemStore::search(StoreSearch wanted) {
  std::vector<FoundItem> found = co_await items_.search(std::move(wanted));
  std::vector<StoreItem> items;
  items.reserve(found.size());
  for (FoundItem& one : found) {
    items.push_back(item_from(std::move(one.item)));
    items.back().score = one.score;
  }
  co_return items;
}

}  // namespace heddle::runtime
