#include "runtime/schema_check.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <cstddef>
#include <string_view>

#include "runtime/json.h"

namespace heddle::runtime {
namespace {

namespace json = boost::json;

constexpr int kLevelsMax = 64;
constexpr int kComplaintsMax = 20;  // more help nobody, and a list of zeros would make a text larger than itself

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "boolean";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "number";
    case json::kind::string:
      return "string";
    case json::kind::array:
      return "array";
    case json::kind::object:
      return "object";
  }
  return "unknown";
}

bool is_of_type(const json::value& value, std::string_view type) {
  if (type != "integer") return kind_of(value) == type;
  return value.is_int64() || value.is_uint64() ||
         (value.is_double() && std::trunc(value.get_double()) == value.get_double());
}

// Whether `value` is of the schema's `type`, one or a list of them. Anything else that stands there takes any value.
bool is_of_types(const json::value& value, const json::value& type) {
  if (type.is_string()) return is_of_type(value, std::string_view(type.get_string()));
  if (!type.is_array()) return true;
  return std::ranges::any_of(type.get_array(), [&](const json::value& one) {
    return one.is_string() && is_of_type(value, std::string_view(one.get_string()));
  });
}

std::string names_of(const json::value& type) {
  if (type.is_string()) return std::string(type.get_string());
  std::string names;
  for (const json::value& one : type.get_array()) {
    if (!one.is_string()) continue;
    if (!names.empty()) names += "|";
    names += std::string_view(one.get_string());
  }
  return names;
}

const json::object* object_at(const json::object& schema, std::string_view key) {
  const json::value* found = schema.if_contains(key);
  return found != nullptr ? found->if_object() : nullptr;
}

const json::array* array_at(const json::object& schema, std::string_view key) {
  const json::value* found = schema.if_contains(key);
  return found != nullptr ? found->if_array() : nullptr;
}

// Collects complaints.
class Check {
 public:
  explicit Check(UnknownKeys unknown) : unknown_(unknown) {}

  void look(const json::object& schema, const json::value& value, const std::string& place, int level);
  std::string take() { return std::move(text_); }

 private:
  void complain(std::string_view complaint, const std::string& place);
  void look_at_object(const json::object& schema, const json::object& value, const std::string& place, int level);
  void look_at_choices(const json::object& schema, const json::value& value, const std::string& place, int level);

  bool is_full() const { return complaints_ >= kComplaintsMax; }

  UnknownKeys unknown_;
  int complaints_ = 0;
  std::string text_;
};

void Check::complain(std::string_view complaint, const std::string& place) {
  if (is_full()) return;
  ++complaints_;
  text_.append("\n\u2716 ").append(complaint);
  if (!place.empty()) text_.append("\n  \u2192 at ").append(place);
}

void Check::look(const json::object& schema, const json::value& value, const std::string& place, int level) {
  if (level > kLevelsMax || is_full()) return;
  const json::value* type = schema.if_contains("type");
  if (type != nullptr && !is_of_types(value, *type)) {
    complain("Invalid input: expected " + names_of(*type) + ", received " + std::string(kind_of(value)), place);
    return;
  }
  look_at_choices(schema, value, place, level);
  if (const json::object* object = value.if_object()) look_at_object(schema, *object, place, level);
  const json::array* list = value.if_array();
  const json::object* item = object_at(schema, "items");
  for (std::size_t index = 0; list != nullptr && item != nullptr && index < list->size() && !is_full(); ++index) {
    look(*item, (*list)[index], place + "[" + std::to_string(index) + "]", level + 1);
  }
}

void Check::look_at_object(const json::object& schema, const json::object& value, const std::string& place, int level) {
  const std::string prefix = place.empty() ? "" : place + ".";
  const json::array* required = array_at(schema, "required");
  const json::object* properties = object_at(schema, "properties");
  const auto is_required = [&](std::string_view key) {
    return required != nullptr && std::ranges::any_of(*required, [&](const json::value& one) {
             return one.is_string() && std::string_view(one.get_string()) == key;
           });
  };
  if (properties != nullptr) {
    for (const auto& [key, property] : *properties) {
      const json::object* inner = property.if_object();
      const json::value* member = value.if_contains(key);
      if (member != nullptr && inner != nullptr) look(*inner, *member, prefix + std::string(key), level + 1);
      if (member != nullptr || !is_required(key)) continue;
      const json::value* type = inner != nullptr ? inner->if_contains("type") : nullptr;
      complain("Invalid input: expected " + (type == nullptr ? "a value" : names_of(*type)) + ", received undefined",
               prefix + std::string(key));
    }
  }
  if (required != nullptr) {
    for (const json::value& name : *required) {
      const bool is_told = !name.is_string() || (properties != nullptr && properties->contains(name.get_string()));
      if (is_told || value.contains(name.get_string())) continue;
      complain("Invalid input: expected a value, received undefined", prefix + std::string(name.get_string()));
    }
  }
  const json::value* more = schema.if_contains("additionalProperties");
  if (unknown_ == UnknownKeys::passed_over || more == nullptr || *more != false) return;
  for (const auto& member : value) {
    if (is_full()) return;
    const bool is_known = properties != nullptr && properties->contains(member.key());
    if (!is_known) complain("Unrecognized key: \"" + std::string(member.key()) + "\"", place);
  }
}

void Check::look_at_choices(const json::object& schema, const json::value& value, const std::string& place, int level) {
  const json::array* choices = array_at(schema, "enum");
  const auto is_value = [&value](const json::value& one) { return equal_json(one, value); };
  if (choices != nullptr && std::ranges::none_of(*choices, is_value)) {
    complain("Invalid option: expected one of the " + std::to_string(choices->size()) + " that the schema names",
             place);
  }
  const json::value* only = schema.if_contains("const");
  if (only != nullptr && !is_value(*only)) complain("Invalid input: expected the value that the schema names", place);
  const json::array* ways = array_at(schema, "anyOf");
  if (ways == nullptr) return;
  const bool fits_one = std::ranges::any_of(*ways, [&](const json::value& way) {
    if (!way.is_object()) return true;
    Check one(unknown_);
    one.look(way.get_object(), value, place, level + 1);
    return one.take().empty();
  });
  if (!fits_one) complain("Invalid input: fits none of the schema's ways", place);
}

}  // namespace

std::optional<std::string> schema_mismatch(const json::object& schema, const json::value& value, UnknownKeys unknown) {
  Check check(unknown);
  check.look(schema, value, "", 0);
  std::string text = check.take();
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace heddle::runtime
