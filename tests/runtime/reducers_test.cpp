#include "runtime/reducers.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <string>

#include "runtime/error.h"
#include "runtime/json.h"

namespace heddle::runtime {
namespace {

std::string reduced(const Reducer& reducer, const char* old, const char* write) {
  return reducer(parse_json(old), parse_json(write)).text();
}

}  // namespace

TEST_CASE("append puts the items of a list, or one value that is none, at the end") {
  const Reducer append = reducers::append();
  CHECK(reduced(append, "[1]", "[2,[3]]") == "[1,2,[3]]");
  CHECK(reduced(append, "[1]", "[]") == "[1]");
  CHECK(reduced(append, "[1]", R"({"a":2})") == R"([1,{"a":2}])");
  CHECK(reduced(append, "null", "[2]") == "[2]");
}

TEST_CASE("append shares all items with the old list") {
  const Value old = Value(parse_json("[1,2]"));
  const Value longer = reducers::append()(old, parse_json("[3]"));
  REQUIRE(longer.size() == 3);
  CHECK(longer.items()[0] == old.items()[0]);
  CHECK(longer.items()[1] == old.items()[1]);
  CHECK(reducers::append()(longer, parse_json("[]")).same_as(longer));
}

TEST_CASE("sum stays exact for integers and becomes a double where they end") {
  const Reducer sum = reducers::sum();
  CHECK(reduced(sum, "1", "2") == "3");
  CHECK(reduced(sum, "9007199254740993", "0") == "9007199254740993");
  CHECK(reduced(sum, "1.5", "2") == "3.5");
  CHECK(reduced(sum, "null", "2") == "2");
  CHECK(reduced(sum, "9223372036854775807", "1") == "9223372036854776000");
  CHECK_THROWS_AS(reduced(sum, "1", "\"2\""), GraphError);
}

TEST_CASE("merge lays the keys of an object over the old ones, one level deep") {
  const Reducer merge = reducers::merge();
  CHECK(reduced(merge, R"({"a":{"x":1},"b":2})", R"({"a":{"y":1},"c":3})") == R"({"a":{"y":1},"b":2,"c":3})");
  CHECK(reduced(merge, "null", R"({"a":1})") == R"({"a":1})");
  CHECK_THROWS_AS(reduced(merge, "{}", "[]"), GraphError);
}

TEST_CASE("messages gives new messages an id") {
  const Value list = reducers::messages()(parse_json("[]"), parse_json("\"hello\""));
  REQUIRE(list.size() == 1);
  CHECK(message_id(list.item(0)).size() == 36);
}

}  // namespace heddle::runtime
