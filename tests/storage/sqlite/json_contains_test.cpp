#include "storage/sqlite/json_contains.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>

namespace heddle::storage::sqlite {
namespace {

class FunctionFixture {
 public:
  FunctionFixture() : database_(":memory:", SQLite::OPEN_READWRITE) { register_json_functions(database_); }

  bool contains(const std::optional<std::string>& stored, const std::string& filter) {
    SQLite::Statement statement(database_, "SELECT json_contains(?, ?)");
    if (stored) statement.bind(1, *stored);
    statement.bind(2, filter);
    statement.executeStep();
    return statement.getColumn(0).getInt() == 1;
  }

  bool overlay_contains(const std::optional<std::string>& shared, const std::string& own, const std::string& filter) {
    SQLite::Statement statement(database_, "SELECT overlay_contains(?, ?, 'loop', 3, ?)");
    if (shared) statement.bind(1, *shared);
    statement.bind(2, own);
    statement.bind(3, filter);
    statement.executeStep();
    return statement.getColumn(0).getInt() == 1;
  }

  bool meets(const std::string& stored, const std::string& key, FilterOperator op, const std::string& operand) {
    SQLite::Statement statement(database_, "SELECT json_meets(?, ?)");
    statement.bind(1, stored);
    statement.bind(2, conditions_text({{key, op, operand}}));
    statement.executeStep();
    return statement.getColumn(0).getInt() == 1;
  }

