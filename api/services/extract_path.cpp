#include "api/services/extract_path.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <utility>

namespace heddle::api {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 4> kParts = {"values", "metadata", "config", "interrupts"};

// Cuts the characters up to the next step off `rest`.
std::string_view take_name(std::string_view& rest) {
  const std::size_t end = std::min(rest.find_first_of(".["), rest.size());
  const std::string_view name = rest.substr(0, end);
  rest.remove_prefix(end);
  return name;
}

// Cuts `[index]` off `rest`. Nothing if it does not stand there.
std::optional<std::int64_t> take_index(std::string_view& rest) {
  const std::size_t close = rest.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view digits = rest.substr(1, close - 1);
  std::int64_t index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  rest.remove_prefix(close + 1);
  return index;
}

const json::value* member(const json::value& value, const std::string& key) {
  const json::object* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

const json::value* element(const json::value& value, std::int64_t index) {
  const json::array* list = value.if_array();
  if (list == nullptr) return nullptr;
  const std::int64_t place = index < 0 ? index + std::ssize(*list) : index;
  return place < 0 || place >= std::ssize(*list) ? nullptr : &(*list)[static_cast<std::size_t>(place)];
}

}  // namespace

std::optional<ExtractPath> ExtractPath::parse(std::string_view text) {
  ExtractPath path;
  path.part_ = take_name(text);
  if (std::ranges::find(kParts, path.part_) == kParts.end()) return std::nullopt;
  while (!text.empty()) {
    if (text.front() == '[') {
      const std::optional<std::int64_t> index = take_index(text);
      if (!index) return std::nullopt;
      path.steps_.emplace_back(*index);
    } else if (text.front() == '.') {
      text.remove_prefix(1);
      const std::string_view key = take_name(text);
      if (key.empty()) return std::nullopt;
      path.steps_.emplace_back(std::string(key));
    } else {
      return std::nullopt;
    }
  }
  return path;
}

const json::value* ExtractPath::find(const json::value& inside) const {
  const json::value* place = &inside;
  for (const Step& step : steps_) {
    const std::string* key = std::get_if<std::string>(&step);
    place = key != nullptr ? member(*place, *key) : element(*place, std::get<std::int64_t>(step));
    if (place == nullptr) return nullptr;
  }
  return place;
}

}  // namespace heddle::api
