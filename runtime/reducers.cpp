#include "runtime/reducers.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "runtime/error.h"
#include "runtime/uuid.h"

namespace heddle::runtime::reducers {
namespace {

bool is_number(const json::value& value) {
  return value.is_int64() || value.is_uint64() || value.is_double();
}

std::optional<std::int64_t> exact_integer(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_uint64() && value.get_uint64() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return static_cast<std::int64_t>(value.get_uint64());
  }
  return std::nullopt;
}

json::value added(const json::value& left, const json::value& right) {
  const std::optional<std::int64_t> a = exact_integer(left);
  const std::optional<std::int64_t> b = exact_integer(right);
  std::int64_t exact = 0;
  if (a && b && !__builtin_add_overflow(*a, *b, &exact)) return exact;
  return left.to_number<double>() + right.to_number<double>();
}

[[noreturn]] void refuse(const std::string& text) {
  throw GraphError("InvalidUpdateError", text);
}

}  // namespace

Reducer append() {
  return [](const Value& old, const json::value& write) {
    const json::array* const list = write.if_array();
    if (list && list->empty() && old.is_list()) return old;
    ItemList items;
    if (old.is_list()) items = old.items();
    if (list) {
      items.reserve(list->size());
      for (const json::value& item : *list) items.push_back(std::make_shared<const json::value>(item));
    } else {
      items.reserve(1);
      items.push_back(std::make_shared<const json::value>(write));
    }
    return Value::list(std::move(items));
  };
}

Reducer sum() {
  return [](const Value& old, const json::value& write) {
    if (!is_number(write)) refuse("A sum takes numbers only.");
    const json::value& so_far = old.json();
    return Value(is_number(so_far) ? added(so_far, write) : write);
  };
}

Reducer merge() {
  return [](const Value& old, const json::value& write) {
    const json::object* laid_over = write.if_object();
    if (!laid_over) refuse("A merged key takes objects only.");
    const json::object* under = old.json().if_object();
    json::object merged = under ? *under : json::object();
    for (const auto& [key, value] : *laid_over) merged[key] = value;
    return Value(std::move(merged));
  };
}

Reducer messages() {
  return [](const Value& old, const json::value& write) {
    return add_messages(old, write, [] { return uuid4().text(); });
  };
}

}  // namespace heddle::runtime::reducers
