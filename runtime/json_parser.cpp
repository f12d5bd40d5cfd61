// parse_json and parse_partial_json of runtime/json.h.

#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>
#include <utility>

#include "runtime/json.h"
#include "runtime/wtf8.h"

namespace heddle::runtime {
namespace {

bool is_high_surrogate(std::uint32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low_surrogate(std::uint32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

// Whether a decimal number that no double is near enough to is so because it is too large, and not
// because it is too near to zero. `number` is in JSON's form.
bool is_too_large(std::string_view number) {
  long long magnitude = 0;  // the decimal point's place, counted from the first digit that is not 0
  bool seen_digit = false;
  bool seen_point = false;
  std::size_t at = number.front() == '-' ? 1 : 0;
  for (; at < number.size() && number[at] != 'e' && number[at] != 'E'; ++at) {
    if (number[at] == '.') {
      seen_point = true;
      continue;
    }
    if (number[at] != '0') seen_digit = true;
    if (seen_digit && !seen_point) ++magnitude;
    if (!seen_digit && seen_point) --magnitude;
  }
  if (!seen_digit) return false;
  if (at == number.size()) return magnitude > 0;
  ++at;
  const bool negative = number[at] == '-';
  if (number[at] == '-' || number[at] == '+') ++at;
  constexpr long long kExponentMax = 1'000'000'000'000;  // far beyond any text's length, so that sums cannot overflow
  long long exponent = 0;
  for (; at < number.size() && exponent < kExponentMax; ++at) exponent = exponent * 10 + (number[at] - '0');
  return magnitude + (negative ? -exponent : exponent) > 0;
}

class Parser {
 public:
  // Where the text may end: after one value only, or anywhere.
  enum class Ending { whole, anywhere };

  Parser(std::string_view text, std::size_t depth_max, Ending ending)
      : text_(text), depth_left_(depth_max), ending_(ending) {}

  // False if the text is no JSON; error() says why.
  bool parse(json::value& out) {
    const Outcome outcome = value(out);
    if (outcome == Outcome::failed || outcome == Outcome::nothing) return false;
    skip_space();
    if (at_ == text_.size()) return true;
    fail("there is more after the value");
    return false;
  }

  std::string error() const {
    std::size_t line = 1;
    std::size_t column = 1;
    for (const char c : text_.substr(0, at_)) {
      if (c == '\n') {
        ++line;
        column = 1;
      } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
        ++column;  // characters, not bytes
      }
    }
    return "no JSON at line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + reason_;
  }

 private:
  // whole: a value. cut: a value of which the end of the text took a part. nothing: the text ended
  // before there was anything to keep. The middle two only with Ending::anywhere.
  enum class Outcome { whole, cut, nothing, failed };

  Outcome fail(const char* reason) {
    reason_ = reason;
    return Outcome::failed;
  }
  Outcome ended(Outcome outcome) {
    return ending_ == Ending::anywhere ? outcome : fail("the text ends inside a value");
  }
  bool at_end() const { return at_ == text_.size(); }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
  }
  std::size_t skip_digits() {
    const std::size_t start = at_;
    while (!at_end() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ - start;
  }

  Outcome value(json::value& out) {
    skip_space();
    if (at_end()) return ended(Outcome::nothing);
    switch (text_[at_]) {
      case '{':
        return nested(out, &Parser::object);
      case '[':
        return nested(out, &Parser::array);
      case 't':
        return literal(out, "true", true);
      case 'f':
        return literal(out, "false", false);
      case 'n':
        return literal(out, "null", nullptr);
      case '"': {
        ++at_;
        std::string_view found;
        const Outcome outcome = string(scratch_, found);
        if (outcome != Outcome::failed) out.emplace_string().assign(found.data(), found.size());
        return outcome;
      }
      default:
        return number(out);
    }
  }

  Outcome nested(json::value& out, Outcome (Parser::*read)(json::value&)) {
    if (depth_left_ == 0) return fail("arrays and objects are nested too deeply");
    --depth_left_;
    ++at_;
    const Outcome outcome = (this->*read)(out);
    ++depth_left_;
    return outcome;
  }

  Outcome array(json::value& out) {
    json::array& list = out.emplace_array();
    skip_space();
    if (at_end()) return ended(Outcome::cut);
    if (take(']')) return Outcome::whole;
    for (;;) {
      json::value item;
      const Outcome outcome = value(item);
      if (outcome == Outcome::failed) return outcome;
      if (outcome != Outcome::nothing) list.push_back(std::move(item));
      if (outcome != Outcome::whole) return Outcome::cut;
      skip_space();
      if (at_end()) return ended(Outcome::cut);
      if (take(']')) return Outcome::whole;
      if (!take(',')) return fail("',' or ']' is missing");
    }
  }

  Outcome object(json::value& out) {
    json::object& members = out.emplace_object();
    skip_space();
    if (at_end()) return ended(Outcome::cut);
    if (take('}')) return Outcome::whole;
    for (;;) {
      skip_space();
      if (at_end()) return ended(Outcome::cut);
      if (!take('"')) return fail("a key in quotes is missing");
      std::string buffer;
      std::string_view key;
      const Outcome key_outcome = string(buffer, key);
      if (key_outcome != Outcome::whole) return key_outcome;
      skip_space();
      if (at_end()) return ended(Outcome::cut);
      if (!take(':')) return fail("':' is missing");
      json::value member;
      const Outcome outcome = value(member);
      if (outcome == Outcome::failed) return outcome;
      if (outcome != Outcome::nothing) members.insert_or_assign(key, std::move(member));
      if (outcome != Outcome::whole) return Outcome::cut;
      skip_space();
      if (at_end()) return ended(Outcome::cut);
      if (take('}')) return Outcome::whole;
      if (!take(',')) return fail("',' or '}' is missing");
    }
  }

  Outcome literal(json::value& out, std::string_view name, json::value meant) {
    const std::string_view rest = text_.substr(at_, name.size());
    if (rest == name) {
      at_ += name.size();
      out = std::move(meant);
      return Outcome::whole;
    }
    if (!name.starts_with(rest)) return fail("a value is missing");
    at_ = text_.size();
    return ended(Outcome::nothing);
  }

  Outcome number(json::value& out) {
    const std::size_t start = at_;
    take('-');
    if (at_end()) return ended(Outcome::nothing);
    if (!take('0') && skip_digits() == 0) return fail("a value is missing");
    std::size_t end = at_;  // of the part that is a number by itself
    bool integer = true;
    if (take('.')) {
      if (skip_digits() == 0) return at_end() ? cut_number(out, start, end, integer) : fail("a digit is missing");
      integer = false;
      end = at_;
    }
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (skip_digits() == 0) return at_end() ? cut_number(out, start, end, integer) : fail("a digit is missing");
      integer = false;
      end = at_;
    }
    return convert(out, text_.substr(start, end - start), integer);
  }

  Outcome cut_number(json::value& out, std::size_t start, std::size_t end, bool integer) {
    const Outcome outcome = ended(Outcome::cut);
    return outcome == Outcome::failed ? outcome : convert(out, text_.substr(start, end - start), integer);
  }

  Outcome convert(json::value& out, std::string_view digits, bool integer) {
    const char* const first = digits.data();
    const char* const last = first + digits.size();
    if (integer) {
      std::int64_t exact = 0;
      if (std::from_chars(first, last, exact).ec == std::errc{}) {
        out = exact;
        return Outcome::whole;
      }
      std::uint64_t large = 0;
      if (*first != '-' && std::from_chars(first, last, large).ec == std::errc{}) {
        out = large;
        return Outcome::whole;
      }
    }
    double nearest = 0;
    const bool out_of_range = std::from_chars(first, last, nearest).ec != std::errc{};
    if (std::isinf(nearest) || (out_of_range && is_too_large(digits))) {
      at_ -= digits.size();
      return fail("a number is too large for a double");
    }
    if (out_of_range) nearest = *first == '-' ? -0.0 : 0.0;
    out = nearest;
    return Outcome::whole;
  }

  // Reads up to the closing quote; the opening one is taken. `found` views the source if nothing in
  // it has to be changed, else `buffer`.
  Outcome string(std::string& buffer, std::string_view& found) {
    bool copied = false;
    std::size_t run = at_;  // start of the bytes that are not copied
    const auto flush = [&] {
      if (!copied) buffer.clear();
      copied = true;
      buffer.append(text_, run, at_ - run);
    };
    const auto finish = [&] {
      if (copied) buffer.append(text_, run, at_ - run);
      found = copied ? std::string_view(buffer) : text_.substr(run, at_ - run);
    };
    for (;;) {
      at_ += plain_prefix(text_.substr(at_));
      if (at_end()) {
        finish();
        return ended(Outcome::cut);
      }
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"') {
        finish();
        ++at_;
        return Outcome::whole;
      }
      if (byte == '\\') {
        flush();
        const Outcome outcome = escape(buffer);
        run = at_;
        if (outcome == Outcome::cut) finish();
        if (outcome != Outcome::whole) return outcome;
      } else if (byte >= 0x80) {
        const Utf8 next = utf8_at(text_, at_);
        if (next.kind == Utf8::Kind::character) {
          at_ += next.length;
          continue;
        }
        flush();
        at_ += next.length;
        run = at_;
        const bool unfinished = next.kind == Utf8::Kind::cut && ending_ == Ending::anywhere;
        if (!unfinished) buffer += kReplacementCharacter;
      } else if (ending_ == Ending::anywhere) {
        ++at_;  // models put plain line breaks into the arguments of tools
      } else {
        return fail("a control character stands in a text");
      }
    }
  }

