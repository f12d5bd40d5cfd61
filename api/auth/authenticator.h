#pragma once
// From the headers of a request to who is calling (auth0-token-vault.md 7, http-api.md 17.2).
//
// In this order, whatever is configured of it: what a trusted proxy says; a token; a key. A token names a person and a
// key the program that works for them, so the two may come together and the token decides. What is shown and wrong is
// refused, and does not count as absent because something else is good; only a text that is neither token nor known key
// is passed over beside a good one, because clients send keys of other services along.

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

// The user to whom a key was given: its claims and permissions, `auth_type` "api_key" and `api_key_id`.
Identity identity_from(const ApiKey& key);

// Belongs to the executor of `keys`. All references outlive it.
class Authenticator {
 public:
  // `keys`: null pointer if the settings take no tokens.
  Authenticator(const AuthSettings& settings, Jwks* keys, const runtime::Clock& clock)
      : settings_(settings), keys_(keys), clock_(clock) {}

  // Throws ApiError: 401 with `WWW-Authenticate: Bearer`, or 503 with `Retry-After` when the keys that would tell
  // cannot be had. No text holds a part of what was sent.
  // `peer`: the address of the other end of the connection. Rules are not asked here.
  boost::asio::awaitable<Caller> caller(Headers headers, std::string peer) const;

 private:
  std::optional<Identity> proxied(const Headers& headers, const std::string& peer) const;
  std::optional<Identity> keyed(const Headers& headers) const;
  boost::asio::awaitable<boost::json::object> claims(std::string token) const;

  const AuthSettings& settings_;
  Jwks* keys_;
  const runtime::Clock& clock_;
};

}  // namespace heddle::api
