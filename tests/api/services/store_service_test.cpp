#include "api/services/store_service.h"

#include <catch2/catch.hpp>

#include "runtime/embedder.h"
#include "runtime/store_index.h"
#include "tests/api/services/service_fixture.h"

namespace heddle::api {
namespace {

using runtime::OnRead;
using test::ServiceFixture;
using Labels = storage::ItemNamespace;

class StoreFixture : public ServiceFixture {
 public:
  void put(const storage::Owner& owner, Labels labels, std::string key, std::string value_json) {
    get(store.put(owner, {std::move(labels), std::move(key), object(value_json), {}}));
  }
  void put_for(double minutes, const std::string& key = "k") { get(store.put(ann, {{"a"}, key, {}, {minutes}})); }
  std::optional<storage::Item> found(std::optional<runtime::OnRead> on_read, const std::string& key = "k") {
    return get(store.find(ann, {"a"}, key, on_read));
  }
  std::size_t searched(std::optional<runtime::OnRead> on_read) {
    runtime::StoreSearch wanted;
    wanted.on_read = on_read;
    return get(store.search(ann, wanted)).size();
  }
  ApiError refused(Labels labels) { return refusal(store.put(ann, {std::move(labels), "k", {}, {}})); }

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
  put_for(1.5);
  clock.advance(std::chrono::seconds{89});
  CHECK(found(OnRead::leave));
  clock.advance(std::chrono::seconds{1});
  CHECK_FALSE(found(OnRead::leave));
  CHECK_NOTHROW(put_for(1e300));
}

TEST_CASE_METHOD(StoreFixture, "An item that is read lives as long again, unless the settings or the request say no") {
  put_for(2);
  clock.advance(std::chrono::minutes{1});
  CHECK(found(std::nullopt));
  clock.advance(std::chrono::minutes{1});
  CHECK(searched(std::nullopt) == 1);
  clock.advance(std::chrono::minutes{1});
  CHECK(found(OnRead::leave));
  CHECK(searched(OnRead::leave) == 1);
  settings.store.rules.refreshes_on_read = false;
  CHECK(found(std::nullopt));
  CHECK(searched(std::nullopt) == 1);
  CHECK(found(OnRead::refresh));
  clock.advance(std::chrono::minutes{1});
  CHECK(searched(OnRead::refresh) == 1);
  clock.advance(std::chrono::minutes{2});
  CHECK_FALSE(found(OnRead::refresh));
}

TEST_CASE_METHOD(StoreFixture, "An item without a time to live has that of the settings") {
  put(ann, {"a"}, "before", "{}");
  settings.store.rules.default_minutes_to_live = 2;
  put(ann, {"a"}, "k", "{}");
  put_for(5, "longer");
  clock.advance(std::chrono::minutes{2});
  CHECK_FALSE(found(OnRead::leave));
  CHECK(found(OnRead::leave, "longer"));
  CHECK(found(OnRead::leave, "before"));
}

TEST_CASE_METHOD(StoreFixture, "A search wants a prefix of whole labels, and takes an empty one") {
  put(ann, {"a", "x"}, "one", R"({"n":1})");
  put(ann, {"ab"}, "two", R"({"n":2})");
  runtime::StoreSearch wanted;
  CHECK(get(store.search(ann, wanted)).size() == 2);
  wanted.prefix = {"a"};
  CHECK(get(store.search(ann, wanted)).size() == 1);
  wanted.prefix = {"a."};
  CHECK(refusal(store.search(ann, wanted)).status() == 422);
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

class FailingEmbedder final : public runtime::Embedder {
 public:
  explicit FailingEmbedder(runtime::EmbeddingError::Fault fault) : fault_(fault) {}
  boost::asio::awaitable<std::vector<std::vector<float>>> embed(std::vector<std::string>) const override {
    throw runtime::EmbeddingError(fault_, "host.example is away");
    co_return std::vector<std::vector<float>>();
  }
  std::size_t dimensions() const override { return 2; }
  const std::string& name() const override { return name_; }

 private:
  runtime::EmbeddingError::Fault fault_;
  std::string name_ = "failing";
};

TEST_CASE_METHOD(StoreFixture, "A client is told that its item was not put, and whether to try again") {
  const auto index = [](runtime::EmbeddingError::Fault fault) {
    return std::make_shared<runtime::StoreIndex>(std::make_shared<FailingEmbedder>(fault),
                                                 std::vector{runtime::StorePath::whole()});
  };
  runtime::StoreSearch wanted;
  wanted.query = "x";
  settings.store.rules.index = index(runtime::EmbeddingError::Fault::service);
  CHECK(refused({"a"}).status() == 503);
  CHECK(std::string(refused({"a"}).what()).find("host.example") == std::string::npos);
  CHECK(refusal(store.search(ann, wanted)).status() == 503);
  settings.store.rules.index = index(runtime::EmbeddingError::Fault::texts);
  CHECK(refused({"a"}).status() == 422);
  CHECK(refusal(store.search(ann, wanted)).status() == 422);
  CHECK_FALSE(found(OnRead::leave));
}

}  // namespace
}  // namespace heddle::api
