#include "api/services/store_service.h"

#include <catch2/catch.hpp>

#include "tests/api/services/service_fixture.h"

namespace heddle::api {
namespace {

using test::ServiceFixture;
using Labels = storage::ItemNamespace;

class StoreFixture : public ServiceFixture {
 public:
  void put(const storage::Owner& owner, Labels labels, std::string key, std::string value_json) {
    get(store.put(owner, {std::move(labels), std::move(key), std::move(value_json), std::nullopt}));
  }
  ApiError refused(Labels labels) { return refusal(store.put(ann, {std::move(labels), "k", "{}", std::nullopt})); }

  StoreService& store = services.store;
};

TEST_CASE_METHOD(StoreFixture, "An item keeps the time of its creation when it is replaced") {
  put(ann, {"a", "b"}, "k", R"({"n":1})");
  const storage::Timestamp created = clock.now();
  clock.advance(std::chrono::seconds{1});
  put(ann, {"a", "b"}, "k", R"({"n":2})");
  const std::optional<storage::Item> item = get(store.find(ann, {"a", "b"}, "k"));
  REQUIRE(item);
  CHECK(item->value_json == R"({"n":2})");
  CHECK(item->created_at == created);
  CHECK(item->updated_at == clock.now());
}

TEST_CASE_METHOD(StoreFixture, "Items of somebody else are not there") {
  put(ann, {"a"}, "k", "{}");
  CHECK_FALSE(get(store.find(ben, {"a"}, "k")));
  get(store.erase(ben, {"a"}, "k"));
  CHECK(get(store.find(ann, {"a"}, "k")));
  get(store.erase(ann, {"a"}, "k"));
  CHECK_FALSE(get(store.find(ann, {"a"}, "k")));
}

TEST_CASE_METHOD(StoreFixture, "A namespace has labels, none of them empty or with a period") {
  CHECK(refused({}).status() == 400);
  CHECK(std::string(refused({}).what()) == "Namespace is required");
  CHECK(refused({"x", "a.b"}).status() == 422);
  CHECK(std::string(refused({"x", "a.b"}).what()) ==
        "Namespace labels cannot be empty or contain periods. Received: x.a.b");
  CHECK(std::string(refused({"x", ""}).what()) == "Namespace labels cannot be empty or contain periods. Received: x.");
  CHECK(refused({"a\x1f"}).status() == 422);
  CHECK(refusal(store.find(ann, {}, "k")).status() == 400);
  CHECK(refusal(store.erase(ann, {"a.b"}, "k")).status() == 422);
}

TEST_CASE_METHOD(StoreFixture, "Nobody writes into the namespace of the library") {
  CHECK(refused({"langgraph", "x"}).is_validation());
  CHECK_NOTHROW(put(ann, {"x", "langgraph"}, "k", "{}"));
}

TEST_CASE_METHOD(StoreFixture, "An item with a time to live is gone when it has passed") {
  get(store.put(ann, {{"a"}, "k", "{}", 1.5}));
  clock.advance(std::chrono::seconds{89});
  CHECK(get(store.find(ann, {"a"}, "k")));
  clock.advance(std::chrono::seconds{1});
  CHECK_FALSE(get(store.find(ann, {"a"}, "k")));
  CHECK_NOTHROW(get(store.put(ann, {{"a"}, "k", "{}", 1e300})));
}

TEST_CASE_METHOD(StoreFixture, "A search wants a prefix of whole labels, and takes an empty one") {
  put(ann, {"a", "x"}, "one", R"({"n":1})");
  put(ann, {"ab"}, "two", R"({"n":2})");
  storage::ItemQuery query;
  query.owner = ann;
  CHECK(get(store.search(query)).size() == 2);
  query.prefix = {"a"};
  CHECK(get(store.search(query)).size() == 1);
  query.prefix = {"a."};
  CHECK(refusal(store.search(query)).status() == 422);
}

TEST_CASE_METHOD(StoreFixture, "Namespaces are listed with their labels checked, too") {
  put(ann, {"a", "x"}, "one", "{}");
  put(ann, {"b", "y"}, "two", "{}");
  storage::NamespaceQuery query;
  query.owner = ann;
  query.prefix = {"*"};
  query.suffix = {"y"};
  CHECK(get(store.namespaces(query)) == std::vector<Labels>{{"b", "y"}});
  query.suffix = {""};
  CHECK(refusal(store.namespaces(query)).status() == 422);
}

}  // namespace
}  // namespace heddle::api
