#include "graphs/tools/calculator.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtime/json.h"
#include "tests/graphs/fake_context.h"
#include "tests/graphs/tool_call.h"
#include "tests/support/run.h"

using namespace heddle::graphs;

TEST_CASE("Expressions have the value that school taught, printed as JavaScript prints it") {
  struct Row {
    const char* expression;
    const char* value;
  };
  const std::vector<Row> rows = {
      {"1+2", "3"},
      {" 2 * 3 + 4 ", "10"},
      {"2+3*4", "14"},
      {"(2+3)*4", "20"},
      {"10/4", "2.5"},
      {"7%3", "1"},
      {"-7%3", "-1"},
      {"2^3^2", "512"},
      {"2**3", "8"},
      {"-2^2", "-4"},
      {"(-2)^2", "4"},
      {"2^-1", "0.5"},
      {"--3", "3"},
      {"+3", "3"},
      {"3 - -2", "5"},
      {".5+1.", "1.5"},
      {"1e3", "1000"},
      {"0.1+0.2", "0.30000000000000004"},
      {"2^100", "1.2676506002282294e+30"},
      {"sqrt(16)", "4"},
      {"abs(-3)", "3"},
      {"min(3,1,2)", "1"},
      {"max(3, 1)", "3"},
      {"round(2.5)", "3"},
      {"round(-2.5)", "-2"},
      {"floor(-1.5)", "-2"},
      {"ceil(1.2)", "2"},
      {"2*pi", "6.283185307179586"},
      {"e", "2.718281828459045"},
      {"PI - E", "0.423310825130748"},
      {"log(e) + ln(1)", "1"},
      {"log10(1000) + log2(8)", "6"},
      {"pow(2, 10)", "1024"},
      {"cos(0) + sin(0) + atan2(0, 1)", "1"},
      {"trunc(-1.7) + sign(-3)", "-2"},
      {"cbrt(27) + hypot(3, 4) + exp(0)", "9"},
      {"0*-1", "0"},
      {"10000000000000000000000", "1e+22"},
  };
  for (const Row& row : rows) {
    INFO(row.expression);
    CHECK(heddle::runtime::to_text(calculate(row.expression)) == row.value);
  }
}

TEST_CASE("What is no expression is refused with a text that says what and where") {
  struct Row {
    std::string expression;
    const char* text;
  };
  const std::vector<Row> rows = {
      {"", "the expression ends too early at position 1"},
      {"1+", "the expression ends too early at position 3"},
      {"(1+2", "a \")\" is missing at position 5"},
      {"1 2", "unexpected \"2\" at position 3"},
      {"2x", "unexpected \"x\" at position 2"},
      {"1/0", "division by zero"},
      {"1%0", "division by zero"},
      {"sqrt(-1)", "a negative number has no square root"},
      {"(-8)^0.5", "a negative number has no such power"},
      {"sqrt(1,2)", "sqrt takes one argument"},
      {"system(1)",
       "unknown function \"system\"; there are sqrt, cbrt, abs, sign, min, max, round, floor, ceil, trunc, pow, "
       "exp, ln, log, log10, log2, sin, cos, tan, asin, acos, atan, atan2, hypot"},
      {"pow(1)", "pow takes two arguments"},
      {"asin(2)", "asin has no value there"},
      {"log(0)", "the result is not a finite number"},
      {"x", "unknown name \"x\" at position 1"},
      {"1e999", "the number is too large or too small at position 1"},
      {"10^400", "the result is not a finite number"},
      {"*", "unexpected \"*\" at position 1"},
      {std::string(1001, '1'), "the expression is longer than 1000 characters"},
      {std::string(200, '(') + "1" + std::string(200, ')'), "the expression is nested too deeply"},
  };
  for (const Row& row : rows) {
    INFO(row.expression);
    CHECK_THROWS_WITH(calculate(row.expression), row.text);
  }
}

TEST_CASE("The calculator's schema is that of the sample, and its input may be missing") {
  CHECK(heddle::runtime::to_text(calculator_tool()->declaration().parameters) ==
        R"({"type":"object","properties":{"input":{"type":"string"}},"additionalProperties":false,)"
        R"("$schema":"http://json-schema.org/draft-07/schema#"})");
}

TEST_CASE("The calculator answers in JavaScript's form of numbers, and says when it cannot") {
  boost::asio::io_context io;
  heddle::test::FakeTask task;
  heddle::test::FakeContext node(task, heddle::runtime::State());
  ToolContext context(node, "calculator", "1", "key");
  const ToolPointer calculator = calculator_tool();
  auto answer = [&](json::object arguments) {
    return heddle::test::run(io, heddle::test::text_of_call(calculator, context, std::move(arguments)));
  };
  CHECK(answer({{"input", "6*7"}}) == "42");
  CHECK(answer({{"input", "10^21"}}) == "1e+21");
  CHECK(answer({{"input", "1/10"}}) == "0.1");
  for (json::object unknown :
       {json::object{{"input", "six times seven"}}, json::object{{"input", "1/0"}}, json::object{}}) {
    CHECK(answer(std::move(unknown)) == "I don't know how to do that.");
  }
}
