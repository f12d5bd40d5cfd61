#include "runtime/json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include "runtime/wtf8.h"

namespace heddle::runtime {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void print_escape(std::uint32_t unit, std::string& out) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kHexDigits[unit >> shift & 0xF]);
}

void print_control(char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      print_escape(static_cast<unsigned char>(c), out);
  }
}

template <class Integer>
void print_integer(Integer number, std::string& out) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

// Number::toString of ECMAScript: the shortest digits that read back as the same double.
void print_double(double number, std::string& out) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  if (number == 0) {
    out += '0';
    return;
  }
  if (number < 0) out += '-';
  std::array<char, 32> printed{};  // d.ddddde-xxx
  const auto end =
      std::to_chars(printed.data(), printed.data() + printed.size(), std::fabs(number), std::chars_format::scientific)
          .ptr;
  const std::string_view scientific(printed.data(), static_cast<std::size_t>(end - printed.data()));
  const std::size_t mark = scientific.find('e');
  std::string digits(1, scientific[0]);
  if (mark > 2) digits += scientific.substr(2, mark - 2);
  int exponent = 0;
  const bool negative = scientific[mark + 1] == '-';
  std::from_chars(scientific.data() + mark + 2, end, exponent);
  if (negative) exponent = -exponent;

  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // how many digits stand before the decimal point
  if (point >= count && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (point > 0 && point <= 21) {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out += '.';
    out.append(digits, static_cast<std::size_t>(point));
  } else if (point > -6 && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out += digits[0];
    if (count > 1) {
      out += '.';
      out.append(digits, 1);
    }
    out += exponent < 0 ? "e-" : "e+";
    print_integer(exponent < 0 ? -exponent : exponent, out);
  }
}

// Prints compactly, or with line breaks and two blanks per level the way JSON.stringify does.
class Printer {
 public:
  enum class Layout { compact, pretty };

  Printer(std::string& out, Layout layout) : out_(out), layout_(layout) {}

  void print(const json::value& value) {
    switch (value.kind()) {
      case json::kind::null:
        out_ += "null";
        return;
      case json::kind::bool_:
        out_ += value.get_bool() ? "true" : "false";
        return;
      case json::kind::int64:
        print_integer(value.get_int64(), out_);
        return;
      case json::kind::uint64:
        print_integer(value.get_uint64(), out_);
        return;
      case json::kind::double_:
        print_double(value.get_double(), out_);
        return;
      case json::kind::string:
        print_json_string(value.get_string(), out_);
        return;
      case json::kind::array:
        print(value.get_array());
        return;
      case json::kind::object:
        print(value.get_object());
        return;
    }
  }

  void print(const json::array& list) {
    out_ += '[';
    ++level_;
    bool first = true;
    for (const json::value& item : list) {
      separate(first);
      print(item);
    }
    close(first, ']');
  }

  void print(const json::object& members) {
    out_ += '{';
    ++level_;
    bool first = true;
    for (const json::key_value_pair& member : members) {
      separate(first);
      print_json_string(member.key(), out_);
      out_ += layout_ == Layout::pretty ? ": " : ":";
      print(member.value());
    }
    close(first, '}');
  }

 private:
  void separate(bool& first) {
    if (!first) out_ += ',';
    first = false;
    break_line();
  }
  void close(bool empty, char bracket) {
    --level_;
    if (!empty) break_line();
    out_ += bracket;
  }
  void break_line() {
    if (layout_ == Layout::compact) return;
    out_ += '\n';
    out_.append(level_ * 2, ' ');
  }

  std::string& out_;
  Layout layout_;
  std::size_t level_ = 0;
};

bool equal_number(std::int64_t left, double right) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  return right >= -kLimit && right < kLimit && static_cast<double>(static_cast<std::int64_t>(right)) == right &&
         static_cast<std::int64_t>(right) == left;
}

bool equal_number(std::uint64_t left, double right) {
  constexpr double kLimit = 18446744073709551616.0;  // 2^64
  return right >= 0 && right < kLimit && static_cast<double>(static_cast<std::uint64_t>(right)) == right &&
         static_cast<std::uint64_t>(right) == left;
}

