#include "graphs/http/engine.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/socket.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "graphs/http/initialised_curl.h"

namespace heddle::graphs {
namespace {

// Nothing for an address that is neither IPv4 nor IPv6.
std::optional<PeerAddress> peer_of(const curl_sockaddr& address) {
  PeerAddress peer;
  if (address.family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.addr, sizeof(v4));
    peer.bytes[10] = peer.bytes[11] = 0xff;
    std::memcpy(peer.bytes.data() + 12, &v4.sin_addr, 4);
    peer.port = ntohs(v4.sin_port);
    return peer;
  }
  if (address.family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address.addr, sizeof(v6));
    std::memcpy(peer.bytes.data(), &v6.sin6_addr, 16);
    peer.port = ntohs(v6.sin6_port);
    return peer;
  }
  return std::nullopt;
}

// The proxy that the environment names for a scheme; empty: none. HTTP_PROXY in capitals is not read, as curl does
// not read it: a CGI server makes it from a header of its client.
std::string proxy_for(std::string_view url) {
  const bool is_https = url.size() > 5 && same_name(url.substr(0, 6), "https:");
  const std::vector<const char*> names = is_https ? std::vector{"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}
                                                  : std::vector{"http_proxy", "all_proxy", "ALL_PROXY"};
  for (const char* const name : names) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

HttpFailure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return HttpFailure::timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
      return HttpFailure::certificate;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return HttpFailure::request;
    default:
      return HttpFailure::connection;
  }
}

// Frees the header lines and wipes them, because secrets are among them.
void free_headers(curl_slist* headers) {
  for (curl_slist* line = headers; line != nullptr; line = line->next) {
    OPENSSL_cleanse(line->data, std::char_traits<char>::length(line->data));
  }
  curl_slist_free_all(headers);
}

// The next three are called by C code, which no exception may cross.
curl_socket_t on_open_socket(void* user, curlsocktype purpose, curl_sockaddr* address) noexcept {
  HttpTransfer& transfer = *static_cast<HttpTransfer*>(user);
  const std::optional<PeerAddress> peer = peer_of(*address);
  if (purpose != CURLSOCKTYPE_IPCXN || !peer || !(*transfer.may_connect)(*peer)) {
    transfer.has_refused = true;
    return CURL_SOCKET_BAD;
  }
  transfer.has_opened = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  constexpr std::size_t kHeadersMax = 256;
  HttpTransfer& transfer = *static_cast<HttpTransfer*>(user);
  const std::size_t bytes = size * count;
  std::string_view line(data, bytes);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (transfer.head_sent) return bytes;  // a trailer
  if (line.starts_with("HTTP/")) {
    transfer.incoming = {};
    const std::size_t space = line.find(' ');
    const std::string_view status = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    std::from_chars(status.data(), status.data() + status.size(), transfer.incoming.status);
    return bytes;
  }
  if (!line.empty()) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || transfer.incoming.headers.size() >= kHeadersMax) return bytes;
    std::string_view value = line.substr(colon + 1);
    const std::size_t first = value.find_first_not_of(" \t");
    value = first == std::string_view::npos ? std::string_view() : value.substr(first);
    value = value.substr(0, value.find_last_not_of(" \t") + 1);
    transfer.incoming.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
    return bytes;
  }
  // The end of a head: of the last one, unless it is "100 Continue" or leads to another place.
  const int status = transfer.incoming.status;
  const bool leads_on = transfer.request.redirects == Redirects::followed && status >= 300 && status < 400;
  if (status >= 200 && !leads_on) transfer.send_head();
  return bytes;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  HttpTransfer& transfer = *static_cast<HttpTransfer*>(user);
  if (transfer.unread >= transfer.unread_max) {
    transfer.paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  const std::size_t bytes = size * count;
  transfer.send_head();
  transfer.unread += bytes;
  transfer.tell_reader(
      [part = std::string(data, bytes)](HttpTransfer& self) mutable { self.received.push_back(std::move(part)); });
  return bytes;
}

}  // namespace

HttpEngine::HttpEngine(HttpClientSettings settings) : settings_(std::move(settings)) {
  initialise_curl();
  if (settings_.ca_file.empty()) {
    const char* const from_environment = std::getenv("SSL_CERT_FILE");
    if (from_environment != nullptr) settings_.ca_file = from_environment;
  }
  static_assert(sizeof(HttpTransfer::error_text) >= CURL_ERROR_SIZE);
  multi_ = curl_multi_init();
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(settings_.connections_max));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(settings_.idle_connections_max));
  try {
    events_.emplace(multi_);
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "heddle-http");
      work();
    });
  } catch (...) {
    curl_multi_cleanup(multi_);
    throw;
  }
}

void HttpEngine::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  events_->wake();
  thread_.join();
  curl_multi_cleanup(multi_);
}

bool HttpEngine::submit(Command command) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  commands_.push_back(std::move(command));
  events_->wake();
  return true;
}

void HttpEngine::start(std::shared_ptr<HttpTransfer> transfer) {
  const bool accepted = submit([this, transfer] { begin(transfer); });
  if (!accepted)
    transfer->end(HttpEnding{HttpFailure::stopped, transfer->place + ": the HTTP client has been stopped"});
}

