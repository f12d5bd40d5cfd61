#include "storage/sqlite/json_contains.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <compare>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/error.h"

namespace heddle::storage::sqlite {
namespace {

namespace json = boost::json;

// 2,100: a request may be nested 2,000 deep at most (`json_depth_max`), and conditions add to it; still far from the
// end of the stack for the recursion below.
json::parse_options parse_options() {
  json::parse_options options;
  options.max_depth = 2'100;
  options.allow_invalid_utf8 = true;  // for what with_bytes() makes
  return options;
}

// The code unit of an escape `\uXXXX` at `at`; none if there is no such escape.
std::optional<unsigned> escaped_unit(std::string_view text, std::size_t at) {
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  unsigned unit = 0;
  const char* end = text.data() + at + 6;
  if (std::from_chars(text.data() + at + 2, end, unit, 16).ptr != end) return std::nullopt;
  return unit;
}

// The same JSON with lone surrogates, which the parser refuses, as their three WTF-8 bytes instead of escapes.
std::string with_bytes(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::optional<unsigned> unit = escaped_unit(text, at);
    if (!unit || *unit < 0xd800 || *unit > 0xdfff) {
      const std::size_t length = text[at] == '\\' ? 2 : 1;  // the second backslash of a pair begins no escape
      out += text.substr(at, length);
      at += length;
      continue;
    }
    const std::optional<unsigned> low = escaped_unit(text, at + 6);
    if (*unit < 0xdc00 && low && *low >= 0xdc00 && *low <= 0xdfff) {
      out += text.substr(at, 12);
      at += 12;
      continue;
    }
    out += static_cast<char>(0xed);
    out += static_cast<char>(0x80 | ((*unit >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (*unit & 0x3f));
    at += 6;
  }
  return out;
}

std::optional<json::value> parse(std::string_view text, json::storage_ptr memory = {}) {
  json::error_code error;
  const bool may_have_lone_surrogates =
      text.find("\\ud") != std::string_view::npos || text.find("\\uD") != std::string_view::npos;
  const std::string rewritten = may_have_lone_surrogates ? with_bytes(text) : std::string();
  if (may_have_lone_surrogates) text = rewritten;
  json::value parsed = json::parse(text, error, std::move(memory), parse_options());
  if (error) return std::nullopt;
  return parsed;
}

// 2^63, which is exact as a double.
constexpr double kInt64End = 9223372036854775808.0;

// A double converts to an integer only if nothing is lost, so 2^53 and 2^53 + 1 stay apart.
template <class Integer>
std::partial_ordering compare_to_double(Integer integer, double number) {
  if (number >= 2 * kInt64End) return std::partial_ordering::less;
  if (number < -kInt64End) return std::partial_ordering::greater;
  const double whole = std::floor(number);
  std::strong_ordering order = std::strong_ordering::equal;
  if (whole >= kInt64End) {
    if (!std::in_range<std::uint64_t>(integer)) return std::partial_ordering::less;
    order = static_cast<std::uint64_t>(integer) <=> static_cast<std::uint64_t>(whole);
  } else {
    if (!std::in_range<std::int64_t>(integer)) return std::partial_ordering::greater;
    order = static_cast<std::int64_t>(integer) <=> static_cast<std::int64_t>(whole);
  }
  if (order == std::strong_ordering::equal && whole < number) return std::partial_ordering::less;
  return order;
}

template <class Left, class Right>
std::partial_ordering compare_integers(Left left, Right right) {
  if (std::cmp_less(left, right)) return std::partial_ordering::less;
  if (std::cmp_equal(left, right)) return std::partial_ordering::equivalent;
  return std::partial_ordering::greater;
}

template <class Integer>
std::partial_ordering compare_integer(Integer left, const json::value& right) {
  if (right.is_int64()) return compare_integers(left, right.get_int64());
  if (right.is_uint64()) return compare_integers(left, right.get_uint64());
  return compare_to_double(left, right.get_double());
}

std::partial_ordering reversed(std::partial_ordering order) {
  return 0 <=> order;
}

// By value, whichever way a number was written.
std::partial_ordering compare_numbers(const json::value& left, const json::value& right) {
  if (left.is_int64()) return compare_integer(left.get_int64(), right);
  if (left.is_uint64()) return compare_integer(left.get_uint64(), right);
  if (right.is_double()) return left.get_double() <=> right.get_double();
  return reversed(compare_numbers(right, left));
}

// Values of different types, and those that have no order, are unordered unless they are equal.
std::partial_ordering compare_scalars(const json::value& left, const json::value& right) {
  if (left.is_number() && right.is_number()) return compare_numbers(left, right);
  if (left.is_string() && right.is_string()) {
    return std::string_view(left.get_string()) <=> std::string_view(right.get_string());
  }
  const bool equal = left.is_bool() && right.is_bool() && left.get_bool() == right.get_bool();
  if (equal || (left.is_null() && right.is_null())) return std::partial_ordering::equivalent;
  return std::partial_ordering::unordered;
}

bool contains(const json::value& stored, const json::value& filter) {
  if (filter.is_object()) {
    if (!stored.is_object()) return false;
    const json::object& object = stored.get_object();
    return std::ranges::all_of(filter.get_object(), [&object](const json::key_value_pair& wanted) {
      const json::value* found = object.if_contains(wanted.key());
      return found != nullptr && contains(*found, wanted.value());
    });
  }
  if (filter.is_array()) {
    if (!stored.is_array()) return false;
    const json::array& array = stored.get_array();
    return std::ranges::all_of(filter.get_array(), [&array](const json::value& wanted) {
      return std::ranges::any_of(array, [&wanted](const json::value& element) { return contains(element, wanted); });
    });
  }
  return compare_scalars(stored, filter) == std::partial_ordering::equivalent;
}

bool matches_everything(const json::value& filter) {
  return filter.is_object() && filter.get_object().empty();
}

constexpr std::array<std::string_view, 6> kOperators = {"eq", "ne", "gt", "gte", "lt", "lte"};

// `stored` is null for a missing key, which equals null as it does in the store of the library.
bool meets(const json::value& stored, std::string_view op, const json::value& operand) {
  const std::partial_ordering order = compare_scalars(stored, operand);
  if (op == "eq") return order == std::partial_ordering::equivalent || stored == operand;
  if (op == "ne") return order != std::partial_ordering::equivalent && stored != operand;
  if (stored.is_null() || stored.is_bool()) return false;
  if (op == "gt") return order > 0;
  if (op == "gte") return order >= 0;
  if (op == "lt") return order < 0;
  return order <= 0;
}

bool meets_all(const json::value& stored, const json::value& conditions) {
  if (!stored.is_object()) return false;
  const json::value missing;
  return std::ranges::all_of(conditions.as_array(), [&](const json::value& condition) {
    const json::array& parts = condition.as_array();
    const json::value* found = stored.get_object().if_contains(parts.at(0).as_string());
    return meets(found == nullptr ? missing : *found, parts.at(1).as_string(), parts.at(2));
  });
}

std::string_view text_of(sqlite3_value* argument) {
  const unsigned char* text = sqlite3_value_text(argument);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_value_bytes(argument))};
}

// The last argument, which is the same for all rows: parsed once per statement.
const json::value& filter_of(sqlite3_context* context, int argument_count, sqlite3_value** arguments,
                             std::unique_ptr<json::value>& owned) {
  const int last = argument_count - 1;
  if (const void* kept = sqlite3_get_auxdata(context, last)) return *static_cast<const json::value*>(kept);
  std::optional<json::value> parsed = parse(text_of(arguments[last]));
  if (!parsed) throw StorageError("a filter is no JSON, or is nested too deeply");
  owned = std::make_unique<json::value>(std::move(*parsed));
  return *owned;
}

// Hands a filter that was parsed in this call to SQLite, which may free it at once.
void keep_filter(sqlite3_context* context, int argument_count, std::unique_ptr<json::value> filter) {
  if (!filter) return;
  auto destroy = [](void* kept) { delete static_cast<json::value*>(kept); };
  sqlite3_set_auxdata(context, argument_count - 1, filter.release(), destroy);
}

using Condition = bool (*)(sqlite3_value** arguments, const json::value& filter, json::storage_ptr memory);

bool stored_contains(sqlite3_value** arguments, const json::value& filter, json::storage_ptr memory) {
  if (matches_everything(filter)) return true;
  const std::optional<json::value> stored = parse(text_of(arguments[0]), std::move(memory));
  return stored && contains(*stored, filter);
}

bool stored_meets(sqlite3_value** arguments, const json::value& filter, json::storage_ptr memory) {
  const std::optional<json::value> stored = parse(text_of(arguments[0]), std::move(memory));
  return stored && meets_all(*stored, filter);
}

bool overlay_contains(sqlite3_value** arguments, const json::value& filter, json::storage_ptr memory) {
  if (matches_everything(filter)) return true;
  json::object metadata(memory);
  for (int layer = 0; layer < 2; ++layer) {
    const std::optional<json::value> parsed = parse(text_of(arguments[layer]), memory);
    if (!parsed || !parsed->is_object()) continue;
    for (const json::key_value_pair& entry : parsed->get_object()) {
      metadata.insert_or_assign(entry.key(), entry.value());
    }
  }
  metadata.insert_or_assign("source", text_of(arguments[2]));
  metadata.insert_or_assign("step", sqlite3_value_int64(arguments[3]));
  return contains(json::value(std::move(metadata)), filter);
}

// No exception may pass through SQLite, which is C: it becomes the error of the statement.
template <Condition condition>
void call(sqlite3_context* context, int argument_count, sqlite3_value** arguments) {
  try {
    std::unique_ptr<json::value> owned;
    const json::value& filter = filter_of(context, argument_count, arguments, owned);
    json::monotonic_resource memory;
    sqlite3_result_int(context, condition(arguments, filter, &memory) ? 1 : 0);
    keep_filter(context, argument_count, std::move(owned));
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  } catch (const std::exception& error) {
    sqlite3_result_error(context, error.what(), -1);
  }
}

template <Condition condition>
void register_function(SQLite::Database& database, const char* name, int argument_count) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  const int result = sqlite3_create_function_v2(database.getHandle(), name, argument_count, kFlags, nullptr,
                                                call<condition>, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) throw SQLite::Exception(database.getHandle(), result);
}

}  // namespace

void register_json_functions(SQLite::Database& database) {
  register_function<stored_contains>(database, "json_contains", 2);
  register_function<stored_meets>(database, "json_meets", 2);
  register_function<overlay_contains>(database, "overlay_contains", 5);
}

std::string conditions_text(const std::vector<ItemCondition>& conditions) {
  json::array list;
  for (const ItemCondition& condition : conditions) {
    std::optional<json::value> operand = parse(condition.operand_json);
    if (!operand) throw StorageError("the operand of a condition on items is no JSON");
    list.push_back(json::array{condition.key, kOperators.at(static_cast<std::size_t>(condition.op)), *operand});
  }
  return json::serialize(list);
}

}  // namespace heddle::storage::sqlite
