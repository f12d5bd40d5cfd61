#include "runtime/containment.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "runtime/json.h"

namespace heddle::runtime {

namespace json = boost::json;

bool contains_json(const json::value& stored, const json::value& filter) {
  if (const json::object* wanted = filter.if_object()) {
    const json::object* object = stored.if_object();
    if (object == nullptr) return false;
    return std::ranges::all_of(*wanted, [object](const json::key_value_pair& member) {
      const json::value* found = object->if_contains(member.key());
      return found != nullptr && contains_json(*found, member.value());
    });
  }
  if (const json::array* wanted = filter.if_array()) {
    const json::array* list = stored.if_array();
    if (list == nullptr) return false;
    return std::ranges::all_of(*wanted, [list](const json::value& element) {
      return std::ranges::any_of(*list, [&element](const json::value& held) { return contains_json(held, element); });
    });
  }
  return equal_json(stored, filter);
}

}  // namespace heddle::runtime
