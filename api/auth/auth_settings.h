#pragma once
// How callers are known, as configured under `auth` in langgraph.json (http-api.md 17.1, auth0-token-vault.md 7).

#include <chrono>
#include <string>
#include <vector>

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

struct AuthSettings {
  JwtRules tokens;
  std::string jwks_url;           // where the issuer publishes its keys
  std::string auth_type = "jwt";  // told to the graph; "auth0" with builtin:auth0
  // `x-auth-scheme: langsmith` lets anybody in as the user of Studio. Only if `disable_studio_auth` is false in so
  // many words, because any program can send that header.
  bool studio_may_enter = false;
};

}  // namespace heddle::api
