#include "api/services/extract_path.h"

#include <catch2/catch.hpp>

#include "runtime/json.h"

namespace heddle::api {
namespace {

// What the path finds, as text; empty for nothing.
std::string found(std::string_view path, std::string_view part) {
  const std::optional<ExtractPath> parsed = ExtractPath::parse(path);
  REQUIRE(parsed);
  const boost::json::value inside = runtime::parse_json(part);
  const boost::json::value* place = parsed->find(inside);
  return place == nullptr ? "" : runtime::to_text(*place);
}

TEST_CASE("A path goes by keys and by indices, also from the end") {
  const std::string_view values = R"({"messages":[{"content":"a"},{"content":"b"}],"n":null})";
  CHECK(found("values.messages[0].content", values) == R"("a")");
  CHECK(found("values.messages[-1].content", values) == R"("b")");
  CHECK(found("values.n", values) == "null");
  CHECK(found("values", "[1]") == "[1]");
  CHECK(found("values[0]", "[1]") == "1");
}

TEST_CASE("A path that leads nowhere finds nothing") {
  CHECK(found("values.a.b", R"({"a":1})").empty());
  CHECK(found("values.a[1]", R"({"a":[1]})").empty());
  CHECK(found("values.a[-2]", R"({"a":[1]})").empty());
  CHECK(found("values[0]", R"({"0":1})").empty());
  CHECK(found("metadata.x", "null").empty());
}

TEST_CASE("A path that is none is refused") {
  for (const char* text : {"", "status", "value.a", "values.", "values..a", "values[", "values[]", "values[a]",
                           "values[0", "values[0]a", "values[99999999999999999999]", ".values"}) {
    INFO(text);
    CHECK_FALSE(ExtractPath::parse(text));
  }
}

}  // namespace
}  // namespace heddle::api
