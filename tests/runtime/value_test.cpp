#include "runtime/value.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/packed_text.h"
#include "runtime/spliced_text.h"
#include "storage/error.h"

namespace heddle::runtime {
namespace {

Value::Item item(std::string_view text) {
  return std::make_shared<const json::value>(parse_json(text));
}

}  // namespace

TEST_CASE("A value that was given nothing is null") {
  const Value value;
  CHECK(value.is_null());
  CHECK_FALSE(value.is_list());
  CHECK(value.json().is_null());
  CHECK(value.text() == "null");
  CHECK(Value(json::value(nullptr)).is_null());
  CHECK(Value(json::value(nullptr)).same_as(value));
}

TEST_CASE("A value prints as the JSON it was made of") {
  for (const char* const text : {"1", "1.5", "\"x\"", "[]", "[1,[2]]", R"({"a":[true]})"}) {
    INFO(text);
    const Value value(parse_json(text));
    CHECK(value.text() == text);
    CHECK(equal_json(value.json(), parse_json(text)));
  }
}

TEST_CASE("Copies of a value share it") {
  const Value value(parse_json(R"({"a":1})"));
  const Value copy = value;  // NOLINT: the copy is what is tested
  CHECK(copy.same_as(value));
  CHECK(&copy.json() == &value.json());
  CHECK_FALSE(Value(parse_json(R"({"a":1})")).same_as(value));
}

TEST_CASE("A list of shared items is an array in every respect") {
  const Value list = Value::list({item("1"), item(R"({"a":2})")});
  CHECK(list.is_list());
  CHECK(list.size() == 2);
  CHECK(to_text(list.item(1)) == R"({"a":2})");
  CHECK(list.text() == R"([1,{"a":2}])");
  CHECK(to_text(list.json()) == R"([1,{"a":2}])");
  CHECK(Value::list({}).text() == "[]");
  CHECK(Value::list({}).is_list());
}

TEST_CASE("The items of a plain array are handed out without a copy") {
  const Value list(parse_json(R"([1,{"a":2}])"));
  REQUIRE(list.items().size() == 2);
  CHECK(list.items()[1].get() == &list.item(1));
}

TEST_CASE("An item outlives the list it came from") {
  Value::Item kept;
  {
    const Value list(parse_json(R"(["first","a text that does not fit into the value itself"])"));
    kept = list.items()[1];
  }
  CHECK(kept->get_string() == "a text that does not fit into the value itself");
}

TEST_CASE("Items of something that is no list are an error, also of what is not there") {
  for (const Value& value : {Value(), Value(parse_json("{}")), Value(parse_json("\"text\"")), Value(parse_json("1"))}) {
    INFO(value.text());
    CHECK_THROWS_AS(value.items(), GraphError);
    CHECK_THROWS_AS(value.size(), GraphError);
    CHECK_THROWS_AS(value.item(0), GraphError);
  }
}

TEST_CASE("Appending shares all items of the old list and leaves it as it is") {
  for (const Value& old : {Value::list({item("1"), item("2")}), Value(parse_json("[1,2]"))}) {
    const Value grown = append_items(old, {item("3")});
    CHECK(grown.text() == "[1,2,3]");
    CHECK(old.text() == "[1,2]");
    CHECK(grown.items()[0] == old.items()[0]);
    CHECK(grown.items()[1] == old.items()[1]);
  }
}

TEST_CASE("Several threads may ask for the other form of a list at once") {
  for (int round = 0; round < 50; ++round) {
    const Value shared = Value::list({item("1"), item("2"), item("3")});
    const Value plain(parse_json("[1,2,3]"));
    std::vector<const json::value*> arrays(4);
    std::vector<const Value::Item*> items(4);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < arrays.size(); ++i) {
        threads.emplace_back([&, i] {
          arrays[i] = &shared.json();
          items[i] = &plain.items().front();
        });
      }
    }
    for (std::size_t i = 1; i < arrays.size(); ++i) {
      CHECK(arrays[i] == arrays[0]);
      CHECK(items[i] == items[0]);
    }
  }
}

