#include "storage/items.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/storage/storage_fixture.h"

namespace heddle::storage::test {
namespace {

const Owner kAlice{"alice"};
const Owner kBob{"bob"};

class ItemsFixture : public StorageFixture {
 public:
  void put(const ItemNamespace& name_space, const std::string& key, std::int64_t updated = 1,
           const std::string& value = "{}", std::optional<Timestamp> expires_at = std::nullopt) {
    Item item{kAlice, name_space, key, value, at(updated), at(updated), expires_at};
    commit([item](Transaction& transaction) { transaction.items().put(item); });
  }
  std::optional<Item> find(const Owner& owner, const ItemNamespace& name_space, const std::string& key,
                           std::int64_t now = 50) {
    return read([=](const Snapshot& snapshot) { return snapshot.items().find(owner, name_space, key, at(now)); });
  }
  std::vector<std::string> keys(ItemQuery query) {
    if (query.owner.text.empty()) query.owner = kAlice;
    query.now = at(50);
    std::vector<std::string> found;
    auto search = [query](const Snapshot& snapshot) { return snapshot.items().search(query); };
    for (const Item& item : read(search)) found.push_back(item.key);
    return found;
  }
  std::vector<ItemNamespace> namespaces(NamespaceQuery query) {
    query.owner = kAlice;
    query.now = at(50);
    return read([query](const Snapshot& snapshot) { return snapshot.items().namespaces(query); });
  }
};

ItemQuery below(const ItemNamespace& prefix) {
  ItemQuery query;
  query.prefix = prefix;
  return query;
}

using Keys = std::vector<std::string>;
using Namespaces = std::vector<ItemNamespace>;

}  // namespace

TEST_CASE_METHOD(ItemsFixture, "An item is found as it was put, by its owner only") {
  put({"a", "b"}, "k", 3, R"({"v":1})", at(60));
  CHECK_FALSE(find(kBob, {"a", "b"}, "k"));
  CHECK_FALSE(find(kAlice, {"a"}, "k"));
  const std::optional<Item> found = find(kAlice, {"a", "b"}, "k");
  REQUIRE(found);
  CHECK(found->owner == kAlice);
  CHECK(found->name_space == ItemNamespace{"a", "b"});
  CHECK(found->key == "k");
  CHECK(found->value_json == R"({"v":1})");
  CHECK(found->created_at == at(3));
  CHECK(found->updated_at == at(3));
  CHECK(found->expires_at == at(60));
}

TEST_CASE_METHOD(ItemsFixture, "An item that is put again keeps its time of creation") {
  put({"a"}, "k", 3, R"({"v":1})", at(60));
  put({"a"}, "k", 9, R"({"v":2})");
  const std::optional<Item> found = find(kAlice, {"a"}, "k");
  REQUIRE(found);
  CHECK(found->created_at == at(3));
  CHECK(found->updated_at == at(9));
  CHECK(found->value_json == R"({"v":2})");
  CHECK_FALSE(found->expires_at);
}

TEST_CASE_METHOD(ItemsFixture, "An item is invisible from the moment at which it expires") {
  put({"a"}, "k", 3, "{}", at(50));
  CHECK(find(kAlice, {"a"}, "k", 49));
  CHECK_FALSE(find(kAlice, {"a"}, "k", 50));
  CHECK(keys(below({})).empty());
  CHECK(namespaces({}).empty());
}

TEST_CASE_METHOD(ItemsFixture, "What takes the place of an expired item was created then") {
  put({"a"}, "k", 3, "{}", at(10));
  put({"a"}, "k", 20);
  CHECK(find(kAlice, {"a"}, "k")->created_at == at(20));
}

TEST_CASE_METHOD(ItemsFixture, "Expired items are erased and others stay") {
  put({"a"}, "expired", 1, "{}", at(10));
  put({"a"}, "later", 1, "{}", at(30));
  put({"a"}, "never", 1);
  commit([](Transaction& transaction) { CHECK(transaction.items().erase_expired(at(20), 10) == 1); });
  CHECK_FALSE(find(kAlice, {"a"}, "expired", 5));
  CHECK(find(kAlice, {"a"}, "later", 5));
  CHECK(find(kAlice, {"a"}, "never", 5));
}

TEST_CASE_METHOD(ItemsFixture, "Expired items are erased in portions, those that expired first before others") {
  put({"a"}, "second", 1, "{}", at(11));
  put({"b"}, "first", 1, "{}", at(10));
  put({"c"}, "third", 1, "{}", at(12));
  const auto erase = [](Transaction& transaction) { return transaction.items().erase_expired(at(20), 2); };
  CHECK(commit(erase) == 2);
  CHECK(find(kAlice, {"c"}, "third", 5));
  CHECK(commit(erase) == 1);
  CHECK(commit(erase) == 0);
}

TEST_CASE_METHOD(ItemsFixture, "A refreshed item lives as long again, and one that has expired stays expired") {
  const auto refresh = [this](std::int64_t now) {
    commit([now](Transaction& transaction) { transaction.items().refresh(kAlice, {"a"}, "k", at(now)); });
  };
  Item item{kAlice, {"a"}, "k", "{}", at(1), at(1), at(11), std::chrono::seconds{10}};
  commit([item](Transaction& transaction) { transaction.items().put(item); });
  refresh(5);
  CHECK(find(kAlice, {"a"}, "k", 14)->expires_at == at(15));
  CHECK(find(kAlice, {"a"}, "k", 14)->updated_at == at(1));
  refresh(15);
  CHECK_FALSE(find(kAlice, {"a"}, "k", 15));
  item.time_to_live.reset();
  item.updated_at = at(20);
  item.expires_at = at(30);
  commit([item](Transaction& transaction) { transaction.items().put(item); });
  refresh(25);
  CHECK(find(kAlice, {"a"}, "k", 29)->expires_at == at(30));
}

TEST_CASE_METHOD(ItemsFixture, "Erasing takes one item, and none is no error") {
  put({"a"}, "k");
  put({"a"}, "l");
  auto erase = [](Transaction& transaction) {
    transaction.items().erase(kAlice, {"a"}, "k");
    transaction.items().erase(kAlice, {"a"}, "k");
    transaction.items().erase(kBob, {"a"}, "l");
  };
  commit(erase);
  CHECK(keys(below({})) == Keys{"l"});
}

TEST_CASE_METHOD(ItemsFixture, "A prefix matches whole labels, and signs of LIKE are ordinary") {
  put({"a"}, "in a", 5);
  put({"a", "b"}, "in a.b", 4);
  put({"ab"}, "in ab", 3);
  put({"a_"}, "in a_", 2);
  put({"\xc3\xa4", "%"}, "in umlaut", 1);
  CHECK(keys(below({"a"})) == Keys{"in a", "in a.b"});
  CHECK(keys(below({"a", "b"})) == Keys{"in a.b"});
  CHECK(keys(below({"a_"})) == Keys{"in a_"});
  CHECK(keys(below({"\xc3\xa4"})) == Keys{"in umlaut"});
  CHECK(keys(below({"%"})).empty());
  CHECK(keys(below({})).size() == 5);
}

TEST_CASE_METHOD(ItemsFixture, "Items come last updated first, page by page") {
  put({"a"}, "1", 1);
  put({"b"}, "3", 3);
  put({"c"}, "2", 2);
  ItemQuery query;
  CHECK(keys(query) == Keys{"3", "2", "1"});
  query.page = Page{1, 1};
  CHECK(keys(query) == Keys{"2"});
}

TEST_CASE_METHOD(ItemsFixture, "All conditions on an item's value have to hold") {
  put({"a"}, "one", 3, R"({"n":1,"c":"red"})");
  put({"a"}, "two", 2, R"({"n":2,"c":"red"})");
  put({"a"}, "three", 1, R"({"n":3,"c":"blue"})");
  ItemQuery query;
  query.conditions = {{"c", FilterOperator::eq, "\"red\""}};
  CHECK(keys(query) == Keys{"one", "two"});
  query.conditions.push_back({"n", FilterOperator::gt, "1"});
  CHECK(keys(query) == Keys{"two"});
  query.conditions = {{"missing", FilterOperator::ne, "1"}};
  CHECK(keys(query).size() == 3);
}

TEST_CASE_METHOD(ItemsFixture, "Namespaces are distinct and sorted by name") {
  put({"b"}, "k");
  put({"a", "x"}, "k");
  put({"a", "x"}, "l");
  put({"a"}, "k");
  put({"a.b"}, "k");
  CHECK(namespaces({}) == Namespaces{{"a"}, {"a", "x"}, {"a.b"}, {"b"}});
}

TEST_CASE_METHOD(ItemsFixture, "Namespaces are matched by prefix and suffix, where * is any one label") {
  put({"u", "1", "mails"}, "k");
  put({"u", "1", "notes"}, "k");
  put({"u", "2", "mails"}, "k");
  put({"v", "2", "mails"}, "k");
  put({"u"}, "k");
  NamespaceQuery query;
  query.prefix = {"u", "*"};
  CHECK(namespaces(query).size() == 3);
  query.suffix = {"mails"};
  CHECK(namespaces(query) == Namespaces{{"u", "1", "mails"}, {"u", "2", "mails"}});
  query.prefix = {"*", "2"};
  CHECK(namespaces(query) == Namespaces{{"u", "2", "mails"}, {"v", "2", "mails"}});
  query.prefix = {};
  query.suffix = {"*", "notes"};
  CHECK(namespaces(query) == Namespaces{{"u", "1", "notes"}});
}

TEST_CASE_METHOD(ItemsFixture, "Namespaces are cut first, then duplicates go, then they are paged") {
  put({"a", "1"}, "k");
  put({"a", "2"}, "k");
  put({"b", "1", "x"}, "k");
  put({"c"}, "k");
  NamespaceQuery query;
  query.max_depth = 1;
  CHECK(namespaces(query) == Namespaces{{"a"}, {"b"}, {"c"}});
  query.page = Page{1, 1};
  CHECK(namespaces(query) == Namespaces{{"b"}});
  query.max_depth = 2;
  query.page = Page{2, 1};
  CHECK(namespaces(query) == Namespaces{{"a", "2"}, {"b", "1"}});
}

TEST_CASE_METHOD(ItemsFixture, "A label with the character that separates labels is refused") {
  CHECK_THROWS_AS(put({"a\x1f", "b"}, "k"), StorageError);
}

namespace {

// Vectors of two numbers on the unit circle, by their angle from the first axis in degrees.
std::vector<float> at_angle(double degrees) {
  const double angle = degrees * 3.14159265358979 / 180;
  return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
}

class NearestFixture : public ItemsFixture {
 public:
  void put_at(const ItemNamespace& name_space, const std::string& key, std::vector<double> angles,
              const std::string& value = "{}", const std::string& model = "m") {
    Item item{kAlice, name_space, key, value, at(1), at(1), std::nullopt};
    ItemVectors vectors{model, {}};
    for (const double angle : angles) vectors.vectors.push_back(at_angle(angle));
    commit([item, vectors](Transaction& transaction) {
      transaction.items().put(item);
      transaction.items().add_vectors(item, vectors);
    });
  }
  // Their keys, and what they score in hundredths.
  std::vector<std::string> nearest(NearestQuery query) {
    if (query.items.owner.text.empty()) query.items.owner = kAlice;
    query.items.now = at(50);
    query.model = "m";
    if (query.vector.empty()) query.vector = at_angle(0);
    if (query.compared_max == 0) query.compared_max = 100;
    std::vector<std::string> found;
    const auto answer = read([query](const Snapshot& snapshot) { return snapshot.items().nearest(query); });
    if (!answer) return {"too many"};
    for (const ScoredItem& one : *answer) {
      found.push_back(one.item.key + " " + std::to_string(std::lround(one.score * 100)));
    }
    return found;
  }
};

}  // namespace

TEST_CASE_METHOD(NearestFixture, "What is nearest comes first, and what is as near by namespace and key") {
  put_at({"b"}, "far", {90});
  put_at({"b"}, "near", {60});
  put_at({"a"}, "as near", {-60});
  put_at({"a"}, "same", {0});
  put_at({"a"}, "opposite", {180});
  CHECK(nearest({}) == Keys{"same 100", "as near 50", "near 50", "far 0", "opposite -100"});
}

TEST_CASE_METHOD(NearestFixture, "The nearest of its texts decides about an item, which is found once") {
  put_at({"a"}, "two", {90, 60});
  put_at({"a"}, "one", {80});
  CHECK(nearest({}) == Keys{"two 50", "one 17"});
}

TEST_CASE_METHOD(NearestFixture, "A search by meaning keeps to owner, prefix, conditions and page") {
  put_at({"a"}, "1", {10}, R"({"c":"red"})");
  put_at({"a", "x"}, "2", {20}, R"({"c":"blue"})");
  put_at({"ab"}, "3", {30}, R"({"c":"red"})");
  put_at({"b"}, "4", {40}, R"({"c":"red"})");
  NearestQuery query;
  query.items.prefix = {"a"};
  CHECK(nearest(query) == Keys{"1 98", "2 94"});
  query.items.prefix = {};
  query.items.conditions = {{"c", FilterOperator::eq, "\"red\""}};
  CHECK(nearest(query) == Keys{"1 98", "3 87", "4 77"});
  query.items.page = {1, 1};
  CHECK(nearest(query) == Keys{"3 87"});
  query.items.page = {10, 3};
  CHECK(nearest(query).empty());
  query.items.page = {};
  query.items.owner = kBob;
  CHECK(nearest(query).empty());
}

TEST_CASE_METHOD(NearestFixture,
                 "Items without vectors of the model, expired and erased ones are not found by meaning") {
  put_at({"a"}, "other model", {0}, "{}", "n");
  put({"a"}, "none");
  put_at({"a"}, "erased", {1});
  put_at({"a"}, "put again", {2});
  put_at({"a"}, "indexed again", {90});
  put_at({"a"}, "expired", {3});
  CHECK(nearest({}).size() == 4);
  put({"a"}, "put again");
  put({"a"}, "expired", 1, "{}", at(50));
  put_at({"a"}, "indexed again", {60});
  commit([](Transaction& transaction) { transaction.items().erase(kAlice, {"a"}, "erased"); });
  CHECK(nearest({}) == Keys{"indexed again 50"});
}

TEST_CASE_METHOD(NearestFixture, "A search by meaning that would compare too many vectors has no answer") {
  put_at({"a"}, "1", {10, 20});
  put_at({"b"}, "2", {30});
  NearestQuery query;
  query.compared_max = 2;
  CHECK(nearest(query) == Keys{"too many"});
  query.items.prefix = {"a"};
  CHECK(nearest(query).size() == 1);
}

}  // namespace heddle::storage::test
