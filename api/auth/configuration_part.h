#pragma once
// One object inside `auth`, read member by member; what is wrong is told by the path of its key.

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth/auth_configuration.h"

namespace heddle::api {

// A view; `members` outlives it.
struct ConfigurationPart {
  std::string path;  // "auth", "auth.any[1]"
  const boost::json::object& members;

  // `key`: empty for the part itself.
  AuthConfigurationError fault(std::string_view key, const std::string& what) const;

  // Throws for a key that is not known, with the nearest one that is.
  void check_keys(const std::vector<std::string>& known) const;

  // Null counts as missing. Throws for something else than a text that is not empty.
  std::optional<std::string> text(std::string_view key) const;
  std::string required_text(std::string_view key, const std::string& example) const;
  // One text or a list of texts, none of them empty. A missing key: an empty list.
  std::vector<std::string> texts(std::string_view key) const;
};

// As JSON, cut after 100 bytes.
std::string in_quotes(std::string_view value);

}  // namespace heddle::api
