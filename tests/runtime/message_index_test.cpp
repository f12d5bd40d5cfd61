#include "runtime/message_index.h"

#include <catch2/catch.hpp>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "runtime/json.h"
#include "runtime/message.h"

namespace heddle::runtime {
namespace {

std::string no_new_id() {
  FAIL("every message has an id");
  return {};
}

json::value human(std::size_t number, std::size_t version) {
  return json::object{
      {"type", "human"}, {"id", "m" + std::to_string(number)}, {"content", "version " + std::to_string(version)}};
}

json::value removal(std::size_t number) {
  return json::object{{"type", "remove"}, {"id", "m" + std::to_string(number)}, {"content", ""}};
}

// What the reducer makes of a list that it sees for the first time.
std::string unindexed(const Value& left, const json::value& write) {
  return add_messages(Value(parse_json(left.text())), write, no_new_id).text();
}

}  // namespace

TEST_CASE("However a long conversation grew, branched and was changed, a write does what it does to a fresh one") {
  std::mt19937 random(7);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  for (int conversation = 0; conversation < 20; ++conversation) {
    std::vector<Value> branches{Value(json::array{})};
    std::size_t next = 0;
    for (std::size_t step = 0; step < 150; ++step) {
      const Value left = branches[below(branches.size())];
      json::array write;
      for (std::size_t count = 1 + below(3); count > 0; --count) {
        const std::size_t kind = left.size() == 0 ? 0 : below(10);
        if (kind < 7) {
          write.push_back(human(next++, step));
        } else {
          const std::string id(message_id(left.item(below(left.size()))));
          const std::size_t number = std::stoul(id.substr(1));
          write.push_back(kind < 9 ? human(number, step) : removal(number));
        }
      }
      const std::string expected = unindexed(left, write);
      Value grown = add_messages(left, write, no_new_id);
      REQUIRE(grown.text() == expected);
      if (branches.size() < 4) {
        branches.push_back(std::move(grown));
      } else {
        branches[below(branches.size())] = std::move(grown);
      }
    }
  }
}

TEST_CASE("A long list that holds an id twice has it where it stands last, also when it is cut off there") {
  json::array list;
  for (std::size_t number = 0; number < 40; ++number) list.push_back(human(number, 0));
  list.push_back(human(3, 1));
  const Value left{json::value(list)};
  const Value changed = add_messages(left, human(3, 2), no_new_id);
  CHECK(message_text(changed.item(3)) == "version 0");
  CHECK(message_text(changed.item(40)) == "version 2");
  ItemList shorter(changed.items().begin(), changed.items().end() - 1);
  const Value cut = Value::list(std::move(shorter), changed.index());
  CHECK(add_messages(cut, human(3, 4), no_new_id).text() == unindexed(cut, human(3, 4)));
}

TEST_CASE("An index knows what it has in common with a list") {
  ItemList items;
  for (std::size_t number = 0; number < 5; ++number) {
    items.push_back(std::make_shared<const json::value>(human(number, 0)));
  }
  MessageIndex index;
  CHECK(index.known(items) == 0);
  index.fit(items);
  CHECK(index.known(items) == 5);
  CHECK(index.find("m4") == 4U);
  items.shorten(4);
  CHECK(index.known(items) == 4);
  index.fit(items);
  CHECK_FALSE(index.find("m4"));
  items.set(1, std::make_shared<const json::value>(human(9, 0)));
  CHECK(index.known(items) == 1);
  index.fit(items);
  CHECK_FALSE(index.find("m1"));
  CHECK(index.find("m9") == 1U);
  CHECK(index.find("m3") == 3U);
}

}  // namespace heddle::runtime
