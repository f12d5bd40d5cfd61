#pragma once
// Keys that callers show, of which the server keeps the hashes only. Pure functions; any thread may call.
//
// A key is random and long, so that its plain SHA-256 tells nothing about it; a word that a person has thought of would
// be found in a list of hashed words. So a short text is no key, whatever the configuration says.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth/auth_settings.h"

namespace heddle::api {

// Bytes. 32 characters of base64url are 192 bits.
inline constexpr std::size_t kApiKeyBytesMin = 32;
inline constexpr std::size_t kApiKeyBytesMax = 1'024;

// Whether a text may be a key at all: of 32 to 1024 visible ASCII characters.
bool may_be_api_key(std::string_view text);

ApiKeyHash api_key_hash(std::string_view key);
// From 64 hex digits in either case.
std::optional<ApiKeyHash> api_key_hash_from(std::string_view hex);
std::string hex_of(const ApiKeyHash& hash);

// The one of `keys` that was shown. Null pointer if it is none of them. Takes the same time for every text of the same
// length, whichever key it is or nearly is.
const ApiKey* find_api_key(const std::vector<ApiKey>& keys, std::string_view shown);

// A fresh key: `heddle_` and 256 random bits. Throws std::runtime_error if the system has no random numbers.
std::string make_api_key();

}  // namespace heddle::api
