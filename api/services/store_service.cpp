#include "api/services/store_service.h"

#include <algorithm>
#include <utility>

#include "api/services/api_error.h"
#include "runtime/embedder.h"

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

// Of the model nobody but the operator is told.
ApiError refusal_of(const std::string& what, const runtime::EmbeddingError& error, runtime::Log& log) {
  if (error.fault() == runtime::EmbeddingError::Fault::texts)
    return ApiError::unprocessable(what + ": " + error.what());
  log.error("vectors for the store could not be made", boost::json::object{{"what", error.what()}});
  return ApiError::unavailable(what + ": meanings cannot be compared now. Try again later.");
}

}  // namespace

asio::awaitable<void> StoreService::put(storage::Owner owner, NewItem wanted) {
  check_namespace(wanted.name_space);
  if (wanted.name_space.front() == "langgraph") {
    throw ApiError::invalid({"namespace", "0"}, "must not be \"langgraph\"");
  }
  const runtime::OwnedItems items = items_of(std::move(owner));
  try {
    co_await items.put(std::move(wanted.name_space), std::move(wanted.key), std::move(wanted.value),
                       std::move(wanted.options));
  } catch (const runtime::EmbeddingError& error) {
    throw refusal_of("The item was not put", error, parts_.log);
  }
}

asio::awaitable<std::optional<storage::Item>> StoreService::find(storage::Owner owner,
                                                                 storage::ItemNamespace name_space, std::string key,
                                                                 std::optional<runtime::OnRead> on_read) const {
  check_namespace(name_space);
  const runtime::OwnedItems items = items_of(std::move(owner));
  std::optional<storage::Item> found = co_await items.find(std::move(name_space), std::move(key), on_read);
  co_return found;
}

asio::awaitable<void> StoreService::erase(storage::Owner owner, storage::ItemNamespace name_space, std::string key) {
  check_namespace(name_space);
  const runtime::OwnedItems items = items_of(std::move(owner));
  co_await items.erase(std::move(name_space), std::move(key));
}

asio::awaitable<std::vector<runtime::FoundItem>> StoreService::search(storage::Owner owner,
                                                                      runtime::StoreSearch wanted) const {
  check_labels(wanted.prefix);
  const runtime::OwnedItems items = items_of(std::move(owner));
  std::vector<runtime::FoundItem> found;
  try {
    found = co_await items.search(std::move(wanted));
  } catch (const runtime::EmbeddingError& error) {
    throw refusal_of("The store was not searched", error, parts_.log);
  } catch (const runtime::SearchTooWide& error) {
    throw ApiError::bad_request(error.what());
  }
  co_return found;
}

asio::awaitable<std::int64_t> StoreService::erase_expired(std::int64_t limit) {
  auto erase = [now = parts_.clock.now(), limit](storage::Transaction& tx) {
    return tx.items().erase_expired(now, limit);
  };
  const std::int64_t erased = co_await parts_.storage.commit(std::move(erase));
  co_return erased;
}

runtime::OwnedItems StoreService::items_of(storage::Owner owner) const {
  return {parts_.storage, std::move(owner), parts_.clock, parts_.settings.store.rules};
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
