#include "runtime/item_list.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <iterator>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace heddle::runtime {
namespace {

using Item = ItemList::Item;
using Items = std::vector<Item>;

Item item(std::int64_t number) {
  return std::make_shared<const boost::json::value>(number);
}

Items items_of(const ItemList& list) {
  return {list.begin(), list.end()};
}

Items numbered(std::size_t count) {
  Items items;
  for (std::size_t i = 0; i < count; ++i) items.push_back(item(static_cast<std::int64_t>(i)));
  return items;
}

// Around the ends of blocks.
constexpr std::size_t kSizes[] = {0, 1, 2, 3, 4, 5, 127, 128, 129, 255, 256, 257, 1'000};

}  // namespace

TEST_CASE("A list of items gives back what it was made from") {
  for (const std::size_t size : kSizes) {
    const Items expected = numbered(size);
    const ItemList list = expected;
    REQUIRE(list.size() == size);
    CHECK(list.empty() == expected.empty());
    CHECK(items_of(list) == expected);
    CHECK(Items(list.rbegin(), list.rend()) == Items(expected.rbegin(), expected.rend()));
    for (std::size_t i = 0; i < size; ++i) REQUIRE(list[i] == expected[i]);
    if (size > 0) {
      CHECK(list.front() == expected.front());
      CHECK(list.back() == expected.back());
    }
    CHECK_THROWS_AS(list.at(size), std::out_of_range);
  }
}

TEST_CASE("Its iterators are of random access") {
  static_assert(std::random_access_iterator<ItemList::Iterator>);
  const Items expected = numbered(300);
  const ItemList list = expected;
  CHECK(list.end() - list.begin() == 300);
  CHECK(list.begin()[299] == expected[299]);
  CHECK(*(list.begin() + 128) == expected[128]);
  CHECK(*(list.end() - 1) == expected[299]);
  CHECK(list.begin() < list.end());
  CHECK(std::ranges::find(list, expected[200]) - list.begin() == 200);
}

TEST_CASE("What one list changes is not seen by those that share its items") {
  // Against vectors, in which nothing is shared: a few lists are copied over each other and changed in turn.
  std::mt19937 random(20261127);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  std::vector<ItemList> lists(5);
  std::vector<Items> expected(5);
  std::int64_t next = 0;
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t at = below(lists.size());
    ItemList& list = lists[at];
    Items& plain = expected[at];
    switch (below(8)) {
      case 0: {
        const std::size_t other = below(lists.size());
        list = lists[other];
        plain = Items(expected[other]);
        break;
      }
      case 1: {
        const std::size_t other = below(lists.size());
        if (plain.size() + expected[other].size() > 700) break;
        list.append(lists[other]);
        const Items added = expected[other];
        plain.insert(plain.end(), added.begin(), added.end());
        break;
      }
      case 2:
        if (below(10) == 0) {
          const std::size_t size = below(plain.size() + 1);
          list.shorten(size);
          plain.resize(size);
        }
        break;
      case 3:
        if (!plain.empty()) {
          const std::size_t place = below(plain.size());
          const Item fresh = item(next++);
          list.set(place, fresh);
          plain[place] = fresh;
        }
        break;
      case 4: {
        ItemList moved = std::move(list);
        list = std::move(moved);
        break;
      }
      default:
        for (std::size_t count = below(9); count > 0 && plain.size() < 700; --count) {
          const Item fresh = item(next++);
          list.push_back(fresh);
          plain.push_back(fresh);
        }
    }
    for (std::size_t i = 0; i < lists.size(); ++i) REQUIRE(items_of(lists[i]) == expected[i]);
    const auto [mine, theirs] = std::ranges::mismatch(plain, expected[0]);
    REQUIRE(list.common_prefix(lists[0]) == static_cast<std::size_t>(mine - plain.begin()));
  }
}

TEST_CASE("A list is appended to one of any size, and shares its blocks where they fit") {
  for (const std::size_t size : kSizes) {
    for (const std::size_t more : kSizes) {
      const Items end = numbered(more);
      const ItemList added = end;
      ItemList list = numbered(size);
      Items expected = items_of(list);
      list.append(added);
      expected.insert(expected.end(), end.begin(), end.end());
      REQUIRE(items_of(list) == expected);
      if (more > 0) REQUIRE((&list[size] == &added[0]) == (size % ItemList::kBlock == 0));
      // Neither sees what the other goes on with.
      list.push_back(item(1));
      REQUIRE(items_of(added) == end);
    }
  }
}

TEST_CASE("A list that was moved from is empty and can be used") {
  for (const std::size_t size : kSizes) {
    ItemList list = numbered(size);
    const ItemList taken = std::move(list);
    CHECK(taken.size() == size);
    CHECK(list.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
    list.push_back(item(1));
    CHECK(list.size() == 1);
  }
}

TEST_CASE("A list holds nothing of what it was shortened by") {
  for (const std::size_t kept : {std::size_t{0}, std::size_t{5}, std::size_t{128}, std::size_t{140}}) {
    Item last = item(1);
    const std::weak_ptr<const boost::json::value> watched = last;
    ItemList list = numbered(200);
    list.push_back(std::exchange(last, nullptr));
    list.shorten(kept);
    CHECK(list.size() == kept);
    CHECK(watched.expired());
  }
}

TEST_CASE("A copy of a long list shares its blocks") {
  const Items items = numbered(1'000);
  ItemList list = items;
  const long owners = items[0].use_count();
  ItemList copy = list;
  copy.push_back(item(1));
  CHECK(items[0].use_count() == owners);
  CHECK(&copy[500] == &list[500]);
  CHECK(copy.common_prefix(list) == 1'000);
}

TEST_CASE("Lists that share blocks grow on several threads") {
  ItemList list = numbered(100);
  std::vector<std::thread> threads;
  std::vector<std::size_t> sums(4);
  for (std::size_t t = 0; t < sums.size(); ++t) {
    threads.emplace_back([copy = list, t, &sums]() mutable {
      for (int i = 0; i < 1'000; ++i) copy.push_back(item(i));
      for (const Item& each : copy) sums[t] += static_cast<std::size_t>(each->as_int64());
    });
  }
  // The one that made the last block goes on in it, where the others do not look.
  for (int i = 0; i < 1'000; ++i) list.push_back(item(i));
  for (std::thread& thread : threads) thread.join();
  CHECK(list.size() == 1'100);
  for (const std::size_t sum : sums) CHECK(sum == 99 * 100 / 2 + 999 * 1'000 / 2);
}

}  // namespace heddle::runtime
