#pragma once
// Outgoing HTTP: thousands of transfers at a time on one thread of its own ("heddle-http").
//
// What comes in is handed to the executor of the coroutine that asked; a reader that does not read makes
// its transfer wait (and in the end the sender), never the memory grow. HTTPS_PROXY, HTTP_PROXY, NO_PROXY
// and SSL_CERT_FILE are honoured. Certificates are always checked.
//
// A client for URLs that somebody else chose gets `may_connect`: it is asked about the address of every connection,
// when the name has been resolved, so that a name cannot lead where its text does not (DNS rebinding). Behind a proxy
// the addresses are the proxy's to decide: then everything goes through it, also what NO_PROXY names, because those are
// the hosts inside, and `may_connect` is not asked. Such a proxy must not reach what shall not be reached.

#include <array>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/error.h"
#include "runtime/secret.h"

namespace heddle::graphs {

class HttpEngine;

struct HttpHeader {
  std::string name;
  std::string value;
};

// A header whose value is `prefix` and a secret: {"Authorization", "Bearer ", key}.
struct SecretHeader {
  std::string name;
  std::string prefix;
  runtime::Secret value;
};

enum class Redirects {
  refused,   // a 3xx answer is an answer
  followed,  // five at most; not allowed together with secret headers, which would go to the other host
};

// Moved, not copied, because of its secrets.
struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http or https
  std::vector<HttpHeader> headers;
  std::vector<SecretHeader> secret_headers;
  std::string body;
  Redirects redirects = Redirects::refused;
  std::chrono::milliseconds connect_timeout{10'000};  // name, TCP and TLS; a working network needs less than one second
  std::chrono::milliseconds idle_timeout{60'000};     // nothing arrives while the reader waits; 0: none
  std::chrono::milliseconds total_timeout{0};         // from start to the last byte; 0: none
  std::size_t body_bytes_max = 16UL * 1024 * 1024;  // of an answer given by fetch(); the largest GIF of a mail is less
};

// Whether two names of headers are the same, in any case.
bool same_name(std::string_view left, std::string_view right);

struct HttpHead {
  int status = 0;
  std::vector<HttpHeader> headers;
  // The value of the first header of that name, in any case.
  std::optional<std::string_view> find(std::string_view name) const;
};

struct HttpAnswer {
  HttpHead head;
  std::string body;
};

enum class HttpFailure {
  connection,
  timeout,
  certificate,
  too_large,
  stopped,
  request,
  refused,  // every address of the host is one that `may_connect` refuses
};

// No answer, or not all of it. The text names method and host and the reason; never the path, a header or a body. A
// node that lets it pass fails as ConnectionError, ConnectionTimeoutError (both are retried where a node has a retry
// policy) or Error.
class HttpError : public runtime::GraphError {
 public:
  HttpError(HttpFailure kind, const std::string& text) : GraphError(name_of(kind), text), kind_(kind) {}
  HttpFailure kind() const { return kind_; }

 private:
  static std::string name_of(HttpFailure kind);

  HttpFailure kind_;
};

// Where a connection is about to be made to. An IPv4 address has its IPv6 form, ::ffff:a.b.c.d.
struct PeerAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::uint16_t port = 0;
};

struct HttpClientSettings {
  std::size_t connections_max = 4096;     // open at a time; further requests wait. Below usual limits of open files
  std::size_t idle_connections_max = 64;  // kept open for the next request
  std::size_t unread_bytes_max = 256UL * 1024;  // of one transfer; then it waits for its reader
  std::string ca_file;                          // empty: SSL_CERT_FILE, else that of the system
  // Called on the client's thread; must not throw and not wait. Empty: every address.
  std::function<bool(const PeerAddress&)> may_connect;
};

// An answer on its way. Belongs to the executor of the coroutine that opened it, which must run one thing at a
// time (a strand or one thread). Destroying it closes the connection if the answer is not complete.
class HttpStream {
 public:
  HttpStream(HttpStream&&) noexcept;
  HttpStream& operator=(HttpStream&&) = delete;
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;
  ~HttpStream();

  const HttpHead& head() const;
  // The next bytes of the body, nothing at its end. Throws HttpError. One call at a time; cancellable.
  boost::asio::awaitable<std::optional<std::string>> next();

 private:
  friend class HttpClient;
  struct Parts;
  explicit HttpStream(std::unique_ptr<Parts> parts);
  boost::asio::awaitable<void> wait();
  std::unique_ptr<Parts> parts_;
};

// Any thread may call. Destroy it before the io_contexts of its callers: its destructor ends all
// transfers and joins the thread.
class HttpClient {
 public:
  explicit HttpClient(HttpClientSettings settings = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Returns when the head of the answer has come, whatever its status. Throws HttpError. Cancellable:
  // the connection is closed.
  boost::asio::awaitable<HttpStream> open(HttpRequest request);
  // The whole answer. Throws HttpError, `too_large` for more than `body_bytes_max`.
  boost::asio::awaitable<HttpAnswer> fetch(HttpRequest request);

 private:
  std::shared_ptr<HttpEngine> engine_;
};

}  // namespace heddle::graphs
