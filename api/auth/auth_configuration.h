#pragma once
// `auth` of langgraph.json, read (http-api.md 17.1).

#include <boost/json/value.hpp>
#include <functional>
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

// Gives the content of a file that the configuration names, or throws with a text that says what is wrong with it.
using ReadFile = std::function<std::string(const std::string& name)>;

// `auth` is one of
//   {"path": "builtin:auth0"}                              AUTH0_DOMAIN and AUTH0_AUDIENCE come from `environment`
//   {"type": "jwt", "issuer", "audience", "jwks_url"?}     tokens of any other issuer
//   {"type": "api_keys", "keys" or "keys_file"}            keys that are known by their hashes
//   {"type": "proxy", "header", "from"}                    a proxy that knows who is calling
//   {"any": [...]}                                         several of these, one of a kind
//   {"type": "none"}                                       no check: nothing is returned
// with `rules` and `disable_studio_auth` for all but the last one, and keys of the reference beside: `openapi`, `cache`
// and `allow_langsmith_api_keys`, which go to `without_effect`. Throws AuthConfigurationError, or what `read_file`
// throws.
std::optional<AuthSettings> auth_settings_from(const boost::json::value& auth,
                                               const std::map<std::string, std::string>& environment,
                                               std::vector<std::string>& without_effect, const ReadFile& read_file);

}  // namespace heddle::api