bool equal_numbers(const json::value& left, const json::value& right) {
  if (left.is_double()) {
    if (right.is_double()) return left.get_double() == right.get_double();
    return equal_numbers(right, left);
  }
  if (left.is_int64()) {
    if (right.is_int64()) return left.get_int64() == right.get_int64();
    if (right.is_uint64()) return std::cmp_equal(left.get_int64(), right.get_uint64());
    return equal_number(left.get_int64(), right.get_double());
  }
  if (right.is_int64()) return std::cmp_equal(left.get_uint64(), right.get_int64());
  if (right.is_uint64()) return left.get_uint64() == right.get_uint64();
  return equal_number(left.get_uint64(), right.get_double());
}

}  // namespace

void print_json(const json::value& value, std::string& out) {
  Printer(out, Printer::Layout::compact).print(value);
}

void print_json(const json::object& members, std::string& out) {
  Printer(out, Printer::Layout::compact).print(members);
}

void print_json_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t run = 0;  // start of the bytes that are not printed yet
  std::size_t at = 0;
  for (;;) {
    at += plain_prefix(text.substr(at));
    if (at == text.size()) break;
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      out.append(text, run, at - run);
      print_control(text[at], out);
      run = ++at;
      continue;
    }
    const Utf8 next = utf8_at(text, at);
    if (next.kind == Utf8::Kind::character) {
      at += next.length;
      continue;
    }
    out.append(text, run, at - run);
    if (const std::optional<std::uint32_t> surrogate = surrogate_at(text, at)) {
      print_escape(*surrogate, out);
      at += 3;
    } else {
      out += kReplacementCharacter;
      at += next.length;
    }
    run = at;
  }
  out.append(text, run, at - run);
  out += '"';
}

std::string to_text(const json::value& value) {
  std::string out;
  print_json(value, out);
  return out;
}

std::string to_pretty_text(const json::value& value) {
  std::string out;
  Printer(out, Printer::Layout::pretty).print(value);
  return out;
}

const json::value* find_member(const json::value& value, std::string_view key) {
  const json::object* const members = value.if_object();
  return members ? find_member(*members, key) : nullptr;
}

const json::value* find_member(const json::object& members, std::string_view key) {
  return members.if_contains(key);
}

const json::value* find_given(const json::object& members, std::string_view key) {
  const json::value* const member = members.if_contains(key);
  return member && !member->is_null() ? member : nullptr;
}

const json::array* find_array(const json::object& members, std::string_view key) {
  const json::value* const member = members.if_contains(key);
  return member ? member->if_array() : nullptr;
}

std::optional<std::string_view> find_text(const json::value& value, std::string_view key) {
  const json::object* const members = value.if_object();
  return members ? find_text(*members, key) : std::nullopt;
}

std::optional<std::string_view> find_text(const json::object& members, std::string_view key) {
  const json::value* const member = find_member(members, key);
  if (!member || !member->is_string()) return std::nullopt;
  return std::string_view(member->get_string());
}

bool equal_json(const json::value& left, const json::value& right) {
  if (left.is_number() && right.is_number()) return equal_numbers(left, right);
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case json::kind::bool_:
      return left.get_bool() == right.get_bool();
    case json::kind::string:
      return left.get_string() == right.get_string();
    case json::kind::array: {
      const json::array& a = left.get_array();
      const json::array& b = right.get_array();
      if (a.size() != b.size()) return false;
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (!equal_json(a[i], b[i])) return false;
      }
      return true;
    }
    case json::kind::object: {
      const json::object& a = left.get_object();
      const json::object& b = right.get_object();
      if (a.size() != b.size()) return false;
      for (const json::key_value_pair& member : a) {
        const json::value* const other = b.if_contains(member.key());
        if (!other || !equal_json(member.value(), *other)) return false;
      }
      return true;
    }
    default:
      return true;
  }
}

}  // namespace heddle::runtime
