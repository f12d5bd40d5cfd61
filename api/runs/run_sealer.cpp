#include "api/runs/run_sealer.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "api/auth/base64url.h"
#include "api/auth/hex.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kKeyIdBytes = 8;
constexpr std::string_view kPurpose = "heddle secrets of a run, form 1";

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// What a blob belongs to.
std::string belonging(storage::RunId run, storage::ThreadId thread) {
  std::string text(kPurpose);
  text.append(run.uuid.bytes.begin(), run.uuid.bytes.end());
  text.append(thread.uuid.bytes.begin(), thread.uuid.bytes.end());
  return text;
}

json::object revealed(const std::shared_ptr<const runtime::Secrets>& secrets) {
  json::object members;
  if (!secrets) return members;
  for (const auto& [key, value] : *secrets) members.emplace(key, value.reveal());
  return members;
}

std::shared_ptr<const runtime::Secrets> taken(json::value& members) {
  auto secrets = std::make_shared<runtime::Secrets>();
  for (json::key_value_pair& member : members.as_object()) {
    secrets->insert_or_assign(std::string(member.key()), runtime::SecretJson::take(std::move(member.value())));
  }
  return secrets;
}

runtime::Secret plain_text(const RunSecrets& secrets) {
  json::value whole = json::object{{"configurable", revealed(secrets.configurable)},
                                   {"context", revealed(secrets.context)},
                                   {"headers", secrets.header_settings}};
  runtime::Secret text(runtime::to_text(whole));
  runtime::wipe(whole);
  return text;
}

RunSecrets secrets_from(std::string_view text) {
  json::value whole = runtime::parse_json(text);
  RunSecrets secrets;
  secrets.configurable = taken(whole.at("configurable"));
  secrets.context = taken(whole.at("context"));
  secrets.header_settings = std::move(whole.at("headers").as_object());
  return secrets;
}

// The text behind `ciphertext`; nothing if the key is another one or a bit was changed.
std::optional<runtime::Secret> decrypted(const runtime::Secret& key, const storage::Sealed& sealed) {
  if (sealed.nonce.size() != kNonceBytes || sealed.ciphertext.size() < kTagBytes) return std::nullopt;
  const std::string_view text = std::string_view(sealed.ciphertext).substr(0, sealed.ciphertext.size() - kTagBytes);
  std::string tag = sealed.ciphertext.substr(text.size());
  const std::string belongs_to = belonging(sealed.run_id, sealed.thread_id);
  std::string plain(text.size(), '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  int rest = 0;
  const bool is_good =
      cipher &&
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.reveal()), bytes_of(sealed.nonce)) ==
          1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes_of(belongs_to), static_cast<int>(belongs_to.size())) ==
          1 &&
      EVP_DecryptUpdate(cipher.get(), bytes_of(plain), &length, bytes_of(text), static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag.size()), tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes_of(plain) + length, &rest) == 1;
  runtime::Secret secret(std::move(plain));
  if (!is_good) return std::nullopt;
  return secret;
}

std::optional<runtime::Secret> key_from(std::string_view word) {
  if (word.size() == 2 * kKeyBytes) {
    std::optional<std::string> bytes = hex_decoded(word);
    if (!bytes) return std::nullopt;
    return runtime::Secret(std::move(*bytes));
  }
  std::string text(word);
  if (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  std::optional<std::string> bytes = base64url_decoded(text);
  runtime::wipe(text);
  if (!bytes || bytes->size() != kKeyBytes) return std::nullopt;
  return runtime::Secret(std::move(*bytes));
}

}  // namespace

RunSealer::RunSealer(std::vector<runtime::Secret> keys) {
  if (keys.empty()) throw std::invalid_argument("no key to seal with");
  for (runtime::Secret& key : keys) {
    if (key.reveal().size() != kKeyBytes) throw std::invalid_argument("a key has 32 bytes");
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(bytes_of(key.reveal()), kKeyBytes, digest.data());
    std::string id(digest.begin(), digest.begin() + kKeyIdBytes);
    keys_.push_back({std::move(key), std::move(id)});
  }
}

storage::Sealed RunSealer::seal(storage::RunId run, storage::ThreadId thread, const RunSecrets& secrets) const {
  const runtime::Secret text = plain_text(secrets);
  const Key& key = keys_.front();
  storage::Sealed sealed{run, thread, key.id, std::string(kNonceBytes, '\0'),
                         std::string(text.reveal().size() + kTagBytes, '\0')};
  const std::string belongs_to = belonging(run, thread);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  unsigned char* const out = bytes_of(sealed.ciphertext);
  const auto text_bytes = static_cast<int>(text.reveal().size());
  int length = 0;
  int rest = 0;
  const bool is_good =
      cipher && RAND_bytes(bytes_of(sealed.nonce), static_cast<int>(kNonceBytes)) == 1 &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.bytes.reveal()),
                         bytes_of(sealed.nonce)) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes_of(belongs_to), static_cast<int>(belongs_to.size())) ==
          1 &&
      EVP_EncryptUpdate(cipher.get(), out, &length, bytes_of(text.reveal()), text_bytes) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), out + length, &rest) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), out + text_bytes) == 1;
  if (!is_good) throw std::runtime_error("the secrets of a run could not be sealed: OpenSSL refuses AES-256-GCM");
  return sealed;
}

std::variant<RunSecrets, CannotOpen> RunSealer::open(const storage::Sealed& sealed) const {
  const auto key = std::ranges::find(keys_, sealed.key_id, &Key::id);
  if (key == keys_.end()) {
    return CannotOpen{"they are sealed under the key " + hex_of(sealed.key_id) + ", which this server was not given"};
  }
  const std::optional<runtime::Secret> text = decrypted(key->bytes, sealed);
  if (!text) return CannotOpen{"what was sealed has been changed or belongs to another run"};
  return secrets_from(text->reveal());
}

std::string RunSealer::key_id() const {
  return hex_of(keys_.front().id);
}

std::vector<runtime::Secret> sealing_keys_from(std::string_view text) {
  std::vector<runtime::Secret> keys;
  constexpr std::string_view kBetween = " \t\r\n,";
  std::size_t at = 0;
  while ((at = text.find_first_not_of(kBetween, at)) != std::string_view::npos) {
    if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    std::optional<runtime::Secret> key = key_from(text.substr(at, end - at));
    if (!key) {
      throw std::invalid_argument("key number " + std::to_string(keys.size() + 1) +
                                  " is none: allowed are 32 bytes, as 64 digits in hex or 44 letters in base64, for "
                                  "example what `openssl rand -base64 32` prints");
    }
    keys.push_back(std::move(*key));
    at = end;
  }
  if (keys.empty()) throw std::invalid_argument("there is no key; `openssl rand -base64 32` makes one");
  return keys;
}

}  // namespace heddle::api
