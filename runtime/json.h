#pragma once
// JSON as JavaScript reads and prints it.
//
// Boost.JSON holds the values; reading and printing are ours, because its parser changes the last
// bit of about one double in ten, accepts 1e400 and refuses lone surrogates, and its printer
// writes `1E0` for 1.0. Here: integers that fit 64 bits stay exact, other numbers are the nearest
// double and are printed in the shortest form the way JavaScript prints them, -0 as 0; NaN and
// infinities are printed as null. A lone surrogate (`"\ud800"`) is kept as its three WTF-8 bytes and
// printed as an escape again. Invalid UTF-8 is read as U+FFFD. The order of keys is kept; of a
// key that comes twice the last value counts.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace heddle::runtime {

namespace json = boost::json;

// The text is no JSON. The message names the place by line and column, never the text.
class JsonError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct JsonLimits {
  std::size_t depth_max = 512;  // nested arrays and objects; deeper input is refused with JsonError
};

// Reads one JSON text with white space around it. Throws JsonError.
json::value parse_json(std::string_view text, JsonLimits limits = {});

// Reads the beginning of a JSON text that may be cut anywhere, closing open strings, arrays and objects; a
// key without value and an unfinished literal are dropped. Nothing if not even that is possible.
// (Arguments of a tool call while they are streamed, runtime.md 5.4.)
std::optional<json::value> parse_partial_json(std::string_view text);

// The object in a text that was stored as one; an empty object if it is anything else. Throws JsonError.
json::object parse_json_object(std::string_view text);

// Appends compact JSON.
void print_json(const json::value& value, std::string& out);
void print_json(const json::object& members, std::string& out);
void print_json_string(std::string_view text, std::string& out);
std::string to_text(const json::value& value);
// The way JSON.stringify(value, null, 2) prints.
std::string to_pretty_text(const json::value& value);

// The member `key` if `value` is an object that has it, else null pointer.
const json::value* find_member(const json::value& value, std::string_view key);
const json::value* find_member(const json::object& members, std::string_view key);
// The same without members that are null.
const json::value* find_given(const json::object& members, std::string_view key);
// The member `key` if it is an array.
const json::array* find_array(const json::object& members, std::string_view key);
// The text of member `key` if it is one.
std::optional<std::string_view> find_text(const json::value& value, std::string_view key);
std::optional<std::string_view> find_text(const json::object& members, std::string_view key);

// Equal as JSON: numbers by value (1 equals 1.0), objects without regard to order.
bool equal_json(const json::value& left, const json::value& right);

}  // namespace heddle::runtime
