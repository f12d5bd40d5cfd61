#include "runtime/schema_check.h"

#include <catch2/catch.hpp>

#include "runtime/json.h"

using namespace heddle::runtime;
namespace json = boost::json;

namespace {

std::string mismatch(std::string_view schema, std::string_view value) {
  return schema_mismatch(parse_json(schema).as_object(), parse_json(value)).value_or("fits");
}

}  // namespace

TEST_CASE("A schema without keywords that are known takes anything") {
  CHECK(mismatch("{}", "null") == "fits");
  CHECK(mismatch(R"({"title":"x","type":7,"items":true,"properties":[]})", "[1]") == "fits");
}

TEST_CASE("Kinds are compared, and a number without fraction is an integer") {
  CHECK(mismatch(R"({"type":"string"})", "5") == "\n\u2716 Invalid input: expected string, received number");
  CHECK(mismatch(R"({"type":["string","null"]})", "true") ==
        "\n\u2716 Invalid input: expected string|null, received boolean");
  CHECK(mismatch(R"({"type":"integer"})", "2.0") == "fits");
  CHECK(mismatch(R"({"type":"integer"})", "2.5") != "fits");
  CHECK(mismatch(R"({"type":"object"})", "[]") != "fits");
}

TEST_CASE("What does not fit is named by its place, however deep") {
  const char* const schema = R"({"type":"object","required":["a","more"],"properties":{
      "a":{"type":"object","properties":{"list":{"type":"array","items":{"type":"number"}}}}}})";
  CHECK(mismatch(schema, R"({"a":{"list":[1,"x"]},"more":1})") ==
        "\n\u2716 Invalid input: expected number, received string\n  \u2192 at a.list[1]");
  CHECK(mismatch(schema, "{}") ==
        "\n\u2716 Invalid input: expected object, received undefined\n  \u2192 at a"
        "\n\u2716 Invalid input: expected a value, received undefined\n  \u2192 at more");
}

TEST_CASE("Choices are kept to, and their values are in no text") {
  CHECK(mismatch(R"({"enum":["a","b"]})", R"("b")") == "fits");
  CHECK(mismatch(R"({"enum":["a","b"]})", R"("secret")") ==
        "\n\u2716 Invalid option: expected one of the 2 that the schema names");
  CHECK(mismatch(R"({"const":1})", "1") == "fits");
  CHECK(mismatch(R"({"const":1})", "1.0") == "fits");
  CHECK(mismatch(R"({"enum":[1,2]})", "2.0") == "fits");
  CHECK(mismatch(R"({"const":1})", "2") != "fits");
  CHECK(mismatch(R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "null") == "fits");
  CHECK(mismatch(R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "1") ==
        "\n\u2716 Invalid input: fits none of the schema's ways");
}

TEST_CASE("Keys that the schema does not know are refused only where it says so") {
  CHECK(mismatch(R"({"properties":{"a":{}}})", R"({"a":1,"b":2})") == "fits");
  CHECK(mismatch(R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1,"b":2})") ==
        "\n\u2716 Unrecognized key: \"b\"");
  const json::object schema{{"properties", {{"a", json::object{}}}}, {"additionalProperties", false}};
  CHECK_FALSE(schema_mismatch(schema, {{"a", 1}, {"b", 2}}, UnknownKeys::passed_over));
}

TEST_CASE("No more is told than somebody reads, however much does not fit") {
  std::string zeros = "0";
  for (int count = 0; count < 10'000; ++count) zeros += ",0";
  const std::string text = mismatch(R"({"items":{"type":"string"}})", "[" + zeros + "]");
  CHECK(text.size() < 2'000);
  CHECK(text.ends_with("at [19]"));
  CHECK(mismatch(R"({"anyOf":[{"items":{"type":"string"}},{"type":"array"}]})", "[" + zeros + "]") == "fits");
}

TEST_CASE("A value that is nested deeper than anybody looks does not end the process") {
  std::string schema = "{}";
  std::string value = "1";
  for (int level = 0; level < 100; ++level) {
    schema = R"({"type":"array","items":)" + schema + "}";
    value = "[" + value + "]";
  }
  CHECK(mismatch(schema, value) == "fits");
}