  // At a backslash. Cut: what the escape would have been is lost.
  Outcome escape(std::string& out) {
    ++at_;
    if (at_end()) return ended(Outcome::cut);
    const char kind = text_[at_++];
    switch (kind) {
      case '"':
      case '\\':
      case '/':
        out.push_back(kind);
        return Outcome::whole;
      case 'b':
        out.push_back('\b');
        return Outcome::whole;
      case 'f':
        out.push_back('\f');
        return Outcome::whole;
      case 'n':
        out.push_back('\n');
        return Outcome::whole;
      case 'r':
        out.push_back('\r');
        return Outcome::whole;
      case 't':
        out.push_back('\t');
        return Outcome::whole;
      case 'u':
        break;
      default:
        --at_;
        return fail("an escape is unknown");
    }
    std::uint32_t unit = 0;
    const Outcome outcome = code_unit(unit);
    if (outcome != Outcome::whole) return outcome;
    if (is_high_surrogate(unit)) {
      const std::string_view rest = text_.substr(at_, 2);
      const bool may_go_on = rest.size() < 2 && std::string_view("\\u").starts_with(rest);
      if (may_go_on && ending_ == Ending::anywhere) {
        at_ = text_.size();
        return Outcome::cut;
      }
      if (rest == "\\u") return after_high_surrogate(out, unit);
    }
    append_wtf8(out, unit);
    return Outcome::whole;
  }

