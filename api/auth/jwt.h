#pragma once
// Whether a bearer token is genuine: compact JWS (RFC 7515) with JWT claims (RFC 7519), checked with the public keys of
// its issuer. Pure functions; no network, no clock of their own. Any thread may call.
//
// Refused without exception: `none`, HMAC, an algorithm that the key is not for, `crit`, keys that the token brings
// along itself, members that come twice. What is refused is told by a fixed text, never by a part of the token.

#include <boost/json/object.hpp>
#include <cstddef>
#include <string_view>
#include <variant>

#include "api/auth/auth_settings.h"
#include "api/auth/jwt_keys.h"
#include "storage/timestamp.h"

namespace heddle::api {

// Why a token is not taken.
struct JwtFault {
  enum class Kind { malformed, algorithm, unknown_key, signature, claims };
  Kind kind;
  std::string_view reason;  // a fixed text for answers, that goes on after "the token "
};

// Bytes. Those of Auth0 have 1 to 4 KiB, and all headers of a request together 64.
inline constexpr std::size_t kTokenBytesMax = std::size_t{32} << 10;

// Three parts of base64url with dots between them: worth to be checked as a token.
bool looks_like_jwt(std::string_view text);

// The claims of a good token; `sub` is a text of 1 to 1024 bytes without control characters. `unknown_key`: `keys` has
// none that the token could mean, so newer ones may help.
[[nodiscard]] std::variant<boost::json::object, JwtFault> verify_jwt(std::string_view token, const JwtKeys& keys,
                                                                     const JwtRules& rules, storage::Timestamp now);

}  // namespace heddle::api
