#include "api/http/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

namespace heddle::api {
namespace {

// What OpenSSL says about the last failure of this thread.
std::string reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* const text = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return text == nullptr ? "OpenSSL does not say why" : text;
}

TlsError fault(const std::string& key, const std::string& file, const std::string& what) {
  return TlsError(key + " \"" + file + "\": " + what + ": " + reason());
}

// Clients that ask for something else than HTTP/1.1 are told so by the choice; those that ask for nothing get it, too.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  constexpr std::string_view kHttp = "http/1.1";
  unsigned int at = 0;
  while (at < offered_length) {
    const unsigned int size = offered[at];
    if (at + 1 + size > offered_length) break;
    if (std::equal(offered + at + 1, offered + at + 1 + size, kHttp.begin(), kHttp.end())) {
      *chosen = offered + at + 1;
      *length = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
    at += 1 + size;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

// A key with a password would make the start wait at a terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

int size_of(std::string_view bytes) {
  return static_cast<int>(std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max()));
}

}  // namespace

TlsIdentity::TlsIdentity(const TlsSettings& settings) : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
  ERR_clear_error();
  SSL_CTX* const context = context_.get();
  if (context == nullptr) throw TlsError("TLS is not available: " + reason());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle connection holds no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, no_password);
  if (SSL_CTX_use_certificate_chain_file(context, settings.certificate.c_str()) != 1) {
    throw fault("tls.certificate", settings.certificate, "cannot be read as a certificate in PEM");
  }
  if (SSL_CTX_use_PrivateKey_file(context, settings.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const bool is_others = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
    throw fault(
        "tls.key", settings.key,
        is_others ? "is not the key of the certificate" : "cannot be read as a private key in PEM without a password");
  }
  if (SSL_CTX_check_private_key(context) != 1)
    throw fault("tls.key", settings.key, "is not the key of the certificate");
}

TlsSession::TlsSession(std::shared_ptr<const TlsIdentity> identity)
    : identity_(std::move(identity)), session_(SSL_new(identity_->context()), SSL_free) {
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  if (!session_ || in == nullptr || out == nullptr) {
    BIO_free(in);
    BIO_free(out);
    throw TlsError("a TLS session could not be made: " + reason());
  }
  // An empty one means that more has to come, not that the peer has closed.
  BIO_set_mem_eof_return(in, -1);
  BIO_set_mem_eof_return(out, -1);
  SSL_set_bio(session_.get(), in, out);  // which owns them now
  SSL_set_accept_state(session_.get());
}

void TlsSession::put(std::string_view bytes) {
  if (!bytes.empty()) BIO_write(SSL_get_rbio(session_.get()), bytes.data(), size_of(bytes));
}

void TlsSession::take_outgoing(std::string& out) {
  BIO* const outgoing = SSL_get_wbio(session_.get());
  const std::size_t waiting = BIO_ctrl_pending(outgoing);
  if (waiting == 0) return;
  const std::size_t before = out.size();
  out.resize(before + waiting);
  const int taken = BIO_read(outgoing, out.data() + before, static_cast<int>(waiting));
  out.resize(before + static_cast<std::size_t>(std::max(taken, 0)));
}

void TlsSession::note(int result) {
  const int error = SSL_get_error(session_.get(), result);
  is_over_ = is_over_ || (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE);
  ERR_clear_error();
}

void TlsSession::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(session_.get());
  if (result != 1) note(result);
}

bool TlsSession::is_established() const {
  return SSL_is_init_finished(session_.get()) == 1;
}

std::size_t TlsSession::read(std::span<char> space) {
  if (is_over_ || space.empty()) return 0;
  ERR_clear_error();
  const int result = SSL_read(session_.get(), space.data(), size_of({space.data(), space.size()}));
  if (result > 0) return static_cast<std::size_t>(result);
  note(result);
  return 0;
}

bool TlsSession::has_unread() const {
  return !is_over_ && (SSL_pending(session_.get()) > 0 || BIO_ctrl_pending(SSL_get_rbio(session_.get())) > 0);
}

bool TlsSession::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ERR_clear_error();
    const int result = SSL_write(session_.get(), bytes.data(), size_of(bytes));
    if (result <= 0) {
      note(result);
      // Where the sealed bytes go has no end, so a session that does not take them is broken.
      is_over_ = true;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(result));
  }
  return true;
}

void TlsSession::close() {
  ERR_clear_error();
  if (is_established()) SSL_shutdown(session_.get());
  ERR_clear_error();
}

}  // namespace heddle::api
