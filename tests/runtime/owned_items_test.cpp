#include "runtime/owned_items.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <memory>

#include "runtime/embedder.h"
#include "runtime/item_store.h"
#include "runtime/json.h"
#include "runtime/store_index.h"
#include "tests/storage/storage_fixture.h"
#include "tests/support/manual_clock.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;
using Names = std::vector<std::string>;

// A text is a number, and its vector the point on the unit circle at so many degrees, twice as far out.
class CircleEmbedder final : public Embedder {
 public:
  asio::awaitable<std::vector<std::vector<float>>> embed(std::vector<std::string> texts) const override {
    if (*fails) throw EmbeddingError(EmbeddingError::Fault::service, "the model is away");
    std::vector<std::vector<float>> vectors;
    for (const std::string& text : texts) {
      asked->push_back(text);
      const double angle = std::stod(text) * 3.14159265358979 / 180;
      vectors.push_back({static_cast<float>(2 * std::cos(angle)), static_cast<float>(2 * std::sin(angle))});
    }
    co_return vectors;
  }
  std::size_t dimensions() const override { return 2; }
  const std::string& name() const override { return name_; }

  std::shared_ptr<bool> fails = std::make_shared<bool>(false);
  std::shared_ptr<Names> asked = std::make_shared<Names>();

 private:
  std::string name_ = "circle/2";
};

class IndexFixture : public storage::test::StorageFixture {
 public:
  IndexFixture() { rules.index = std::make_shared<StoreIndex>(embedder, std::vector{*StorePath::parse("at")}); }

  void put(const std::string& key, const std::string& value, IndexChoice index = IndexedAsConfigured{}) {
    heddle::test::run(io, items.put({"a"}, key, parse_json(value).as_object(), {std::nullopt, std::move(index)}));
  }
  StoreSearch wanted(std::optional<std::string> query) {
    StoreSearch search;
    search.query = std::move(query);
    return search;
  }
  Names found(std::optional<std::string> query) {
    Names keys;
    for (const FoundItem& one : heddle::test::run(io, items.search(wanted(std::move(query))))) {
      keys.push_back(one.item.key + (one.score ? " " + std::to_string(std::lround(*one.score * 100)) : ""));
    }
    return keys;
  }
  static std::vector<StorePath> paths(std::string_view path) { return {*StorePath::parse(path)}; }

  heddle::test::ManualClock clock;
  std::shared_ptr<CircleEmbedder> embedder = std::make_shared<CircleEmbedder>();
  StoreRules rules;
  OwnedItems items{*storage, storage::Owner{"ann"}, clock, rules};
};

}  // namespace

TEST_CASE_METHOD(IndexFixture, "A search with a query finds what is near, with its score") {
  put("far", R"({"at":"60"})");
  put("near", R"({"at":"0"})");
  CHECK(found("0") == Names{"near 100", "far 50"});
  CHECK(found("60") == Names{"far 100", "near 50"});
}

TEST_CASE_METHOD(IndexFixture, "Without a query that says something, or without an index, a search is one by time") {
  put("first", R"({"at":"0"})");
  clock.advance(std::chrono::seconds{1});
  put("second", R"({"at":"60"})");
  for (const std::optional<std::string>& query : {std::optional<std::string>(), {""}, {" \n"}}) {
    CHECK(found(query) == Names{"second", "first"});
  }
  rules.index.reset();
  CHECK(found("0") == Names{"second", "first"});
}

TEST_CASE_METHOD(IndexFixture, "An item says which of its texts count, or that none does") {
  put("own", R"({"at":"90","other":[{"n":"0"},{"n":"60"}]})", paths("other[*].n"));
  put("none", R"({"at":"0"})", NotIndexed{});
  put("no text", R"({"at":" "})");
  put("as configured", R"({"at":"60","other":"0"})");
  CHECK(found("0") == Names{"own 100", "as configured 50"});
  CHECK(found(std::nullopt).size() == 4);
}

TEST_CASE_METHOD(IndexFixture, "An item that is put again is found by what it says then, or not at all") {
  put("k", R"({"at":"0"})");
  put("k", R"({"at":"60"})");
  CHECK(found("0") == Names{"k 50"});
  put("k", R"({"at":"0"})", NotIndexed{});
  CHECK(found("0").empty());
}

TEST_CASE_METHOD(IndexFixture, "An item of which no vectors can be made is not put, and what was there stays") {
  put("k", R"({"at":"0"})");
  *embedder->fails = true;
  CHECK_THROWS_AS(put("k", R"({"at":"60"})"), EmbeddingError);
  CHECK_THROWS_AS(put("new", R"({"at":"60"})"), EmbeddingError);
  CHECK_THROWS_AS(found("0"), EmbeddingError);
  CHECK_NOTHROW(put("not indexed", R"({"at":"60"})", NotIndexed{}));
  *embedder->fails = false;
  CHECK(found("0") == Names{"k 100"});
}

TEST_CASE_METHOD(IndexFixture, "Too many texts or a text that is too long are refused before anybody is asked") {
  json::array many(257, json::value("1"));
  const std::string value = to_text(json::object{{"list", many}, {"long", json::string((256 << 10) + 1, '1')}});
  CHECK_THROWS_AS(put("many", value, paths("list[*]")), EmbeddingError);
  CHECK_THROWS_AS(put("long", value, paths("long")), EmbeddingError);
  CHECK(embedder->asked->empty());
  CHECK(found(std::nullopt).empty());
}

TEST_CASE_METHOD(IndexFixture, "Nodes find by the same index, and their items are found by others") {
  ItemStore store(*storage, storage::Owner{"ann"}, clock, rules);
  put("by client", R"({"at":"0"})");
  heddle::test::run(io, store.put({"a"}, "by node", json::object{{"at", "60"}}, {}));
  const std::vector<StoreItem> near = heddle::test::run(io, store.search(wanted("60")));
  REQUIRE(near.size() == 2);
  CHECK(near[0].key == "by node");
  CHECK(near[0].score == Approx(1));
  CHECK(near[1].score == Approx(0.5));
  CHECK(found("60") == Names{"by node 100", "by client 50"});
}

}  // namespace heddle::runtime
