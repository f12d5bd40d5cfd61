#include "tests/api/openapi/schema_validator.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <stdexcept>

#include "runtime/json.h"
#include "storage/ids.h"

namespace heddle::test {

namespace json = boost::json;

namespace {

const std::set<std::string_view> kKeywords = {"$ref", "type", "enum", "anyOf", "properties", "required",
                                              "additionalProperties", "items", "prefixItems", "minItems", "maxItems",
                                              "minimum", "maximum", "minLength", "maxLength", "format",
                                              // Words for readers.
                                              "description", "default"};

bool is_whole(const json::value& value) {
  return value.is_int64() || value.is_uint64() || (value.is_double() && std::floor(value.as_double()) == value);
}

bool is_of_type(const json::value& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_bool();
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number() && is_whole(value);
  throw std::logic_error("a schema has the unknown type " + std::string(type));
}

// 2026-11-22T13:27:15.158000+00:00
bool is_time(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.dddddd+00:00";
  return std::ranges::equal(text, kForm, [](char given, char wanted) {
    return wanted == 'd' ? given >= '0' && given <= '9' : given == wanted;
  });
}

bool has_format(std::string_view text, std::string_view format) {
  if (format == "uuid") return storage::ThreadId::parse(text).has_value();
  if (format == "date-time") return is_time(text);
  throw std::logic_error("a schema has the unknown format " + std::string(format));
}

// Characters, not bytes.
std::int64_t length_of(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

std::int64_t number_in(const json::object& schema, std::string_view key, std::int64_t otherwise) {
  const json::value* found = schema.if_contains(key);
  return found ? found->to_number<std::int64_t>() : otherwise;
}

}  // namespace

const json::object& SchemaValidator::resolved(const json::object& schema) {
  const json::value* reference = schema.if_contains("$ref");
  if (!reference) return schema;
  const std::string target(reference->as_string());
  const std::string prefix = "#/components/schemas/";
  const json::value* found = target.starts_with(prefix) ? schemas_.if_contains(target.substr(prefix.size())) : nullptr;
  if (!found) throw std::logic_error("a schema refers to " + target + ", which is not there");
  used_.insert(target.substr(prefix.size()));
  return found->as_object();
}

std::vector<std::string> SchemaValidator::faults(const json::value& value, const json::object& schema) {
  Faults found;
  check(value, schema, "$", found);
  return found;
}

void SchemaValidator::check(const json::value& value, const json::object& schema, const std::string& place,
                            Faults& faults) {
  for (const auto& member : schema) {
    if (!kKeywords.contains(member.key())) {
      throw std::logic_error("a schema has the unknown keyword " + std::string(member.key()));
    }
  }
  if (schema.contains("$ref")) {
    check(value, resolved(schema), place, faults);
    return;
  }
  const auto fault = [&](const std::string& what) { faults.push_back(place + " " + what); };
  if (const json::value* type = schema.if_contains("type")) {
    if (!is_of_type(value, type->as_string())) {
      fault("is no " + std::string(type->as_string()));
      return;
    }
  }
  if (const json::value* words = schema.if_contains("enum")) {
    const json::array& known = words->as_array();
    if (std::ranges::find(known, value) == known.end()) fault("is none of the words");
  }
  if (const json::value* kinds = schema.if_contains("anyOf")) check_any(value, kinds->as_array(), place, faults);
  if (value.is_number()) {
    const double number = value.to_number<double>();
    if (const json::value* least = schema.if_contains("minimum")) {
      if (number < least->to_number<double>()) fault("is too small");
    }
    if (const json::value* most = schema.if_contains("maximum")) {
      // Integers are compared as such: 2^63 is the same double as the largest of them.
      const bool too_large = value.is_uint64() || number > most->to_number<double>() ||
                             (value.is_int64() && most->is_int64() && value.as_int64() > most->as_int64());
      if (too_large) fault("is too large");
    }
  }
  if (const json::string* text = value.if_string()) {
    if (length_of(*text) < number_in(schema, "minLength", 0)) fault("is too short");
    if (length_of(*text) > number_in(schema, "maxLength", INT64_MAX)) fault("is too long");
    const json::value* format = schema.if_contains("format");
    if (format && !has_format(*text, format->as_string())) fault("is no " + std::string(format->as_string()));
  }
  if (const json::object* object = value.if_object()) check_object(*object, schema, place, faults);
  if (const json::array* array = value.if_array()) check_array(*array, schema, place, faults);
}

void SchemaValidator::check_object(const json::object& value, const json::object& schema, const std::string& place,
                                   Faults& faults) {
  if (const json::value* required = schema.if_contains("required")) {
    for (const json::value& name : required->as_array()) {
      if (!value.contains(name.as_string())) faults.push_back(place + " lacks " + std::string(name.as_string()));
    }
  }
  const json::value* properties = schema.if_contains("properties");
  const json::value* further = schema.if_contains("additionalProperties");
  for (const auto& member : value) {
    const std::string inside = place + "." + std::string(member.key());
    const json::value* property = properties ? properties->as_object().if_contains(member.key()) : nullptr;
    if (property) {
      check(member.value(), property->as_object(), inside, faults);
    } else if (further && further->is_object()) {
      check(member.value(), further->as_object(), inside, faults);
    } else if (further && !further->as_bool()) {
      faults.push_back(inside + " is not allowed");
    } else if (!further && properties && unnamed_ == Unnamed::refused) {
      faults.push_back(inside + " is not described");
    }
  }
}

void SchemaValidator::check_array(const json::array& value, const json::object& schema, const std::string& place,
                                  Faults& faults) {
  const auto size = static_cast<std::int64_t>(value.size());
  if (size < number_in(schema, "minItems", 0)) faults.push_back(place + " is too short");
  if (size > number_in(schema, "maxItems", INT64_MAX)) faults.push_back(place + " is too long");
  const json::value* items = schema.if_contains("items");
  if (!items) return;
  const json::value* first = schema.if_contains("prefixItems");
  const std::size_t fixed = first ? first->as_array().size() : 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    check(value[i], i < fixed ? first->as_array()[i].as_object() : items->as_object(),
          place + "[" + std::to_string(i) + "]", faults);
  }
}

void SchemaValidator::check_any(const json::value& value, const json::array& kinds, const std::string& place,
                                Faults& faults) {
  std::string reasons;
  for (const json::value& kind : kinds) {
    Faults inside;
    check(value, kind.as_object(), place, inside);
    if (inside.empty()) return;
    reasons += "; " + inside.front();
  }
  faults.push_back(place + " fits none of its kinds" + reasons);
}

}  // namespace heddle::test
