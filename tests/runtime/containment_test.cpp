#include "runtime/containment.h"

#include <catch2/catch.hpp>

#include "runtime/json.h"

namespace heddle::runtime {
namespace {

bool contains(std::string_view stored, std::string_view filter) {
  return contains_json(parse_json(stored), parse_json(filter));
}

TEST_CASE("An object contains a filter whose keys it has, however deep") {
  CHECK(contains(R"({"a":{"b":1,"c":2},"d":3})", R"({"a":{"b":1}})"));
  CHECK(contains(R"({"a":1})", "{}"));
  CHECK_FALSE(contains(R"({"a":{"b":1}})", R"({"a":{"b":2}})"));
  CHECK_FALSE(contains(R"({"a":1})", R"({"b":1})"));
  CHECK_FALSE(contains(R"([1])", "{}"));
}

TEST_CASE("Scalars are compared by value and type") {
  CHECK(contains("1", "1.0"));
  CHECK_FALSE(contains("1", R"("1")"));
  CHECK(contains(R"({"a":null})", R"({"a":null})"));
  CHECK_FALSE(contains("{}", R"({"a":null})"));
}

TEST_CASE("Each element of a list in the filter is somewhere in the list") {
  CHECK(contains("[1,2,3]", "[3,1,1]"));
  CHECK(contains(R"([{"type":"ai","id":"x"}])", R"([{"type":"ai"}])"));
  CHECK(contains("[]", "[]"));
  CHECK_FALSE(contains("[1,2]", "[3]"));
  CHECK_FALSE(contains(R"({"0":1})", "[1]"));
}

}  // namespace
}  // namespace heddle::runtime
