#pragma once
// The public keys of an issuer of tokens, and what they can check. Pure functions; any thread may call.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth/auth_settings.h"

struct evp_pkey_st;  // EVP_PKEY of OpenSSL, whose headers stay out of ours

namespace heddle::api {

// "RS256" and so on; nothing for every other name.
std::optional<JwtAlgorithm> jwt_algorithm(std::string_view name);
// All names, for error texts.
std::string jwt_algorithm_names();

enum class JwtKeyKind { rsa, p256, p384, ed25519 };

// One public key. A value; its key is never changed, so it may be shared between threads.
struct JwtKey {
  std::string id;  // `kid`; empty if it has none
  JwtKeyKind kind = JwtKeyKind::rsa;
  std::optional<JwtAlgorithm> algorithm;  // the only one it is for, if it says so
  std::shared_ptr<evp_pkey_st> key;
};
using JwtKeys = std::vector<JwtKey>;

// The keys of a JWK Set (RFC 7517) that can check signatures: RSA of 2048 to 8192 bits, P-256, P-384, Ed25519. Others,
// for example secret ones and those for encryption, are passed over. Nothing if `text` is no key set, or one of more
// than 100 keys.
std::optional<JwtKeys> jwt_keys_from(std::string_view text);

// Whether the key is of the kind that the algorithm needs, and not reserved for another one.
bool fits(const JwtKey& key, JwtAlgorithm algorithm);

// Whether `signature`, in the form of RFC 7518 3, was made over `data`. Precondition: the key fits the algorithm.
bool is_signed(const JwtKey& key, JwtAlgorithm algorithm, std::string_view data, std::string_view signature);

}  // namespace heddle::api