namespace {

std::shared_ptr<const PackedText> packed(std::string text) {
  static const auto origin = std::make_shared<const std::string>("checkpoint c of thread t");
  return std::make_shared<const PackedText>(std::make_shared<const std::string>(std::move(text)), origin);
}

}  // namespace

TEST_CASE("A packed value is the value of its text") {
  for (const char* const text : {"null", "1.5", "\"x\"", "[]", "[1,[2]]", R"({"a":[true]})"}) {
    INFO(text);
    const Value plain(parse_json(text));
    const Value value = Value::packed(packed(text));
    CHECK(value.text() == text);
    CHECK(value.is_null() == plain.is_null());
    CHECK(value.is_list() == plain.is_list());
    CHECK(equal_json(value.json(), plain.json()));
  }
  CHECK_THROWS_AS(Value::packed(packed(R"({"a":1})")).items(), GraphError);
}

TEST_CASE("A packed list is all its parts") {
  const Value list = Value::packed_list({packed("[1,2]"), packed("[]"), packed(R"([{"a":3}])")}, 3);
  CHECK(list.text() == R"([1,2,{"a":3}])");
  CHECK(list.is_list());
  CHECK(list.size() == 3);
  CHECK(to_text(list.item(2)) == R"({"a":3})");
  CHECK(list.items().size() == 3);
  CHECK(to_text(list.json()) == R"([1,2,{"a":3}])");
  CHECK(list.text() == R"([1,2,{"a":3}])");
  const Value longer = append_items(list, {item("4")});
  CHECK(longer.text() == R"([1,2,{"a":3},4])");
  CHECK(longer.items()[0] == list.items()[0]);
}

TEST_CASE("Of a packed list large parts are spliced into a text, and stay there without the list") {
  const std::string large = '"' + std::string(kSplicedBytesMin, 'x') + '"';
  std::vector<std::shared_ptr<const PackedText>> parts{packed("[1]"), packed("[" + large + ",2]"), packed("[3]")};
  const char* const shared = parts[1]->text().data();
  SplicedText text;
  {
    const Value list = Value::packed_list(std::exchange(parts, {}), 4);
    text.printed() += "<";
    list.print(text);
    text.printed() += ">";
    CHECK(list.text() == "[1," + large + ",2,3]");
  }
  const std::vector<std::string_view> pieces = text.pieces();
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[0] == "<[1,");
  CHECK(pieces[1] == large + ",2");
  CHECK(pieces[1].data() == shared + 1);
  CHECK(pieces[2] == ",3]>");
  CHECK(text.size() == pieces[0].size() + pieces[1].size() + pieces[2].size());
  CHECK_FALSE(text.is_plain());
}

TEST_CASE("Values that are not packed, and small ones, are printed into a text") {
  SplicedText text;
  Value(parse_json(R"({"a":[1.5]})")).print(text);
  Value::packed(packed("[1,2]")).print(text);
  Value::list({item("4")}).print(text);
  CHECK(text.is_plain());
  CHECK(text.printed() == R"({"a":[1.5]}[1,2][4])");
  CHECK(text.pieces() == std::vector<std::string_view>{text.printed()});
}

TEST_CASE("Lists that have a part in common have its items in common") {
  const auto part = packed("[1,2]");
  const Value one = Value::packed_list({part}, 2);
  const Value more = Value::packed_list({part, packed("[3]")}, 3);
  CHECK(one.items()[1] == more.items()[1]);
}

TEST_CASE("A damaged text is told of whenever somebody looks into it, and can still be printed") {
  const Value value = Value::packed(packed(R"({"a":)"));
  for (int times = 0; times < 2; ++times) {
    CHECK_THROWS_WITH(value.json(), Catch::Contains("checkpoint c of thread t") && Catch::Contains("damaged"));
  }
  CHECK(value.text() == R"({"a":)");
  const Value list = Value::packed_list({packed("[1]")}, 2);
  CHECK_THROWS_AS(list.items(), storage::StorageError);
}

}  // namespace heddle::runtime
