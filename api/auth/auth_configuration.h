#pragma once
// `auth` of langgraph.json, read (http-api.md 17.1).

#include <boost/json/value.hpp>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/auth/auth_settings.h"

namespace heddle::api {

// The text begins with the key, like "auth.issuer: is missing"; it never holds a value of the environment.
class AuthConfigurationError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// `auth` is one of
//   {"path": "builtin:auth0"}                              AUTH0_DOMAIN and AUTH0_AUDIENCE come from `environment`
//   {"type": "jwt", "issuer", "audience", "jwks_url"?}     tokens of any other issuer
//   {"type": "none"}                                       no check: nothing is returned
// with `algorithms` and `leeway_seconds` for the first two, and keys of the reference beside: `disable_studio_auth`,
// and `openapi`, `cache` and `allow_langsmith_api_keys`, which go to `without_effect`. Throws AuthConfigurationError.
std::optional<AuthSettings> auth_settings_from(const boost::json::value& auth,
                                               const std::map<std::string, std::string>& environment,
                                               std::vector<std::string>& without_effect);

}  // namespace heddle::api
