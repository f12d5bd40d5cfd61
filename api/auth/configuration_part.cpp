#include "api/auth/configuration_part.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

#include "api/nearest_name.h"
#include "runtime/json.h"

namespace heddle::api {
namespace json = boost::json;

AuthConfigurationError ConfigurationPart::fault(std::string_view key, const std::string& what) const {
  return AuthConfigurationError((key.empty() ? path : path + "." + std::string(key)) + ": " + what);
}

void ConfigurationPart::check_keys(const std::vector<std::string>& known) const {
  for (const json::key_value_pair& member : members) {
    const std::string key(member.key());
    if (std::ranges::find(known, key) == known.end()) throw fault(key, "no such key" + nearest_name_hint(key, known));
  }
}

std::optional<std::string> ConfigurationPart::text(std::string_view key) const {
  const json::value* const given = runtime::find_given(members, key);
  if (given == nullptr) return std::nullopt;
  if (!given->is_string() || given->get_string().empty()) throw fault(key, "must be a text that is not empty");
  return std::string(given->get_string());
}

std::string ConfigurationPart::required_text(std::string_view key, const std::string& example) const {
  std::optional<std::string> found = text(key);
  if (!found) throw fault(key, "is missing; write for example " + in_quotes(example));
  return *std::move(found);
}

std::vector<std::string> ConfigurationPart::texts(std::string_view key) const {
  const json::value* const given = runtime::find_given(members, key);
  if (given == nullptr) return {};
  if (given->is_string()) return {text(key).value_or("")};
  const AuthConfigurationError wrong = fault(key, "must be a text, or a list of texts that are not empty");
  if (!given->is_array()) throw wrong;
  std::vector<std::string> found;
  for (const json::value& one : given->get_array()) {
    if (!one.is_string() || one.get_string().empty()) throw wrong;
    found.emplace_back(one.get_string());
  }
  return found;
}

std::string in_quotes(std::string_view value) {
  std::string out;
  runtime::print_json_string(value.substr(0, 100), out);
  return out;
}

}  // namespace heddle::api
