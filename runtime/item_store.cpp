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

ItemStore::ItemStore(storage::Storage& storage, storage::Owner owner, const Clock& clock)
    : storage_(storage), owner_(std::move(owner)), clock_(clock) {}

asio::awaitable<std::optional<StoreItem>> ItemStore::get(StoreNamespace name_space, std::string key) {
  auto find = [owner = owner_, now = clock_.now(), name_space = std::move(name_space), key = std::move(key)](
                  const storage::Snapshot& snapshot) { return snapshot.items().find(owner, name_space, key, now); };
  std::optional<storage::Item> found = co_await storage_.read(std::move(find));
  if (!found) co_return std::nullopt;
  co_return item_from(*std::move(found));
}

asio::awaitable<void> ItemStore::put(StoreNamespace name_space, std::string key, boost::json::value value) {
  if (!value.is_object()) throw std::invalid_argument("store item \"" + key + "\": the value must be an object");
  storage::Item item;
  item.owner = owner_;
  item.name_space = std::move(name_space);
  item.key = std::move(key);
  item.value_json = to_text(value);
  item.created_at = item.updated_at = clock_.now();
  auto put_item = [item = std::move(item)](storage::Transaction& transaction) { transaction.items().put(item); };
  co_await storage_.commit(std::move(put_item));
}

asio::awaitable<void> ItemStore::erase(StoreNamespace name_space, std::string key) {
  auto erase_item = [owner = owner_, name_space = std::move(name_space), key = std::move(key)](
                        storage::Transaction& transaction) { transaction.items().erase(owner, name_space, key); };
  co_await storage_.commit(std::move(erase_item));
}

asio::awaitable<std::vector<StoreItem>> ItemStore::search(StoreNamespace prefix, std::int64_t limit,
                                                          std::int64_t offset) {
  storage::ItemQuery query;
  query.owner = owner_;
  query.prefix = std::move(prefix);
  query.page = {limit, offset};
  query.now = clock_.now();
  auto find = [query = std::move(query)](const storage::Snapshot& snapshot) { return snapshot.items().search(query); };
  std::vector<storage::Item> found = co_await storage_.read(std::move(find));
  std::vector<StoreItem> items;
  items.reserve(found.size());
  for (storage::Item& record : found) items.push_back(item_from(std::move(record)));
  co_return items;
}

}  // namespace heddle::runtime
