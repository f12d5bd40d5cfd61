#include "tests/fixtures/js_text.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "runtime/json.h"
#include "runtime/state.h"

using namespace heddle::fixtures;

TEST_CASE("The length of a text counts UTF-16 units, as JavaScript does") {
  CHECK(js_length("") == 0);
  CHECK(js_length("h\u00e9llo") == 5);
  CHECK(js_length("\U0001F600!") == 3);
}

TEST_CASE("A text is cut between UTF-16 units, also in the middle of a pair") {
  CHECK(js_cut("h\u00e9llo", 2) == std::pair<std::string, std::string>("h\u00e9", "llo"));
  CHECK(js_cut("ab", 5) == std::pair<std::string, std::string>("ab", ""));
  CHECK(js_cut("\U0001F600", 1) == std::pair<std::string, std::string>("\xED\xA0\xBD", "\xED\xB8\x80"));
}

TEST_CASE("Words keep the white space in front of them and lose it at the end") {
  CHECK(js_words("Echo: hi  there ") == std::vector<std::string>{"Echo:", " hi", "  there"});
  CHECK(js_words("\u3000a\u00a0b\ufeff") == std::vector<std::string>{"\u3000a", "\u00a0b"});
  CHECK(js_words(" ").empty());
  CHECK(js_words("").empty());
}

TEST_CASE("Texts are split at every separator, and empty parts are kept") {
  CHECK(js_split("a and b", " and ") == std::vector<std::string>{"a", "b"});
  CHECK(js_split("a  b ", " ") == std::vector<std::string>{"a", "", "b", ""});
  CHECK(js_split("", " ") == std::vector<std::string>{""});
}

TEST_CASE("Numbers are read the way Number() reads them") {
  CHECK(js_number("") == 0);
  CHECK(js_number(" 12\u00a0") == 12);
  CHECK(js_number("-.5e1") == -5);
  CHECK(js_number("1.") == 1);
  CHECK(js_number("0x1F") == 31);
  CHECK(std::isinf(js_number("-Infinity")));
  CHECK(std::isinf(js_number("1e400")));
  CHECK(js_number("1e-400") == 0);
  for (const char* none : {"x", "1x", "inf", "nan", "--1", "+ 1", "0x", "1e", ".", "-0x10"}) {
    INFO(none);
    CHECK(std::isnan(js_number(none)));
  }
}

TEST_CASE("Whole numbers become integers, and what JSON cannot say becomes null") {
  CHECK(heddle::runtime::to_text(js_json(3)) == "3");
  CHECK(heddle::runtime::to_text(js_json(0.5)) == "0.5");
  CHECK(heddle::runtime::to_text(js_json(1e21)) == "1e+21");
  CHECK(js_json(std::nan("")).is_null());
}

TEST_CASE("Templates print values the way JavaScript does") {
  using heddle::runtime::parse_json;
  CHECK(js_template(parse_json(R"("a")")) == "a");
  CHECK(js_template(parse_json("null")) == "null");
  CHECK(js_template(parse_json("true")) == "true");
  CHECK(js_template(parse_json("1.50")) == "1.5");
  CHECK(js_template(parse_json("{}")) == "[object Object]");
  CHECK(js_template(parse_json(R"([1,null,["a",{}]])")) == "1,,a,[object Object]");
  CHECK(js_template(heddle::runtime::State(), "missing") == "undefined");
}

TEST_CASE("Texts are sorted by UTF-16 units, where a pair comes before U+FFFF") {
  std::vector<std::string> texts = {"\uffff", "\U0001F600", "b", "B"};
  js_sort(texts);
  CHECK(texts == std::vector<std::string>{"B", "b", "\U0001F600", "\uffff"});
}
