#include "api/services/store_service.h"

#include <algorithm>
#include <utility>

#include "api/services/api_error.h"
#include "api/services/time_to_live.h"

namespace heddle::api {

namespace asio = boost::asio;

namespace {

std::string joined_by_periods(const storage::ItemNamespace& labels) {
  std::string text;
  for (const std::string& label : labels) {
    if (&label != &labels.front()) text += '.';
    text += label;
  }
  return text;
}

void check_labels(const storage::ItemNamespace& labels) {
  const auto is_bad = [](const std::string& label) { return label.empty() || label.find('.') != std::string::npos; };
  if (std::ranges::any_of(labels, is_bad)) {
    throw ApiError::unprocessable("Namespace labels cannot be empty or contain periods. Received: " +
                                  joined_by_periods(labels));
  }
  // The storage ends each label with this character.
  const auto ends_early = [](const std::string& label) { return label.find('\x1f') != std::string::npos; };
  if (std::ranges::any_of(labels, ends_early)) {
    throw ApiError::unprocessable("Namespace labels cannot contain the character U+001F");
  }
}

void check_namespace(const storage::ItemNamespace& labels) {
  if (labels.empty()) throw ApiError::bad_request("Namespace is required");
  check_labels(labels);
}

}  // namespace

asio::awaitable<void> StoreService::put(storage::Owner owner, NewItem wanted) {
  check_namespace(wanted.name_space);
  if (wanted.name_space.front() == "langgraph") {
    throw ApiError::invalid({"namespace", "0"}, "must not be \"langgraph\"");
  }
  storage::Item item;
  item.owner = std::move(owner);
  item.name_space = std::move(wanted.name_space);
  item.key = std::move(wanted.key);
  item.value_json = std::move(wanted.value_json);
  item.created_at = item.updated_at = parts_.clock.now();
  if (wanted.minutes_to_live) item.expires_at = after_minutes(item.updated_at, *wanted.minutes_to_live);

  auto put_item = [item = std::move(item)](storage::Transaction& tx) { tx.items().put(item); };
  co_await parts_.storage.commit(std::move(put_item));
}

asio::awaitable<std::optional<storage::Item>> StoreService::find(storage::Owner owner,
                                                                 storage::ItemNamespace name_space,
                                                                 std::string key) const {
  check_namespace(name_space);
  auto find_item = [owner, name_space, key, now = parts_.clock.now()](const storage::Snapshot& snapshot) {
    return snapshot.items().find(owner, name_space, key, now);
  };
  std::optional<storage::Item> found = co_await parts_.storage.read(std::move(find_item));
  co_return found;
}

asio::awaitable<void> StoreService::erase(storage::Owner owner, storage::ItemNamespace name_space, std::string key) {
  check_namespace(name_space);
  auto erase_item = [owner, name_space, key](storage::Transaction& tx) { tx.items().erase(owner, name_space, key); };
  co_await parts_.storage.commit(std::move(erase_item));
}

asio::awaitable<std::vector<storage::Item>> StoreService::search(storage::ItemQuery query) const {
  check_labels(query.prefix);
  query.now = parts_.clock.now();
  auto find = [query](const storage::Snapshot& snapshot) { return snapshot.items().search(query); };
  std::vector<storage::Item> found = co_await parts_.storage.read(std::move(find));
  co_return found;
}

asio::awaitable<std::vector<storage::ItemNamespace>> StoreService::namespaces(storage::NamespaceQuery query) const {
  check_labels(query.prefix);
  check_labels(query.suffix);
  query.now = parts_.clock.now();
  auto find = [query](const storage::Snapshot& snapshot) { return snapshot.items().namespaces(query); };
  std::vector<storage::ItemNamespace> found = co_await parts_.storage.read(std::move(find));
  co_return found;
}

}  // namespace heddle::api
