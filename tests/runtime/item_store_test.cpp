#include "runtime/item_store.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/json.h"
#include "tests/storage/storage_fixture.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run.h"

namespace heddle::runtime {
namespace {

using std::chrono::seconds;

class ItemStoreFixture : public storage::test::StorageFixture {
 public:
  template <class T>
  T run(boost::asio::awaitable<T> coroutine) {
    return heddle::test::run(io, std::move(coroutine));
  }
  heddle::test::ManualClock clock;
  StoreRules rules;
  ItemStore store{*storage, storage::Owner{"ann"}, clock, rules};
};

const StoreNamespace kNotes{"notes", "ann"};

StoreSearch below(StoreNamespace prefix, std::int64_t limit, std::int64_t offset) {
  StoreSearch wanted;
  wanted.prefix = std::move(prefix);
  wanted.page = {limit, offset};
  return wanted;
}

}  // namespace

TEST_CASE_METHOD(ItemStoreFixture, "An item that was put is found, with the time of its first and its last put") {
  CHECK_FALSE(run(store.get(kNotes, "a")));
  const auto first = clock.now();
  run(store.put(kNotes, "a", json::value{{"n", 1}}, {}));
  clock.advance(seconds(5));
  run(store.put(kNotes, "a", json::value{{"n", 2}}, {}));
  const auto item = run(store.get(kNotes, "a"));
  REQUIRE(item);
  CHECK(item->name_space == kNotes);
  CHECK(item->key == "a");
  CHECK(to_text(item->value) == R"({"n":2})");
  CHECK(item->created_at == first);
  CHECK(item->updated_at == first + seconds(5));
}

TEST_CASE_METHOD(ItemStoreFixture, "An erased item is gone, and erasing it again is no mistake") {
  run(store.put(kNotes, "a", json::object(), {}));
  run(store.erase(kNotes, "a"));
  CHECK_FALSE(run(store.get(kNotes, "a")));
  run(store.erase(kNotes, "a"));
}

TEST_CASE_METHOD(ItemStoreFixture, "A search finds what is below a prefix, last updated first, page by page") {
  for (const char* const key : {"a", "b", "c"}) {
    run(store.put(kNotes, key, json::object(), {}));
    clock.advance(seconds(1));
  }
  run(store.put({"other"}, "d", json::object(), {}));
  const auto keys = [&](std::int64_t limit, std::int64_t offset) {
    std::string joined;
    for (const StoreItem& item : run(store.search(below({"notes"}, limit, offset)))) joined += item.key;
    return joined;
  };
  CHECK(keys(10, 0) == "cba");
  CHECK(keys(2, 0) == "cb");
  CHECK(keys(2, 2) == "a");
}

TEST_CASE_METHOD(ItemStoreFixture,
                 "What a node puts has the time to live of the settings, and reading it lets it begin again") {
  rules.default_minutes_to_live = 1;
  run(store.put(kNotes, "a", json::object(), {}));
  clock.advance(seconds(40));
  CHECK(run(store.get(kNotes, "a")));
  clock.advance(seconds(40));
  CHECK(run(store.search(below({}, 10, 0))).size() == 1);
  clock.advance(seconds(60));
  CHECK_FALSE(run(store.get(kNotes, "a")));
}

TEST_CASE_METHOD(ItemStoreFixture, "Items of another owner are not there") {
  ItemStore other(*storage, storage::Owner{"bob"}, clock, rules);
  run(store.put(kNotes, "a", json::object(), {}));
  CHECK_FALSE(run(other.get(kNotes, "a")));
  CHECK(run(other.search(below({}, 10, 0))).empty());
}

TEST_CASE_METHOD(ItemStoreFixture, "A value that is no object is refused") {
  CHECK_THROWS_AS(run(store.put(kNotes, "a", json::value(1), {})), std::invalid_argument);
}

}  // namespace heddle::runtime
