#include "graphs/tools/calculator.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/json.h"
#include "runtime/schema.h"

namespace heddle::graphs {
namespace {

constexpr std::size_t kLengthMax = 1000;  // characters; what a person or a model writes is far shorter
constexpr int kDepthMax = 64;             // each level is a few frames on the stack of an engine thread

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

double rounded(double value) {
  const double below = std::floor(value);
  return value - below >= 0.5 ? below + 1 : below;
}

constexpr std::string_view kFunctions =
    "sqrt, cbrt, abs, sign, min, max, round, floor, ceil, trunc, pow, exp, ln, log, log10, log2, sin, cos, tan, asin, "
    "acos, atan, atan2, hypot";

// `log` is the natural logarithm, as in JavaScript.
const std::map<std::string, double (*)(double), std::less<>> kOfOne = {
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"cbrt", [](double x) { return std::cbrt(x); }},
    {"abs", [](double x) { return std::abs(x); }},
    {"sign", [](double x) { return x > 0   ? 1.0
                                   : x < 0 ? -1.0
                                           : 0.0; }},
    {"round", rounded},
    {"floor", [](double x) { return std::floor(x); }},
    {"ceil", [](double x) { return std::ceil(x); }},
    {"trunc", [](double x) { return std::trunc(x); }},
    {"exp", [](double x) { return std::exp(x); }},
    {"ln", [](double x) { return std::log(x); }},
    {"log", [](double x) { return std::log(x); }},
    {"log10", [](double x) { return std::log10(x); }},
    {"log2", [](double x) { return std::log2(x); }},
    {"sin", [](double x) { return std::sin(x); }},
    {"cos", [](double x) { return std::cos(x); }},
    {"tan", [](double x) { return std::tan(x); }},
    {"asin", [](double x) { return std::asin(x); }},
    {"acos", [](double x) { return std::acos(x); }},
    {"atan", [](double x) { return std::atan(x); }},
};
const std::map<std::string, double (*)(double, double), std::less<>> kOfTwo = {
    {"pow", [](double x, double y) { return std::pow(x, y); }},
    {"atan2", [](double y, double x) { return std::atan2(y, x); }},
    {"hypot", [](double x, double y) { return std::hypot(x, y); }},
};

// Recursive descent: sum -> product -> signed -> power -> primary.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  double whole() {
    const double value = sum();
    skip_space();
    if (at_ < text_.size()) fail("unexpected " + quoted_rest());
    if (!std::isfinite(value)) throw std::invalid_argument("the result is not a finite number");
    return value;
  }

 private:
  double sum() {
    double value = product();
    for (;;) {
      if (take('+')) {
        value += product();
      } else if (take('-')) {
        value -= product();
      } else {
        return value;
      }
    }
  }

  double product() {
    double value = with_sign();
    for (;;) {
      if (take_times()) {
        value *= with_sign();
      } else if (take('/')) {
        value /= not_zero(with_sign());
      } else if (take('%')) {
        value = std::fmod(value, not_zero(with_sign()));
      } else {
        return value;
      }
    }
  }

  double with_sign() {
    if (++depth_ > kDepthMax) throw std::invalid_argument("the expression is nested too deeply");
    bool negative = false;
    for (;;) {
      if (take('-')) {
        negative = !negative;
      } else if (!take('+')) {
        break;
      }
    }
    const double value = power();
    --depth_;
    return negative ? -value : value;
  }

  double power() {
    const double base = primary();
    if (!take_power()) return base;
    const double value = std::pow(base, with_sign());
    if (std::isnan(value)) throw std::invalid_argument("a negative number has no such power");
    return value;
  }

  double primary() {
    skip_space();
    if (at_ == text_.size()) fail("the expression ends too early");
    const char next = text_[at_];
    if (is_digit(next) || next == '.') return number();
    if (is_letter(next)) return named();
    if (!take('(')) fail("unexpected " + quoted_rest());
    const double value = sum();
    close();
    return value;
  }

  double number() {
    double value = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error == std::errc::result_out_of_range) fail("the number is too large or too small");
    if (error != std::errc()) fail("unexpected " + quoted_rest());
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  double named() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    const std::string name(text_.substr(begin, at_ - begin));
    if (name == "pi" || name == "PI") return std::numbers::pi;
    if (name == "e" || name == "E") return std::numbers::e;
    if (!take('(')) {
      at_ = begin;
      fail("unknown name \"" + name + "\"");
    }
    std::vector<double> arguments{sum()};
    while (take(',')) arguments.push_back(sum());
    close();
    return apply(name, arguments);
  }

  static double apply(const std::string& name, const std::vector<double>& arguments) {
    if (name == "min") return *std::min_element(arguments.begin(), arguments.end());
    if (name == "max") return *std::max_element(arguments.begin(), arguments.end());
    if (const auto found = kOfTwo.find(name); found != kOfTwo.end()) {
      if (arguments.size() != 2) throw std::invalid_argument(name + " takes two arguments");
      return a_number(name, found->second(arguments[0], arguments[1]));
    }
    const auto found = kOfOne.find(name);
    if (found == kOfOne.end()) {
      throw std::invalid_argument("unknown function \"" + name + "\"; there are " + std::string(kFunctions));
    }
    if (arguments.size() > 1) throw std::invalid_argument(name + " takes one argument");
    if (name == "sqrt" && arguments.front() < 0) throw std::invalid_argument("a negative number has no square root");
    return a_number(name, found->second(arguments.front()));
  }

  static double a_number(const std::string& name, double value) {
    if (std::isnan(value)) throw std::invalid_argument(name + " has no value there");
    return value;
  }

  static double not_zero(double divisor) {
    if (divisor == 0) throw std::invalid_argument("division by zero");
    return divisor;
  }

  void close() {
    if (!take(')')) fail("a \")\" is missing");
  }

  bool take_times() {
    skip_space();
    // "**" is a power, and belongs to the operand before it.
    if (text_.substr(at_).starts_with("**")) return false;
    return take('*');
  }

  bool take_power() {
    skip_space();
    if (!text_.substr(at_).starts_with("**")) return take('^');
    at_ += 2;
    return true;
  }

  bool take(char wanted) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  std::string quoted_rest() const {
    constexpr std::size_t kShown = 10;
    // Whole characters only: the text goes into JSON.
    std::size_t end = std::min(text_.size(), at_ + kShown);
    while (end < text_.size() && end > at_ && (static_cast<unsigned char>(text_[end]) & 0xC0U) == 0x80U) --end;
    return "\"" + std::string(text_.substr(at_, end - at_)) + "\"";
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw std::invalid_argument(what + " at position " + std::to_string(at_ + 1));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

double calculate(std::string_view expression) {
  if (expression.size() > kLengthMax) throw std::invalid_argument("the expression is longer than 1000 characters");
  return Parser(expression).whole();
}

ToolPointer calculator_tool() {
  json::object schema{{"type", "object"}, {"properties", {{"input", runtime::schema::text()}}}};
  schema["additionalProperties"] = false;
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  ToolDeclaration declaration{
      "calculator",
      "Computes an arithmetic expression exactly. The input is one expression with + - * / % ^, "
      "parentheses, pi, e, and the functions " +
          std::string(kFunctions) + "; for example 3 * (4 + 5) ^ 2 / sqrt(2).",
      std::move(schema)};
  return make_tool(std::move(declaration), [](ToolContext&, const json::object& arguments) -> ToolResult {
    const std::string_view input = runtime::find_text(arguments, "input").value_or("");
    try {
      return runtime::to_text(calculate(input));
    } catch (const std::invalid_argument&) {
      return "I don't know how to do that.";
    }
  });
}

}  // namespace heddle::graphs