  // At an escape of the form \u that follows the high surrogate `high`.
  Outcome after_high_surrogate(std::string& out, std::uint32_t high) {
    const std::size_t start = at_;
    at_ += 2;
    std::uint32_t low = 0;
    const Outcome outcome = code_unit(low);
    if (outcome != Outcome::whole) return outcome;
    if (is_low_surrogate(low)) {
      append_wtf8(out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
    } else {
      append_wtf8(out, high);
      at_ = start;  // the second escape may itself begin a pair
    }
    return Outcome::whole;
  }

  Outcome code_unit(std::uint32_t& unit) {
    for (int i = 0; i < 4; ++i) {
      if (at_end()) return ended(Outcome::cut);
      const char c = text_[at_];
      std::uint32_t digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<std::uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<std::uint32_t>(c - 'a' + 10);
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<std::uint32_t>(c - 'A' + 10);
      } else {
        return fail("a hexadecimal digit is missing");
      }
      unit = unit << 4 | digit;
      ++at_;
    }
    return Outcome::whole;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_left_;
  Ending ending_;
  const char* reason_ = "the text is empty";
  std::string scratch_;  // of texts with escapes; kept for its capacity
};

}  // namespace

json::value parse_json(std::string_view text, JsonLimits limits) {
  Parser parser(text, limits.depth_max, Parser::Ending::whole);
  json::value value;
  if (!parser.parse(value)) throw JsonError(parser.error());
  return value;
}

json::object parse_json_object(std::string_view text) {
  json::value value = parse_json(text);
  return value.is_object() ? std::move(value.as_object()) : json::object{};
}

std::optional<json::value> parse_partial_json(std::string_view text) {
  Parser parser(text, JsonLimits{}.depth_max, Parser::Ending::anywhere);
  json::value value;
  if (!parser.parse(value)) return std::nullopt;
  return value;
}

}  // namespace heddle::runtime