void HttpEngine::abort(std::shared_ptr<HttpTransfer> transfer) {
  submit([this, transfer = std::move(transfer)] { remove(*transfer); });
}

void HttpEngine::read(std::shared_ptr<HttpTransfer> transfer, std::size_t bytes) {
  submit([transfer = std::move(transfer), bytes] {
    transfer->unread -= bytes;
    if (!transfer->paused || transfer->easy == nullptr) return;
    transfer->paused = false;
    curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
  });
}

bool HttpEngine::run_commands() {
  std::vector<Command> commands;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(commands_);
    stopping = stopping_;
  }
  for (const Command& command : commands) command();
  return !stopping;
}

void HttpEngine::work() {
  constexpr std::chrono::seconds kSleepMax{10};  // curl wakes earlier for its own timers, and for commands
  while (run_commands()) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg == CURLMSG_DONE) finish(message->easy_handle, static_cast<int>(message->data.result));
    }
    events_->wait(kSleepMax);
  }
  while (!running_.empty()) {
    const std::shared_ptr<HttpTransfer> transfer = running_.begin()->second;
    remove(*transfer);
    transfer->end(HttpEnding{HttpFailure::stopped, transfer->place + ": the HTTP client has been stopped"});
  }
}

void HttpEngine::begin(const std::shared_ptr<HttpTransfer>& transfer) {
  transfer->easy = curl_easy_init();
  if (transfer->easy == nullptr) throw std::bad_alloc();
  configure(*transfer);
  running_.emplace(transfer->easy, transfer);
  const CURLMcode added = curl_multi_add_handle(multi_, transfer->easy);
  if (added == CURLM_OK) return;
  remove(*transfer);
  transfer->end(HttpEnding{HttpFailure::request, transfer->place + ": " + curl_multi_strerror(added)});
}

void HttpEngine::configure(HttpTransfer& transfer) {
  CURL* const easy = transfer.easy;
  const HttpRequest& request = transfer.request;
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error_text);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "heddle");
  // One connection per transfer, so that one that waits for its reader never holds up another one, and an aborted
  // one closes its socket.
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!settings_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca_file.c_str());
  if (request.redirects == Redirects::followed) {
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
  }
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET" || !request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  add_headers(transfer);
  if (settings_.may_connect) restrict_peers(transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
}

void HttpEngine::add_headers(HttpTransfer& transfer) {
  auto add = [&](std::string& line) {
    curl_slist* const longer = curl_slist_append(transfer.header_lines, line.c_str());
    runtime::wipe(line);
    if (longer == nullptr) throw std::bad_alloc();
    transfer.header_lines = longer;
  };
  // curl would wait up to a second for "100 Continue" before a large body.
  std::string no_expect = "Expect:";
  add(no_expect);
  for (const HttpHeader& header : transfer.request.headers) {
    std::string line = header.name + ": " + header.value;
    add(line);
  }
  for (const SecretHeader& header : transfer.request.secret_headers) {
    std::string line;
    line.reserve(header.name.size() + 2 + header.prefix.size() + header.value.reveal().size());
    line.append(header.name).append(": ").append(header.prefix).append(header.value.reveal());
    add(line);
  }
  transfer.request.secret_headers.clear();
  curl_easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, transfer.header_lines);
}

// Idle connections may be used again: each has been checked when it was made.
void HttpEngine::restrict_peers(HttpTransfer& transfer) {
  const std::string proxy = proxy_for(transfer.request.url);
  // Said in so many words, also that there is none, because curl would ask the environment.
  curl_easy_setopt(transfer.easy, CURLOPT_PROXY, proxy.c_str());
  curl_easy_setopt(transfer.easy, CURLOPT_NOPROXY, "");
  if (!proxy.empty()) return;
  transfer.may_connect = &settings_.may_connect;
  curl_easy_setopt(transfer.easy, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  curl_easy_setopt(transfer.easy, CURLOPT_OPENSOCKETDATA, &transfer);
}

void HttpEngine::finish(void* easy, int result) {
  const auto code = static_cast<CURLcode>(result);
  const auto found = running_.find(easy);
  if (found == running_.end()) return;
  const std::shared_ptr<HttpTransfer> transfer = found->second;
  remove(*transfer);
  if (code == CURLE_OK) {
    transfer->send_head();
    transfer->end(std::nullopt);
    return;
  }
  if (transfer->has_refused && !transfer->has_opened) {
    transfer->end(
        HttpEnding{HttpFailure::refused, transfer->place + ": the host has an address that may not be called"});
    return;
  }
  const std::string reason = transfer->error_text[0] != '\0' ? transfer->error_text : curl_easy_strerror(code);
  transfer->end(HttpEnding{failure_of(code), transfer->place + ": " + reason});
}

// Also closes the connection if the answer is not complete. Does nothing for a transfer that has ended.
void HttpEngine::remove(HttpTransfer& transfer) {
  if (transfer.easy == nullptr) return;
  CURL* const easy = std::exchange(transfer.easy, nullptr);
  curl_multi_remove_handle(multi_, easy);
  curl_easy_cleanup(easy);
  free_headers(std::exchange(transfer.header_lines, nullptr));
  runtime::wipe(transfer.request.body);  // the exchange of a token has secrets in its body
  running_.erase(easy);
}

}  // namespace heddle::graphs
