#include "runtime/schema.h"

#include <utility>

namespace heddle::runtime::schema {

namespace json = boost::json;

json::object text() {
  return {{"type", "string"}};
}
json::object number() {
  return {{"type", "number"}};
}
json::object truth() {
  return {{"type", "boolean"}};
}
json::object anything() {
  return {};
}
json::object object() {
  return {{"type", "object"}};
}
json::object list(json::object item) {
  return {{"type", "array"}, {"items", std::move(item)}};
}
json::object messages() {
  return {{"langgraph_type", "messages"}};
}

}  // namespace heddle::runtime::schema
