#include "graphs/tools/calculator.h"

#include <algorithm>
#include <charconv>
#include <cmath>
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
    while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    const std::string name(text_.substr(begin, at_ - begin));
    if (name == "pi") return std::numbers::pi;
    if (name == "e") return std::numbers::e;
    if (!take('(')) {
      at_ = begin;
      fail("unknown name \"" + name + "\"");
    }
    std::vector<double> arguments{sum()};
    while (take(',')) arguments.push_back(sum());
    close();
    return apply(name, arguments);
  }

  double apply(const std::string& name, const std::vector<double>& arguments) {
    if (name == "min") return *std::min_element(arguments.begin(), arguments.end());
    if (name == "max") return *std::max_element(arguments.begin(), arguments.end());
    const double value = arguments.front();
    using Function = double (*)(double);
    Function function = nullptr;
    if (name == "sqrt") function = [](double x) { return std::sqrt(x); };
    if (name == "abs") function = [](double x) { return std::abs(x); };
    if (name == "round") function = rounded;
    if (name == "floor") function = [](double x) { return std::floor(x); };
    if (name == "ceil") function = [](double x) { return std::ceil(x); };
    if (function == nullptr) {
      throw std::invalid_argument("unknown function \"" + name +
                                  "\"; there are sqrt, abs, min, max, round, floor, ceil");
    }
    if (arguments.size() > 1) throw std::invalid_argument(name + " takes one argument");
    if (name == "sqrt" && value < 0) throw std::invalid_argument("a negative number has no square root");
    return function(value);
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
  json::object expression = described(runtime::schema::text(), "For example: 3 * (4 + 5) ^ 2 / sqrt(2)");
  ToolDeclaration declaration{
      "calculator",
      "Computes an arithmetic expression with + - * / % ^, parentheses, pi, e, and the functions "
      "sqrt, abs, min, max, round, floor and ceil.",
      parameters({{"expression", std::move(expression)}})};
  return make_tool(std::move(declaration), [](ToolContext&, const json::object& arguments) -> ToolResult {
    return runtime::to_text(calculate(std::string_view(arguments.at("expression").as_string())));
  });
}

}  // namespace heddle::graphs
