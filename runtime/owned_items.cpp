#include "runtime/owned_items.h"

#include <utility>

#include "runtime/json.h"
#include "runtime/store_index.h"
#include "runtime/time_to_live.h"

namespace heddle::runtime {

namespace asio = boost::asio;

namespace {

// A search holds one reader of the database; comparing so many vectors of 1536 numbers takes some tenths of a second
// when they are in memory, and seconds when they are not.
constexpr std::int64_t kComparedMax = 250'000;

}  // namespace

OwnedItems::OwnedItems(storage::Storage& storage, storage::Owner owner, const Clock& clock, const StoreRules& rules)
    : storage_(storage), owner_(std::move(owner)), clock_(clock), rules_(rules) {}

asio::awaitable<std::optional<storage::Item>> OwnedItems::find(storage::ItemNamespace name_space, std::string key,
                                                               std::optional<OnRead> on_read) const {
  const storage::Timestamp now = clock_.now();
  auto find_item = [owner = owner_, now, name_space = std::move(name_space),
                    key = std::move(key)](const storage::Snapshot& snapshot) {
    return snapshot.items().find(owner, name_space, key, now);
  };
  std::optional<storage::Item> found = co_await storage_.read(std::move(find_item));
  if (found && refreshes(on_read)) {
    const std::vector<storage::Item> read(1, *found);
    co_await refresh(read, now);
  }
  co_return found;
}

asio::awaitable<void> OwnedItems::put(storage::ItemNamespace name_space, std::string key, boost::json::object value,
                                      ItemOptions options) const {
  storage::Item item;
  item.owner = owner_;
  item.name_space = std::move(name_space);
  item.key = std::move(key);
  item.value_json.clear();
  print_json(value, item.value_json);
  // Before the item is written: what cannot be indexed is not put, so no item is there that a search does not see.
  storage::ItemVectors vectors;
  if (rules_.index) vectors = co_await rules_.index->vectors_of(std::move(value), std::move(options.index));
  item.created_at = item.updated_at = clock_.now();
  const std::optional<double> minutes =
      options.minutes_to_live ? options.minutes_to_live : rules_.default_minutes_to_live;
  if (minutes) {
    item.time_to_live = time_to_live(*minutes);
    item.expires_at = item.updated_at + *item.time_to_live;
  }
  auto put_item = [item = std::move(item), vectors = std::move(vectors)](storage::Transaction& transaction) {
    transaction.items().put(item);
    transaction.items().add_vectors(item, vectors);
  };
  co_await storage_.commit(std::move(put_item));
}

asio::awaitable<void> OwnedItems::erase(storage::ItemNamespace name_space, std::string key) const {
  auto erase_item = [owner = owner_, name_space = std::move(name_space), key = std::move(key)](
                        storage::Transaction& transaction) { transaction.items().erase(owner, name_space, key); };
  co_await storage_.commit(std::move(erase_item));
}

asio::awaitable<std::vector<FoundItem>> OwnedItems::search(StoreSearch wanted) const {
  storage::ItemQuery query;
  query.owner = owner_;
  query.prefix = std::move(wanted.prefix);
  query.conditions = std::move(wanted.conditions);
  query.page = wanted.page;
  query.now = clock_.now();
  const storage::Timestamp now = query.now;
  std::vector<FoundItem> found;
  if (rules_.index && wanted.query && !is_blank(*wanted.query)) {
    found = co_await nearest(std::move(query), *std::move(wanted.query));
  } else {
    auto find = [query = std::move(query)](const storage::Snapshot& snapshot) {
      return snapshot.items().search(query);
    };
    std::vector<storage::Item> items = co_await storage_.read(std::move(find));
    for (storage::Item& item : items) found.push_back({std::move(item), std::nullopt});
  }
  if (refreshes(wanted.on_read)) {
    std::vector<storage::Item> read;
    for (const FoundItem& one : found) read.push_back(one.item);
    co_await refresh(std::move(read), now);
  }
  co_return found;
}

asio::awaitable<std::vector<FoundItem>> OwnedItems::nearest(storage::ItemQuery query, std::string text) const {
  storage::NearestQuery wanted;
  wanted.items = std::move(query);
  wanted.model = rules_.index->model();
  wanted.compared_max = kComparedMax;
  wanted.vector = co_await rules_.index->vector_of(std::move(text));
  auto find = [wanted = std::move(wanted)](const storage::Snapshot& snapshot) {
    return snapshot.items().nearest(wanted);
  };
  std::optional<std::vector<storage::ScoredItem>> nearest = co_await storage_.read(std::move(find));
  if (!nearest) {
    throw SearchTooWide("The search exceeds the limit of " + std::to_string(kComparedMax) +
                        " vectors. Narrow the namespace.");
  }
  std::vector<FoundItem> found;
  for (storage::ScoredItem& one : *nearest) found.push_back({std::move(one.item), one.score});
  co_return found;
}

bool OwnedItems::refreshes(std::optional<OnRead> on_read) const {
  return on_read ? *on_read == OnRead::refresh : rules_.refreshes_on_read;
}

// Of those that live for ever nothing is written. All or none, in one transaction.
asio::awaitable<void> OwnedItems::refresh(std::vector<storage::Item> read, storage::Timestamp now) const {
  const auto is_as_it_would_be = [now](const storage::Item& item) {
    return !item.time_to_live || item.expires_at == now + *item.time_to_live;
  };
  std::erase_if(read, is_as_it_would_be);
  if (read.empty()) co_return;
  auto refresh_items = [read = std::move(read), now](storage::Transaction& transaction) {
    for (const storage::Item& item : read) transaction.items().refresh(item.owner, item.name_space, item.key, now);
  };
  co_await storage_.commit(std::move(refresh_items));
}

}  // namespace heddle::runtime