 private:
  SQLite::Database database_;
};

std::string nested(int depth) {
  const auto count = static_cast<std::size_t>(depth);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "{\"a\":";
  return text + "1" + std::string(count, '}');
}

struct Row {
  const char* stored;
  const char* filter;
  bool matches;
};

const Row kRows[] = {
    {R"({"a":1,"b":2})", R"({})", true},
    {R"({"a":1,"b":2})", R"({"a":1})", true},
    {R"({"a":1,"b":2})", R"({"b":2,"a":1})", true},
    {R"({"a":1})", R"({"a":1,"b":2})", false},
    {R"({"a":{"b":{"c":1,"d":2}}})", R"({"a":{"b":{"c":1}}})", true},
    {R"({"a":{"b":{"c":1}}})", R"({"a":{"b":{}}})", true},
    {R"({"a":{"b":{"c":1}}})", R"({"a":{"b":{"c":2}}})", false},
    // Scalars: by value and type.
    {R"({"a":1})", R"({"a":"1"})", false},
    {R"({"a":1})", R"({"a":1.0})", true},
    {R"({"a":1})", R"({"a":1.5})", false},
    {R"({"a":0})", R"({"a":-0.0})", true},
    {R"({"a":1})", R"({"a":true})", false},
    {R"({"a":true})", R"({"a":true})", true},
    {R"({"a":true})", R"({"a":false})", false},
    {R"({"a":"x"})", R"({"a":"x"})", true},
    {R"({"a":"x"})", R"({"a":"X"})", false},
    {R"({"a":"\u00e9"})", R"({"a":"é"})", true},
    {R"({"a":9007199254740993})", R"({"a":9007199254740992.0})", false},
    {R"({"a":9007199254740992})", R"({"a":9007199254740992.0})", true},
    {R"({"a":18446744073709551615})", R"({"a":18446744073709551615})", true},
    {R"({"a":18446744073709551615})", R"({"a":-1})", false},
    {R"({"a":-1})", R"({"a":18446744073709551615})", false},
    {R"({"a":9223372036854775808})", R"({"a":9223372036854775808.0})", true},
    {R"({"a":1e300})", R"({"a":1e300})", true},
    {R"({"a":1e300})", R"({"a":1})", false},
    // Null matches what is there and null.
    {R"({"a":null})", R"({"a":null})", true},
    {R"({})", R"({"a":null})", false},
    {R"({"a":0})", R"({"a":null})", false},
    {R"({"a":null})", R"({"a":0})", false},
    // Lone surrogates, as JavaScript may send them, are texts like others.
    {R"({"a":"\ud800"})", R"({"a":"\ud800"})", true},
    {R"({"a":"\uD800x"})", R"({"a":"\ud801x"})", false},
    {R"({"b":"\udc00","a":1})", R"({"a":1})", true},
    {R"({"a":"\ud83d\ude00"})", R"({"a":"😀"})", true},
    {R"({"a":"\ud83d\ud83d\ude00"})", R"({"a":"\ud83d😀"})", true},
    {R"({"a":"\\ud800"})", R"({"a":"\ud800"})", false},
    // Arrays: every wanted element is in some element.
    {R"({"a":[1,2,3]})", R"({"a":[3,1]})", true},
    {R"({"a":[1,2,3]})", R"({"a":[1,1]})", true},
    {R"({"a":[1,2,3]})", R"({"a":[4]})", false},
    {R"({"a":[1]})", R"({"a":[]})", true},
    {R"({"a":[]})", R"({"a":[1]})", false},
    {R"({"a":[{"b":1,"c":2}]})", R"({"a":[{"c":2}]})", true},
    {R"({"a":[{"b":1},{"c":2}]})", R"({"a":[{"b":1,"c":2}]})", false},
    {R"({"a":[[1,2],[3]]})", R"({"a":[[2]]})", true},
    {R"({"a":["x"]})", R"({"a":"x"})", false},
    {R"({"a":"x"})", R"({"a":["x"]})", false},
    {R"({"a":{}})", R"({"a":[]})", false},
    {R"([])", R"({"a":1})", false},
    {R"(null)", R"({})", true},
};

}  // namespace

TEST_CASE_METHOD(FunctionFixture, "Containment follows the rule of PostgreSQL") {
  for (const Row& row : kRows) {
    INFO(row.stored << " contains " << row.filter);
    CHECK(contains(row.stored, row.filter) == row.matches);
  }
}

TEST_CASE_METHOD(FunctionFixture, "A missing value and text that is no JSON match only the empty filter") {
  const std::optional<std::string> stored = GENERATE(as<std::optional<std::string>>{}, std::nullopt, "", "{", "{} x");
  CHECK(contains(stored, "{}"));
  CHECK_FALSE(contains(stored, R"({"a":1})"));
}

TEST_CASE_METHOD(FunctionFixture, "Values are compared down to a depth of 2,100") {
  CHECK(contains(nested(2'000), nested(2'000)));
  CHECK_FALSE(contains(nested(2'200), nested(2'000)));
}

TEST_CASE_METHOD(FunctionFixture, "A filter that is no JSON is an error") {
  CHECK_THROWS_AS(contains("{}", "{"), SQLite::Exception);
  CHECK_THROWS_AS(contains("{}", nested(2'200)), SQLite::Exception);
}

TEST_CASE_METHOD(FunctionFixture, "The metadata of a checkpoint is the shared one, its own, and its source and step") {
  const std::string shared = R"({"graph_id":"g","over":"shared","step":-7})";
  const std::string own = R"({"over":"own","source":"fork"})";
  CHECK(overlay_contains(shared, own, R"({"graph_id":"g","over":"own","source":"loop","step":3})"));
  CHECK_FALSE(overlay_contains(shared, own, R"({"over":"shared"})"));
  CHECK_FALSE(overlay_contains(shared, own, R"({"step":-7})"));
  CHECK(overlay_contains(std::nullopt, "{}", R"({"step":3})"));
}

TEST_CASE_METHOD(FunctionFixture, "Conditions compare numbers with numbers and texts with texts") {
  struct Case {
    FilterOperator op;
    const char* operand;
    bool holds;
  };
  const Case cases[] = {
      {FilterOperator::eq, "5", true},
      {FilterOperator::eq, "5.0", true},
      {FilterOperator::eq, "\"5\"", false},
      {FilterOperator::ne, "5", false},
      {FilterOperator::ne, "\"5\"", true},
      {FilterOperator::gt, "4.5", true},
      {FilterOperator::gt, "5", false},
      {FilterOperator::gte, "5", true},
      {FilterOperator::lt, "5.5", true},
      {FilterOperator::lt, "5", false},
      {FilterOperator::lte, "5", true},
      {FilterOperator::lt, "\"9\"", false},
      {FilterOperator::gt, "null", false},
      {FilterOperator::gt, "-1e300", true},
      {FilterOperator::lt, "18446744073709551615", true},
  };
  for (const Case& tried : cases) {
    INFO("5 and " << tried.operand);
    CHECK(meets(R"({"n":5})", "n", tried.op, tried.operand) == tried.holds);
  }
  CHECK(meets(R"({"t":"2026-11-22"})", "t", FilterOperator::gt, "\"2026-11-21\""));
  CHECK_FALSE(meets(R"({"t":"2026-11-22"})", "t", FilterOperator::lt, "\"2026-11-21\""));
}

TEST_CASE_METHOD(FunctionFixture, "A key that is not there equals null and has no order") {
  CHECK(meets("{}", "n", FilterOperator::eq, "null"));
  CHECK(meets("{}", "n", FilterOperator::ne, "1"));
  CHECK_FALSE(meets("{}", "n", FilterOperator::lte, "null"));
  CHECK_FALSE(meets("[]", "n", FilterOperator::eq, "null"));
}

TEST_CASE("Keys of conditions are data, whatever they look like") {
  FunctionFixture functions;
  const std::string key = R"(a"b'c$.d)";
  CHECK(functions.meets(R"({"a\"b'c$.d":1})", key, FilterOperator::eq, "1"));
}

}  // namespace heddle::storage::sqlite
