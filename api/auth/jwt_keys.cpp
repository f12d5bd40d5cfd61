#include "api/auth/jwt_keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "api/auth/base64url.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kKeysMax = 100;  // providers publish two or three
// Below, a key can be broken; above, checking a signature takes long enough to be an attack.
constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;
constexpr std::size_t kExponentBytesMax = 8;  // in use are 3 and 65537

enum class Scheme { pkcs1, pss, ecdsa, eddsa };

struct AlgorithmFacts {
  std::string_view name;
  JwtAlgorithm algorithm;
  JwtKeyKind kind;
  Scheme scheme;
  const char* digest;  // null: part of the scheme
};
constexpr std::array kAlgorithms = {
    AlgorithmFacts{"RS256", JwtAlgorithm::rs256, JwtKeyKind::rsa, Scheme::pkcs1, "SHA256"},
    AlgorithmFacts{"RS384", JwtAlgorithm::rs384, JwtKeyKind::rsa, Scheme::pkcs1, "SHA384"},
    AlgorithmFacts{"RS512", JwtAlgorithm::rs512, JwtKeyKind::rsa, Scheme::pkcs1, "SHA512"},
    AlgorithmFacts{"PS256", JwtAlgorithm::ps256, JwtKeyKind::rsa, Scheme::pss, "SHA256"},
    AlgorithmFacts{"PS384", JwtAlgorithm::ps384, JwtKeyKind::rsa, Scheme::pss, "SHA384"},
    AlgorithmFacts{"PS512", JwtAlgorithm::ps512, JwtKeyKind::rsa, Scheme::pss, "SHA512"},
    AlgorithmFacts{"ES256", JwtAlgorithm::es256, JwtKeyKind::p256, Scheme::ecdsa, "SHA256"},
    AlgorithmFacts{"ES384", JwtAlgorithm::es384, JwtKeyKind::p384, Scheme::ecdsa, "SHA384"},
    AlgorithmFacts{"EdDSA", JwtAlgorithm::eddsa, JwtKeyKind::ed25519, Scheme::eddsa, nullptr},
};

const AlgorithmFacts& facts_of(JwtAlgorithm algorithm) {
  return *std::ranges::find(kAlgorithms, algorithm, &AlgorithmFacts::algorithm);
}

template <auto Free>
struct FreedBy {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BigNumber = std::unique_ptr<BIGNUM, FreedBy<BN_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreedBy<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, FreedBy<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreedBy<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreedBy<ECDSA_SIG_free>>;
using SharedKey = std::shared_ptr<evp_pkey_st>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

BigNumber number_from(std::string_view big_endian) {
  return BigNumber(BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

// Errors that OpenSSL queues in this thread would be told by whoever looks there next, for example TLS.
class QuietErrors {
 public:
  QuietErrors() { ERR_set_mark(); }
  ~QuietErrors() { ERR_pop_to_mark(); }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
};

SharedKey key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) return nullptr;
  return {key, EVP_PKEY_free};
}

// The bytes of a member in base64url.
std::optional<std::string> bytes_member(const json::object& jwk, std::string_view name) {
  const std::optional<std::string_view> text = runtime::find_text(jwk, name);
  if (!text) return std::nullopt;
  return base64url_decoded(*text);
}

SharedKey rsa_key(const json::object& jwk) {
  const std::optional<std::string> modulus = bytes_member(jwk, "n");
  const std::optional<std::string> exponent = bytes_member(jwk, "e");
  if (!modulus || !exponent || modulus->size() > std::size_t{kRsaBitsMax} / 8 + 1) return nullptr;
  if (exponent->size() > kExponentBytesMax) return nullptr;
  const BigNumber n = number_from(*modulus);
  const BigNumber e = number_from(*exponent);
  if (!n || !e || BN_num_bits(n.get()) < kRsaBitsMin || BN_num_bits(n.get()) > kRsaBitsMax) return nullptr;
  // With the exponent 1 everything would be its own signature.
  if (BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1) return nullptr;
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  return key_from("RSA", builder.get());
}

SharedKey ec_key(const json::object& jwk, const char* group, std::size_t coordinate_bytes) {
  const std::optional<std::string> x = bytes_member(jwk, "x");
  const std::optional<std::string> y = bytes_member(jwk, "y");
  if (!x || !y || x->size() != coordinate_bytes || y->size() != coordinate_bytes) return nullptr;
  const std::string point = "\x04" + *x + *y;
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return nullptr;
  }
  const SharedKey key = key_from("EC", builder.get());
  if (!key) return nullptr;
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!context || EVP_PKEY_public_check(context.get()) != 1) return nullptr;  // a point that is not on the curve
  return key;
}

SharedKey ed25519_key(const json::object& jwk) {
  const std::optional<std::string> x = bytes_member(jwk, "x");
  if (!x || x->size() != 32) return nullptr;
  EVP_PKEY* const key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*x), x->size());
  if (key == nullptr) return nullptr;
  return {key, EVP_PKEY_free};
}

