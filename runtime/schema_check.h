#pragma once
// Whether a JSON value fits a JSON Schema, as far as schemas of graphs and tools go. Pure.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>

namespace heddle::runtime {

// What becomes of keys that a schema with `additionalProperties: false` does not name.
enum class UnknownKeys { refused, passed_over };

// What does not fit, a line with the complaint and a line with the place for each of the first twenty; nothing if all
// fits. Names keys and kinds, and nothing of the value. Looks at `type`, `enum`, `const`, `properties`, `required`,
// `additionalProperties: false`, `items` and `anyOf`, down to 64 levels; other keywords allow anything.
std::optional<std::string> schema_mismatch(const boost::json::object& schema, const boost::json::value& value,
                                           UnknownKeys unknown = UnknownKeys::refused);

}  // namespace heddle::runtime
