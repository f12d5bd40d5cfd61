#include "api/http/message.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <iterator>

#include "api/http/target.h"

namespace heddle::api {
namespace {

// The list form of the older SDK: `["a","b"]`. Nothing if `text` is no JSON array.
std::optional<std::vector<std::string>> json_array(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(text, error);
  if (error || !parsed.is_array()) return std::nullopt;

  std::vector<std::string> items;
  for (const boost::json::value& item : parsed.get_array()) {
    if (item.is_string()) {
      items.emplace_back(item.get_string());
    } else {
      items.push_back(boost::json::serialize(item));
    }
  }
  return items;
}

void append_separated(std::vector<std::string>& items, std::string_view text) {
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    if (!item.empty()) items.emplace_back(item);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
}

}  // namespace

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value) {
  std::erase_if(fields_, [&name](const auto& field) { return field.first == name; });
  add(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [field_name, value] : fields_) {
    if (field_name == name) return value;
  }
  return std::nullopt;
}

Query::Query(std::string_view encoded) {
  while (!encoded.empty()) {
    const std::size_t end = encoded.find('&');
    const std::string_view parameter = encoded.substr(0, end);
    encoded = end == std::string_view::npos ? std::string_view() : encoded.substr(end + 1);

    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos || equals + 1 == parameter.size()) continue;
    parameters_.emplace_back(percent_decoded(parameter.substr(0, equals), Plus::space),
                             percent_decoded(parameter.substr(equals + 1), Plus::space));
  }
}

std::optional<std::string> Query::find(std::string_view name) const {
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name) return value;
  }
  return std::nullopt;
}

bool Query::flag(std::string_view name, bool otherwise) const {
  std::optional<std::string> value = find(name);
  if (!value) return otherwise;
  std::ranges::transform(*value, value->begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return *value == "true" || *value == "1" || *value == "yes";
}

std::vector<std::string> Query::list(std::string_view name) const {
  std::vector<std::string> items;
  for (const auto& [parameter, value] : parameters_) {
    if (parameter != name) continue;
    std::optional<std::vector<std::string>> array = json_array(value);
    if (array) {
      std::ranges::move(*array, std::back_inserter(items));
    } else {
      append_separated(items, value);
    }
  }
  return items;
}

}  // namespace heddle::api
