#pragma once
// How callers are known, as configured under `auth` in langgraph.json (http-api.md 17.1, auth0-token-vault.md 7).

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/auth/access_rules.h"
#include "graphs/network.h"

namespace heddle::api {

// Signatures by a private key only: whoever can check one of these cannot make one. `none` and HMAC have no name here.
enum class JwtAlgorithm { rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, eddsa };

// What a token must say to be taken.
struct JwtRules {
  std::string issuer;    // `iss` must be exactly this
  std::string audience;  // `aud` must be this, or a list that holds it
  // Those that providers use today; the others are for whoever names them.
  std::vector<JwtAlgorithm> algorithms{JwtAlgorithm::rs256, JwtAlgorithm::ps256, JwtAlgorithm::es256,
                                       JwtAlgorithm::eddsa};
  std::chrono::seconds leeway{60};  // for `exp`, `nbf` and `iat`: clocks of two machines differ
};

// The SHA-256 of a key: what is kept of it.
using ApiKeyHash = std::array<std::uint8_t, 32>;

// One key that its holder shows. Several may have the same identity, so that one can be exchanged without a pause.
struct ApiKey {
  std::string id;        // for the operator; unique
  std::string identity;  // whose things its holder sees
  ApiKeyHash hash{};     // unique
  std::vector<std::string> permissions;
  std::string claims_json = "{}";  // an object; told to the graph like the claims of a token
};

// A proxy that has asked who is calling and says it in headers. They count only if the connection comes from `from`.
struct ProxySettings {
  std::vector<graphs::Network> from;  // not empty
  std::string header;                 // whose value is the identity; lower case, like the others
  std::string email_header;           // empty: there is none
  std::string permissions_header;     // empty: there is none; its value is a list with commas or blanks
};

// What is configured: at least one of tokens, keys and proxy.
struct AuthSettings {
  JwtRules tokens;
  std::string jwks_url;           // where the issuer publishes its keys; empty: no tokens are taken
  std::string auth_type = "jwt";  // told to the graph; "auth0" with builtin:auth0
  std::vector<ApiKey> keys;
  std::optional<ProxySettings> proxy;
  AccessRules rules;
  // `x-auth-scheme: langsmith` lets anybody in as the user of Studio. Only if `disable_studio_auth` is false in so
  // many words, because any program can send that header.
  bool studio_may_enter = false;

  bool takes_tokens() const { return !jwks_url.empty(); }
};

}  // namespace heddle::api
