#pragma once
// TLS as arithmetic: bytes of the network in, bytes of the peer out, and the other way round. The socket, its waits and
// its limits belong to the connection, which works the same with and without.

#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

struct ssl_ctx_st;  // SSL_CTX and SSL of OpenSSL, whose headers stay out of ours
struct ssl_st;

namespace heddle::api {

// Two PEM files: the certificate of the server with the chain behind it, and its private key.
struct TlsSettings {
  std::string certificate;  // empty, like the other: connections are not encrypted
  std::string key;

  bool is_on() const { return !certificate.empty(); }
};

// The files cannot be used. One line that names the setting, the file and what is wrong with it.
class TlsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Certificate and key, read and checked. TLS 1.2 and 1.3, ALPN for HTTP/1.1. Never changed once made; any thread may
// use it.
class TlsIdentity {
 public:
  // Throws TlsError.
  explicit TlsIdentity(const TlsSettings& settings);

  ssl_ctx_st* context() const { return context_.get(); }

 private:
  std::shared_ptr<ssl_ctx_st> context_;
};

// The first byte of everything that a client of TLS begins with.
inline constexpr char kTlsHandshake = 0x16;

// The server's end of one connection. Belongs to the thread of the connection.
class TlsSession {
 public:
  // Throws TlsError when there is no memory for it.
  explicit TlsSession(std::shared_ptr<const TlsIdentity> identity);

  // What came from the network. Kept until it has been read.
  void put(std::string_view bytes);
  // What has to go to the network: answers of the handshake, sealed bytes, alerts. Appended to `out`.
  void take_outgoing(std::string& out);

  // Goes on with the handshake as far as what was put allows.
  void shake_hands();
  bool is_established() const;
  // The peer has closed, or broke the protocol: nothing more can be read.
  bool is_over() const { return is_over_; }

  // Bytes of the peer; 0 if more has to be put first, or if it is over.
  std::size_t read(std::span<char> space);
  // Whether bytes were put that read() has not looked at.
  bool has_unread() const;
  // Seals bytes for the peer; false if the session is broken.
  bool write(std::string_view bytes);
  // Says that nothing more is sent.
  void close();

 private:
  void note(int result);

  std::shared_ptr<const TlsIdentity> identity_;
  std::shared_ptr<ssl_st> session_;
  bool is_over_ = false;
};

}  // namespace heddle::api
