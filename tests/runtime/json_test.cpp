#include "runtime/json.h"

#include <bit>
#include <catch2/catch.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace heddle::runtime {
namespace {

std::uint64_t seed() {
  const char* const given = std::getenv("HEDDLE_TEST_SEED");
  return given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

std::string round_trip(std::string_view text) {
  return to_text(parse_json(text));
}

}  // namespace

TEST_CASE("Integers of 64 bits stay exact and other numbers become the nearest double") {
  CHECK(parse_json("9223372036854775807") == json::value(std::numeric_limits<std::int64_t>::max()));
  CHECK(parse_json("-9223372036854775808") == json::value(std::numeric_limits<std::int64_t>::min()));
  CHECK(parse_json("9223372036854775807").is_int64());
  CHECK(parse_json("9223372036854775808").is_uint64());
  CHECK(round_trip("18446744073709551615") == "18446744073709551615");
  CHECK(parse_json("18446744073709551616").is_double());
  CHECK(parse_json("-9223372036854775809").is_double());
  CHECK(parse_json("1.0").is_double());
  CHECK(parse_json("1e2").is_double());
  CHECK(parse_json("-0").is_int64());
  CHECK(round_trip("-0") == "0");
}

TEST_CASE("Numbers are printed the way JavaScript prints them") {
  struct Case {
    const char* read;
    const char* printed;
  };
  const std::vector<Case> cases = {
      {"1.0", "1"},
      {"-0.0", "0"},
      {"0.1", "0.1"},
      {"1e0", "1"},
      {"100.0", "100"},
      {"-1.5", "-1.5"},
      {"123.456", "123.456"},
      {"1e20", "100000000000000000000"},
      {"1e21", "1e+21"},
      {"1.5e21", "1.5e+21"},
      {"123456789012345680000.0", "123456789012345680000"},
      {"0.000001", "0.000001"},
      {"0.0000015", "0.0000015"},
      {"0.0000001", "1e-7"},
      {"1.5e-7", "1.5e-7"},
      {"-1.5e-7", "-1.5e-7"},
      {"5e-324", "5e-324"},
      {"2.2250738585072014e-308", "2.2250738585072014e-308"},
      {"2.2250738585072011e-308", "2.225073858507201e-308"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"9007199254740993.0", "9007199254740992"},
      {"4.35", "4.35"},
      {"0.30000000000000004", "0.30000000000000004"},
      {"18446744073709551616", "18446744073709552000"},
      {"1e-400", "0"},
      {"-1e-400", "0"},
      {"0e999999999999999999999", "0"},
      {"1e-999999999999999999999", "0"},
      {"1E+2", "100"},
  };
  for (const Case& each : cases) {
    INFO(each.read);
    CHECK(round_trip(each.read) == each.printed);
  }
  CHECK(to_text(std::numeric_limits<double>::quiet_NaN()) == "null");
  CHECK(to_text(-std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("A number that no double can hold is refused") {
  for (const char* const text : {"1e400", "-1e400", "1e999999999999999999999", "[1, 2e308]"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_json(text), JsonError);
  }
  const std::string long_integer(400, '9');
  CHECK_THROWS_AS(parse_json(long_integer), JsonError);
  CHECK(parse_json("0." + std::string(400, '0') + "1e401") == json::value(1.0));
  CHECK(parse_json("0." + std::string(400, '0') + "1e10") == json::value(0.0));
}

TEST_CASE("Every double survives printing and reading bit for bit") {
  const std::uint64_t used = seed();
  INFO("HEDDLE_TEST_SEED=" << used);
  std::mt19937_64 random(used);
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t bits = random();
    const auto number = std::bit_cast<double>(bits);
    if (!std::isfinite(number)) continue;
    const std::string text = to_text(number);
    double expected = 0;
    std::from_chars(text.data(), text.data() + text.size(), expected);
    const double back = parse_json(text).to_number<double>();
    if (std::bit_cast<std::uint64_t>(back) == bits && std::bit_cast<std::uint64_t>(expected) == bits) continue;
    INFO(text);
    REQUIRE(back == number);
    REQUIRE(expected == number);
  }
}

TEST_CASE("Doubles are read as from_chars reads them") {
  const std::uint64_t used = seed();
  INFO("HEDDLE_TEST_SEED=" << used);
  std::mt19937_64 random(used);
  std::uniform_int_distribution<int> digit(0, 9);
  std::uniform_int_distribution<int> length(1, 40);
  std::uniform_int_distribution<int> exponent(-330, 290);
  for (int i = 0; i < 50'000; ++i) {
    std::string text = std::to_string(digit(random)) + ".";
    for (int n = length(random); n > 0; --n) text += static_cast<char>('0' + digit(random));
    text += "e" + std::to_string(exponent(random));
    double expected = 0;
    std::from_chars(text.data(), text.data() + text.size(), expected);
    const double number = parse_json(text).get_double();
    if (std::bit_cast<std::uint64_t>(number) == std::bit_cast<std::uint64_t>(expected)) continue;
    INFO(text);
    REQUIRE(number == expected);
  }
}

TEST_CASE("Texts are read and printed the way JSON.stringify prints them") {
  struct Case {
    const char* read;
    const char* printed;
  };
  const std::vector<Case> cases = {
      {R"("")", R"("")"},
      {R"("plain text of more than eight bytes")", R"("plain text of more than eight bytes")"},
      {R"("\"\\\/\b\f\n\r\t")", R"("\"\\/\b\f\n\r\t")"},
      {R"("\u0000\u001f\u007f")", "\"\\u0000\\u001f\x7f\""},
      {R"("\u00e9\u20AC")", "\"\xC3\xA9\xE2\x82\xAC\""},
      {R"("\ud83d\ude00")", "\"\xF0\x9F\x98\x80\""},
      {"\"\xF0\x9F\x98\x80 raw\"", "\"\xF0\x9F\x98\x80 raw\""},
      {"\"abcdefg\xC3\xA9\\nhijklmno\"", "\"abcdefg\xC3\xA9\\nhijklmno\""},
      {"\"\\u2028\"", "\"\xE2\x80\xA8\""},
  };
  for (const Case& each : cases) {
    INFO(each.read);
    CHECK(round_trip(each.read) == each.printed);
    CHECK(round_trip(each.printed) == each.printed);
  }
}

TEST_CASE("A lone surrogate is kept and printed as an escape again") {
  const std::vector<std::string> texts = {
      R"("\ud800")",       R"("\udfff")",       R"("a\ud83db")",  R"("\ude00\ud83d")",
      R"("\ud83d\ud83d")", R"("\ud83d\u0041")", R"("\ud83d\\n")", R"("\ud83d\n")",
  };
  for (const std::string& text : texts) {
    INFO(text);
    const std::string printed = round_trip(text);
    CHECK(equal_json(parse_json(printed), parse_json(text)));
    CHECK(round_trip(printed) == printed);
  }
  CHECK(round_trip(R"("\ud800x")") == R"("\ud800x")");
  CHECK(round_trip(R"("\ud83d\u0041")") == R"("\ud83dA")");
  CHECK(round_trip(R"("\ud83d\ud83d\ude00")") == "\"\\ud83d\xF0\x9F\x98\x80\"");
  CHECK(parse_json(R"("\ud800")").get_string() == "\xED\xA0\x80");
}

TEST_CASE("Halves of a pair that meet in a text are printed so that they are one character when read") {
  const std::string halves = std::string("\xED\xA0\xBD") + "\xED\xB8\x80";
  std::string printed;
  print_json_string(halves, printed);
  CHECK(printed == R"("\ud83d\ude00")");
  CHECK(parse_json(printed).get_string() == "\xF0\x9F\x98\x80");
}

TEST_CASE("Bytes that are no UTF-8 become U+FFFD, one for each beginning of a character") {
  struct Case {
    std::string bytes;
    int replacements;
  };
  const std::vector<Case> cases = {
      {"\x80", 1},         {"\xFF", 1},         {"\xC3", 1},
      {"\xE2\x82", 1},     {"\xF0\x9F\x98", 1}, {"\xC0\xAF", 2},
      {"\xE0\x80\x80", 3}, {"\xED\xA0\x80", 3}, {"\xF4\x90\x80\x80", 4},
      {"\xF8", 1},         {"\xE2\x82\xE2", 2}, {"\xF0\x80\x80\x80", 4},
  };
  for (const Case& each : cases) {
    std::string expected = "a";
    for (int i = 0; i < each.replacements; ++i) expected += "\xEF\xBF\xBD";
    expected += "b";
    CHECK(parse_json("\"a" + each.bytes + "b\"").get_string() == expected);
  }
  std::string printed;
  print_json_string("a\xFF\xE2\x82", printed);
  CHECK(printed == "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST_CASE("What JSON.parse refuses is refused") {
  const std::vector<std::string> texts = {
      "",
      " ",
      "{",
      "[",
      "\"",
      "\"a",
      "tru",
      "trux",
      "nul",
      "True",
      "NaN",
      "Infinity",
      "undefined",
      "'a'",
      "01",
      "-",
      "+1",
      "1.",
      ".5",
      "1e",
      "1e+",
      "-a",
      "0x10",
      "1 2",
      "[1,]",
      "[,1]",
      "[1 2]",
      "{\"a\"}",
      "{\"a\":}",
      "{\"a\":1,}",
      "{a:1}",
      "{1:1}",
      "{\"a\":1",
      "[1",
      "]",
      "}",
      "\"\\x\"",
      "\"\\u12\"",
      "\"\\u12g4\"",
      "\"\n\"",
      "\"\t\"",
      "// 1",
      "1 // one",
      "\xEF\xBB\xBF"
      "1",
      "\"\\",
      "\"\\ud83d\\u\"",
      "\xFF",
      "[1}",
      "{\"a\":1]",
  };
  for (const std::string& text : texts) {
    INFO(text);
    CHECK_THROWS_AS(parse_json(text), JsonError);
  }
}

TEST_CASE("White space is allowed around everything") {
  CHECK(round_trip(" \t\r\n{ \"a\" : [ 1 , true , null ] , \"b\" : { } } \n") == R"({"a":[1,true,null],"b":{}})");
}

TEST_CASE("Of a key that comes twice the last value counts, in the place of the first") {
  CHECK(round_trip(R"({"a":1,"b":2,"a":3})") == R"({"a":3,"b":2})");
}

TEST_CASE("An error names line and column, and nothing of the text") {
  try {
    parse_json("{\n  \"\xC3\xA9\": secret\n}");
    FAIL("no error");
  } catch (const JsonError& error) {
    CHECK(std::string(error.what()) == "no JSON at line 2, column 8: a value is missing");
  }
}

TEST_CASE("Nesting deeper than the limit is refused, nesting up to it is read") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK_NOTHROW(parse_json(nested(512)));
  CHECK_THROWS_AS(parse_json(nested(513)), JsonError);
  CHECK_NOTHROW(parse_json("[{\"a\":[]}]", JsonLimits{.depth_max = 3}));
  CHECK_THROWS_AS(parse_json("[{\"a\":[]}]", JsonLimits{.depth_max = 2}), JsonError);
  CHECK_NOTHROW(parse_json("[[1],[2],[3]]", JsonLimits{.depth_max = 2}));
  CHECK_NOTHROW(parse_json("1", JsonLimits{.depth_max = 0}));
}

TEST_CASE("A text that is cut anywhere gives what has come so far") {
  struct Case {
    const char* text;
    const char* value;  // null pointer: nothing
  };
  const std::vector<Case> cases = {
      {"", nullptr},
      {"  ", nullptr},
      {"{", "{}"},
      {"{\"", "{}"},
      {"{\"a", "{}"},
      {"{\"a\"", "{}"},
      {"{\"a\":", "{}"},
      {"{\"a\": ", "{}"},
      {"{\"a\":1", R"({"a":1})"},
      {"{\"a\":1,", R"({"a":1})"},
      {"{\"a\":1,\"b", R"({"a":1})"},
      {"{\"a\":1,\"a\":", R"({"a":1})"},
      {"{\"a\":\"x", R"({"a":"x"})"},
      {"{\"a\":\"x\\", R"({"a":"x"})"},
      {"{\"a\":\"x\\u00", R"({"a":"x"})"},
      {"{\"a\":\"x\\ud83d", R"({"a":"x"})"},
      {"{\"a\":\"x\\ud83d\\ud", R"({"a":"x"})"},
      {"{\"a\":\"x\xF0\x9F", R"({"a":"x"})"},
      {"{\"a\":\"\\n", R"({"a":"\n"})"},
      {"{\"a\":tru", "{}"},
      {"{\"a\":true", R"({"a":true})"},
      {"{\"a\":-", "{}"},
      {"{\"a\":-1", R"({"a":-1})"},
      {"{\"a\":1.", R"({"a":1})"},
      {"{\"a\":1.5e", R"({"a":1.5})"},
      {"{\"a\":1.5e-", R"({"a":1.5})"},
      {"{\"z\":[1,", R"({"z":[1]})"},
      {"{\"z\":[1,{\"y\":[\"", R"({"z":[1,{"y":[""]}]})"},
      {"[", "[]"},
      {"[1,nul", "[1]"},
      {"[[", "[[]]"},
      {"\"abc", R"("abc")"},
      {"12", "12"},
      {"nul", nullptr},
      {"-", nullptr},
      {"{\"a\":\"two\nlines\"}", R"({"a":"two\nlines"})"},
      {"{\"a\":1} ", R"({"a":1})"},
      {"{\"a\":1}}", nullptr},
      {"{\"a\":1]", nullptr},
      {"{a", nullptr},
      {"[1,]", nullptr},
      {"hello", nullptr},
  };
  for (const Case& each : cases) {
    INFO(each.text);
    const std::optional<json::value> value = parse_partial_json(each.text);
    REQUIRE(value.has_value() == (each.value != nullptr));
    if (value) CHECK(to_text(*value) == each.value);
  }
}

TEST_CASE("Every beginning of an object can be read") {
  const std::string whole = R"( {"a": [1.5e3, true, null, "x\n\ud83d\ude00é"], "b": {"c": false, "d": -0.25}} )";
  for (std::size_t length = whole.find('{') + 1; length <= whole.size(); ++length) {
    INFO(whole.substr(0, length));
    const std::optional<json::value> value = parse_partial_json(whole.substr(0, length));
    REQUIRE(value.has_value());
    CHECK(value->is_object());
  }
  CHECK(equal_json(*parse_partial_json(whole), parse_json(whole)));
}

TEST_CASE("Pretty text looks like JSON.stringify with two blanks") {
  const json::value value = parse_json(R"({"a":[1,{"b":[]}],"c":{},"d":"x"})");
  CHECK(to_pretty_text(value) == R"({
  "a": [
    1,
    {
      "b": []
    }
  ],
  "c": {},
  "d": "x"
})");
}

TEST_CASE("Members are found in objects only") {
  const json::value value = parse_json(R"({"a":1,"b":"x"})");
  REQUIRE(find_member(value, "a"));
  CHECK(*find_member(value, "a") == json::value(1));
  CHECK_FALSE(find_member(value, "c"));
  CHECK_FALSE(find_member(json::value(3), "a"));
  CHECK(find_text(value, "b") == "x");
  CHECK_FALSE(find_text(value, "a"));
  CHECK(find_member(value.get_object(), "b") == find_member(value, "b"));
}

TEST_CASE("Equality is that of JSON") {
  struct Case {
    const char* left;
    const char* right;
    bool equal;
  };
  const std::vector<Case> cases = {
      {"1", "1.0", true},
      {"1", "1.5", false},
      {"-1", "18446744073709551615", false},
      {"18446744073709551615", "18446744073709551616.0", false},
      {"9223372036854775808", "9223372036854775808.0", true},
      {"9007199254740993", "9007199254740992.0", false},
      {"0", "-0.0", true},
      {"0", "false", false},
      {"null", "null", true},
      {R"({"a":1,"b":[2]})", R"({"b":[2.0],"a":1})", true},
      {R"({"a":1})", R"({"a":1,"b":null})", false},
      {R"({"a":1})", R"({"b":1})", false},
      {"[1,2]", "[2,1]", false},
      {R"("a")", R"("a")", true},
  };
  for (const Case& each : cases) {
    INFO(each.left << " " << each.right);
    CHECK(equal_json(parse_json(each.left), parse_json(each.right)) == each.equal);
    CHECK(equal_json(parse_json(each.right), parse_json(each.left)) == each.equal);
  }
}

}  // namespace heddle::runtime
