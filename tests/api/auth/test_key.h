#pragma once
// The other side of a token: keys that are made for the test, and what an issuer does with them.

#include <memory>
#include <string>
#include <string_view>

#include "api/auth/auth_settings.h"

struct evp_pkey_st;

namespace heddle::test {

std::string base64url(std::string_view bytes);

// A key pair. Copies share it.
class TestKey {
 public:
  static TestKey rsa(int bits = 2048);
  static TestKey p256();
  static TestKey p384();
  static TestKey ed25519();
  // The kind that the algorithm needs, made once for all tests.
  static const TestKey& for_algorithm(api::JwtAlgorithm algorithm);

  // The public half as a JWK with the id `kid`; `more` is JSON that goes on after it, like `,"use":"enc"`.
  std::string jwk(const std::string& kid, const std::string& more = "") const;
  std::string pem() const;
  std::string sign(api::JwtAlgorithm algorithm, std::string_view data) const;

 private:
  explicit TestKey(evp_pkey_st* key);
  std::shared_ptr<evp_pkey_st> key_;
};

// {"keys":[...]} from one or several JWKs.
std::string key_set(const std::string& jwks);

// header.claims.signature, from JSON texts.
std::string token(const TestKey& key, api::JwtAlgorithm algorithm, std::string_view header, std::string_view claims);
// The same signed with HMAC-SHA-256.
std::string hmac_token(const std::string& secret, std::string_view header, std::string_view claims);

}  // namespace heddle::test
