#pragma once
// From the headers of a request to who is calling (auth0-token-vault.md 7, http-api.md 17.2).

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "api/auth/auth_settings.h"
#include "api/auth/identity.h"
#include "api/auth/jwks.h"
#include "api/http/message.h"
#include "runtime/clock.h"

namespace heddle::api {

// The token that the headers bring: that of `x-api-key` if it looks like one, because there the passthrough of Next.js
// puts it, else that of `authorization`. `Bearer ` in any case is cut off, and may be missing. Nothing if there is
// none; an empty header counts as absent. Throws ApiError 401 for another scheme, and for a header that comes twice.
std::optional<std::string_view> bearer_token(const Headers& headers);

// The user whom good claims describe: identity (`sub`), email, permissions, auth_type, all claims, is_authenticated and
// display_name. A claim cannot take the place of identity, auth_type and is_authenticated; a list `permissions` among
// the claims comes before the permissions in `scope`.
Identity identity_from(const boost::json::object& claims, std::string_view token, const std::string& auth_type);

// Belongs to the executor of `keys`. All references outlive it.
class Authenticator {
 public:
  Authenticator(const AuthSettings& settings, Jwks& keys, const runtime::Clock& clock)
      : settings_(settings), keys_(keys), clock_(clock) {}

  // Throws ApiError: 401 with `WWW-Authenticate: Bearer`, or 503 with `Retry-After` when the keys that would tell
  // cannot be had. No text holds a part of what was sent.
  boost::asio::awaitable<Caller> caller(Headers headers) const;

 private:
  boost::asio::awaitable<boost::json::object> claims(std::string token) const;

  const AuthSettings& settings_;
  Jwks& keys_;
  const runtime::Clock& clock_;
};

}  // namespace heddle::api