bool may_verify(const json::object& jwk) {
  if (const json::value* use = runtime::find_given(jwk, "use")) {
    if (!use->is_string() || use->get_string() != "sig") return false;
  }
  const json::value* operations = runtime::find_given(jwk, "key_ops");
  if (operations == nullptr) return true;
  return operations->is_array() &&
         std::ranges::find(operations->get_array(), json::value("verify")) != operations->get_array().end();
}

std::optional<JwtKey> key_of(const json::object& jwk) {
  if (!may_verify(jwk)) return std::nullopt;
  JwtKey key;
  if (const json::value* id = runtime::find_given(jwk, "kid")) {
    if (!id->is_string()) return std::nullopt;
    key.id = id->get_string();
  }
  const std::optional<std::string_view> type = runtime::find_text(jwk, "kty");
  const std::string_view curve = runtime::find_text(jwk, "crv").value_or("");
  if (type == "RSA") {
    key.kind = JwtKeyKind::rsa;
    key.key = rsa_key(jwk);
  } else if (type == "EC" && curve == "P-256") {
    key.kind = JwtKeyKind::p256;
    key.key = ec_key(jwk, "P-256", 32);
  } else if (type == "EC" && curve == "P-384") {
    key.kind = JwtKeyKind::p384;
    key.key = ec_key(jwk, "P-384", 48);
  } else if (type == "OKP" && curve == "Ed25519") {
    key.kind = JwtKeyKind::ed25519;
    key.key = ed25519_key(jwk);
  }
  if (!key.key) return std::nullopt;
  if (const json::value* algorithm = runtime::find_given(jwk, "alg")) {
    if (!algorithm->is_string()) return std::nullopt;
    key.algorithm = jwt_algorithm(std::string_view(algorithm->get_string()));
    if (!key.algorithm || !fits(key, *key.algorithm)) return std::nullopt;
  }
  return key;
}

// Two numbers of equal length, as the header of a token promises them, in the form that OpenSSL reads.
std::optional<std::string> der_signature(std::string_view joined, std::size_t number_bytes) {
  if (joined.size() != 2 * number_bytes) return std::nullopt;
  const EcdsaSignature signature(ECDSA_SIG_new());
  BigNumber r = number_from(joined.substr(0, number_bytes));
  BigNumber s = number_from(joined.substr(number_bytes));
  if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return std::nullopt;
  (void)r.release();  // they belong to the signature since
  (void)s.release();
  unsigned char* bytes = nullptr;
  const int length = i2d_ECDSA_SIG(signature.get(), &bytes);
  if (length <= 0) return std::nullopt;
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return der;
}

bool set_pss(EVP_PKEY_CTX* context) {
  // The salt is as long as the digest, which is also the one of the mask (RFC 7518 3.5).
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

std::optional<JwtAlgorithm> jwt_algorithm(std::string_view name) {
  const auto* const found = std::ranges::find(kAlgorithms, name, &AlgorithmFacts::name);
  if (found == kAlgorithms.end()) return std::nullopt;
  return found->algorithm;
}

std::string jwt_algorithm_names() {
  std::string names;
  for (const AlgorithmFacts& facts : kAlgorithms) names.append(names.empty() ? "" : ", ").append(facts.name);
  return names;
}

std::optional<JwtKeys> jwt_keys_from(std::string_view text) {
  const QuietErrors quiet;
  json::value whole;
  try {
    whole = runtime::parse_json(text, {16});
  } catch (const runtime::JsonError&) {
    return std::nullopt;
  }
  if (!whole.is_object()) return std::nullopt;
  const json::array* const list = runtime::find_array(whole.get_object(), "keys");
  if (list == nullptr || list->size() > kKeysMax) return std::nullopt;
  JwtKeys keys;
  for (const json::value& entry : *list) {
    if (!entry.is_object()) continue;
    std::optional<JwtKey> key = key_of(entry.get_object());
    if (key) keys.push_back(*std::move(key));
  }
  return keys;
}

bool fits(const JwtKey& key, JwtAlgorithm algorithm) {
  return facts_of(algorithm).kind == key.kind && (!key.algorithm || *key.algorithm == algorithm);
}

bool is_signed(const JwtKey& key, JwtAlgorithm algorithm, std::string_view data, std::string_view signature) {
  const QuietErrors quiet;
  const AlgorithmFacts& facts = facts_of(algorithm);
  std::string checked(signature);
  if (facts.scheme == Scheme::ecdsa) {
    const std::optional<std::string> der = der_signature(signature, key.kind == JwtKeyKind::p256 ? 32 : 48);
    if (!der) return false;
    checked = *der;
  } else if (signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key.key.get()))) {
    // RFC 8017 8.1.2: OpenSSL takes a PSS signature that begins with zeros without them, too. One token has one form.
    return false;
  }
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;  // belongs to `context`
  if (!context ||
      EVP_DigestVerifyInit_ex(context.get(), &settings, facts.digest, nullptr, nullptr, key.key.get(), nullptr) != 1) {
    return false;
  }
  if (facts.scheme == Scheme::pss && !set_pss(settings)) return false;
  return EVP_DigestVerify(context.get(), bytes_of(checked), checked.size(), bytes_of(data), data.size()) == 1;
}

}  // namespace heddle::api
