#include "tests/api/auth/test_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>
#include <vector>

namespace heddle::test {
namespace {

using api::JwtAlgorithm;

void must(bool succeeded, const char* what) {
  if (!succeeded) throw std::runtime_error(std::string("OpenSSL refuses: ") + what);
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

const char* digest_of(JwtAlgorithm algorithm) {
  switch (algorithm) {
    case JwtAlgorithm::rs256:
    case JwtAlgorithm::ps256:
    case JwtAlgorithm::es256:
      return "SHA256";
    case JwtAlgorithm::rs384:
    case JwtAlgorithm::ps384:
    case JwtAlgorithm::es384:
      return "SHA384";
    case JwtAlgorithm::rs512:
    case JwtAlgorithm::ps512:
      return "SHA512";
    case JwtAlgorithm::eddsa:
      return nullptr;
  }
  return nullptr;
}

bool is_pss(JwtAlgorithm algorithm) {
  return algorithm == JwtAlgorithm::ps256 || algorithm == JwtAlgorithm::ps384 || algorithm == JwtAlgorithm::ps512;
}

bool is_ecdsa(JwtAlgorithm algorithm) {
  return algorithm == JwtAlgorithm::es256 || algorithm == JwtAlgorithm::es384;
}

std::string number_text(const BIGNUM* number, int bytes) {
  std::string text(static_cast<std::size_t>(bytes), '\0');
  must(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()), bytes) == bytes, "a number");
  return text;
}

std::string parameter(const EVP_PKEY* key, const char* name, int bytes = 0) {
  BIGNUM* number = nullptr;
  must(EVP_PKEY_get_bn_param(key, name, &number) == 1, name);
  std::string text = number_text(number, bytes == 0 ? BN_num_bytes(number) : bytes);
  BN_free(number);
  return base64url(text);
}

std::string joined_numbers(const std::string& der, int number_bytes) {
  const unsigned char* at = bytes_of(der);
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  must(signature != nullptr, "a signature");
  std::string joined = number_text(ECDSA_SIG_get0_r(signature), number_bytes);
  joined += number_text(ECDSA_SIG_get0_s(signature), number_bytes);
  ECDSA_SIG_free(signature);
  return joined;
}

std::string start(std::string_view header, std::string_view claims) {
  return base64url(header) + "." + base64url(claims);
}

}  // namespace

std::string base64url(std::string_view bytes) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    count += 8;
    while (count >= 6) {
      count -= 6;
      text += kDigits[(bits >> count) & 63U];
    }
    bits &= 0xFFU;
  }
  if (count > 0) text += kDigits[(bits << (6 - count)) & 63U];
  return text;
}

TestKey::TestKey(evp_pkey_st* key) : key_(key, EVP_PKEY_free) {
  must(key != nullptr, "to make a key");
}

TestKey TestKey::rsa(int bits) {
  return TestKey(EVP_RSA_gen(static_cast<unsigned>(bits)));
}

TestKey TestKey::p256() {
  return TestKey(EVP_EC_gen("P-256"));
}

TestKey TestKey::p384() {
  return TestKey(EVP_EC_gen("P-384"));
}

TestKey TestKey::ed25519() {
  return TestKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

const TestKey& TestKey::for_algorithm(JwtAlgorithm algorithm) {
  static const TestKey of_rsa = rsa();
  static const TestKey of_p256 = p256();
  static const TestKey of_p384 = p384();
  static const TestKey of_ed25519 = ed25519();
  if (algorithm == JwtAlgorithm::es256) return of_p256;
  if (algorithm == JwtAlgorithm::es384) return of_p384;
  if (algorithm == JwtAlgorithm::eddsa) return of_ed25519;
  return of_rsa;
}

std::string TestKey::jwk(const std::string& kid, const std::string& more) const {
  std::string text = R"({"kid":")" + kid + R"(",)";
  if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
    text += R"("kty":"RSA","n":")" + parameter(key_.get(), OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
            parameter(key_.get(), OSSL_PKEY_PARAM_RSA_E) + "\"";
  } else if (EVP_PKEY_is_a(key_.get(), "EC") == 1) {
    const int bytes = EVP_PKEY_get_bits(key_.get()) / 8;
    text += R"("kty":"EC","crv":")" + std::string(bytes == 32 ? "P-256" : "P-384") + R"(","x":")" +
            parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, bytes) + R"(","y":")" +
            parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, bytes) + "\"";
  } else {
    std::string raw(32, '\0');
    std::size_t length = raw.size();
    must(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &length) == 1, "raw");
    text += R"("kty":"OKP","crv":"Ed25519","x":")" + base64url(raw) + "\"";
  }
  return text + more + "}";
}

std::string TestKey::pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  must(PEM_write_bio_PUBKEY(bio, key_.get()) == 1, "PEM");
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(length));
  BIO_free(bio);
  return text;
}

std::string TestKey::sign(JwtAlgorithm algorithm, std::string_view data) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* settings = nullptr;
  must(EVP_DigestSignInit_ex(context, &settings, digest_of(algorithm), nullptr, nullptr, key_.get(), nullptr) == 1,
       "to sign");
  if (is_pss(algorithm)) {
    must(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1, "PSS");
    must(EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1, "salt");
  }
  std::size_t length = 0;
  must(EVP_DigestSign(context, nullptr, &length, bytes_of(data), data.size()) == 1, "length");
  std::string signature(length, '\0');
  must(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &length, bytes_of(data),
                      data.size()) == 1,
       "signature");
  EVP_MD_CTX_free(context);
  signature.resize(length);
  return is_ecdsa(algorithm) ? joined_numbers(signature, algorithm == JwtAlgorithm::es256 ? 32 : 48) : signature;
}

std::string key_set(const std::string& jwks) {
  return R"({"keys":[)" + jwks + "]}";
}

std::string token(const TestKey& key, JwtAlgorithm algorithm, std::string_view header, std::string_view claims) {
  const std::string signed_text = start(header, claims);
  return signed_text + "." + base64url(key.sign(algorithm, signed_text));
}

std::string hmac_token(const std::string& secret, std::string_view header, std::string_view claims) {
  const std::string signed_text = start(header, claims);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  must(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(signed_text), signed_text.size(),
            digest, &length) != nullptr,
       "HMAC");
  return signed_text + "." + base64url(std::string_view(reinterpret_cast<const char*>(digest), length));
}

}  // namespace heddle::test
