#include "api/auth/api_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "api/auth/hex.h"

namespace heddle::api {

bool may_be_api_key(std::string_view text) {
  if (text.size() < kApiKeyBytesMin || text.size() > kApiKeyBytesMax) return false;
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

ApiKeyHash api_key_hash(std::string_view key) {
  ApiKeyHash hash{};
  if (EVP_Digest(key.data(), key.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not available");
  }
  return hash;
}

std::optional<ApiKeyHash> api_key_hash_from(std::string_view hex) {
  const std::optional<std::string> bytes = hex_decoded(hex);
  ApiKeyHash hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::ranges::copy(*bytes, hash.begin());
  return hash;
}

std::string hex_of(const ApiKeyHash& hash) {
  return hex_of(std::string(hash.begin(), hash.end()));
}

const ApiKey* find_api_key(const std::vector<ApiKey>& keys, std::string_view shown) {
  if (!may_be_api_key(shown)) return nullptr;
  const ApiKeyHash hash = api_key_hash(shown);
  const ApiKey* found = nullptr;
  // All of them, also behind the right one: how long it takes tells nothing about where it stands.
  for (const ApiKey& key : keys) {
    if (CRYPTO_memcmp(key.hash.data(), hash.data(), hash.size()) == 0) found = &key;
  }
  return found;
}

std::string make_api_key() {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr std::size_t kCharacters = 43;  // of 6 bits: 258
  std::array<unsigned char, kCharacters> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    throw std::runtime_error("the system has no random numbers to make a key of");
  }
  std::string key = "heddle_";
  for (const unsigned char byte : random) key += kAlphabet[byte & 63U];
  OPENSSL_cleanse(random.data(), random.size());
  return key;
}

}  // namespace heddle::api
