#include "tests/api/http/certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace heddle::test {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;
using File = std::unique_ptr<BIO, decltype(&BIO_free)>;

constexpr long kDay = 86'400;

void must(bool succeeded, const char* what) {
  if (!succeeded) throw std::runtime_error(std::string("OpenSSL refuses: ") + what);
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  must(key != nullptr, "a key");
  return key;
}

void extend(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  must(extension != nullptr, "an extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate signed_by(const std::string& name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  Certificate made(X509_new(), X509_free);
  X509* const certificate = made.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), issuer == nullptr ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kDay);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, issuer == nullptr ? subject : X509_get_subject_name(issuer));
  X509_set_pubkey(certificate, key);
  if (issuer == nullptr) {
    extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    extend(certificate, issuer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  }
  must(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "a signature");
  return made;
}

File file(const std::filesystem::path& path) {
  File opened(BIO_new_file(path.c_str(), "w"), BIO_free);
  must(opened != nullptr, "a file");
  return opened;
}

}  // namespace

void make_certificate(const std::filesystem::path& folder, const std::string& name) {
  const Key authority_key = new_key();
  const Certificate authority = signed_by("test authority", authority_key.get(), nullptr, authority_key.get());
  const Key key = new_key();
  const Certificate certificate = signed_by(name, key.get(), authority.get(), authority_key.get());
  PEM_write_bio_X509(file(folder / "ca.pem").get(), authority.get());
  const File chain = file(folder / (name + ".pem"));
  PEM_write_bio_X509(chain.get(), certificate.get());
  PEM_write_bio_X509(chain.get(), authority.get());
  PEM_write_bio_PrivateKey(file(folder / (name + ".key")).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

void make_locked_key(const std::filesystem::path& folder, const std::string& name) {
  const Key key = new_key();
  unsigned char password[] = "password";
  PEM_write_bio_PrivateKey(file(folder / (name + ".key")).get(), key.get(), EVP_aes_256_cbc(), password, 8, nullptr,
                           nullptr);
}

}  // namespace heddle::test
