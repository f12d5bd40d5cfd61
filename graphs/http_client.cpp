#include "graphs/http_client.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <new>
#include <thread>
#include <unordered_map>
#include <utility>

namespace heddle::graphs {

namespace asio = boost::asio;

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) { return lower(a) == lower(b); });
}

// A line break in a header would let its value add headers of its own.
bool fits_header(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

// The part of a URL, or an empty text.
std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  std::string found;
  if (curl_url_get(url, part, &text, flags) == CURLUE_OK && text != nullptr) found = text;
  curl_free(text);
  return found;
}

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

// "POST https://host:port", without user, path and query, which may be secret.
std::string place_of(const HttpRequest& request) {
  std::string place = request.method;
  CURLU* const url = curl_url();
  if (url != nullptr && curl_url_set(url, CURLUPART_URL, request.url.c_str(), 0) == CURLUE_OK) {
    auto append = [&](CURLUPart part, const char* before) {
      const std::string text = part_of(url, part);
      if (!text.empty()) place.append(before).append(text);
    };
    append(CURLUPART_SCHEME, " ");
    append(CURLUPART_HOST, "://");
    append(CURLUPART_PORT, ":");
  }
  curl_url_cleanup(url);
  return place;
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

// curl wants this once per process, before its first use.
void initialise_curl() {
  struct Initialised {
    Initialised() {
      if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
    }
  };
  static const Initialised once;
}

}  // namespace

std::optional<std::string_view> HttpHead::find(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (same_name(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::optional<UrlParts> url_parts(const std::string& url) {
  initialise_curl();
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
  if (!parsed) throw std::bad_alloc();
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  UrlParts parts;
  parts.scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  parts.host = part_of(parsed.get(), CURLUPART_HOST);
  std::ranges::transform(parts.host, parts.host.begin(), lower);
  const std::string port = part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), parts.port);
  if (parts.scheme.empty() || parts.host.empty()) return std::nullopt;
  return parts;
}

// Why a transfer ended early. Crosses the threads as plain values: copies of an exception share their text.
struct HttpClient::Ending {
  HttpFailure kind = HttpFailure::connection;
  std::string text;
};

// One exchange. Its two halves are touched by one thread each, and only values go between them by posting.
struct HttpClient::Transfer : std::enable_shared_from_this<Transfer> {
  Transfer(asio::any_io_executor of_reader, HttpRequest what)
      : executor(std::move(of_reader)), place(place_of(what)), request(std::move(what)), changed(executor) {}

  // Shared and constant.
  const asio::any_io_executor executor;
  const std::string place;

  // Of the curl thread. It gets the request with the transfer.
  HttpRequest request;
  CURL* easy = nullptr;
  curl_slist* header_lines = nullptr;
  char error_text[CURL_ERROR_SIZE] = {};
  HttpHead incoming;
  bool head_sent = false;
  bool paused = false;
  const std::function<bool(const PeerAddress&)>* may_connect = nullptr;
  bool has_refused = false;  // an address
  bool has_opened = false;   // a socket
  std::size_t unread = 0;    // bytes handed to the reader and not read
  std::size_t unread_max = 0;

  // Of the reader's executor.
  asio::steady_timer changed;  // cancelling it wakes the reader
  std::size_t changes = 0;
  std::chrono::milliseconds idle_timeout{};
  std::optional<HttpHead> head;
  std::deque<std::string> received;
  std::size_t read_bytes = 0;  // read, and the curl thread does not know yet
  bool ended = false;
  std::optional<Ending> error;

  template <class Change>
  void tell_reader(Change change) {
    asio::post(executor, [self = shared_from_this(), change = std::move(change)]() mutable {
      change(*self);
      ++self->changes;
      self->changed.cancel();
    });
  }
  void send_head() {
    if (std::exchange(head_sent, true)) return;
    tell_reader([head = std::move(incoming)](Transfer& self) mutable { self.head = std::move(head); });
  }
  void end(std::optional<Ending> why) {
    tell_reader([why = std::move(why)](Transfer& self) mutable {
      self.ended = true;
      self.error = std::move(why);
    });
  }
};

// The curl thread and everything that curl owns.
class HttpClient::Engine {
 public:
  explicit Engine(HttpClientSettings settings);
  ~Engine() { stop(); }

  // Any thread. After stop() a transfer ends at once, and the others do nothing.
  void start(std::shared_ptr<Transfer> transfer);
  void abort(std::shared_ptr<Transfer> transfer);
  void read(std::shared_ptr<Transfer> transfer, std::size_t bytes);
  void stop();

  std::size_t unread_bytes_max() const { return settings_.unread_bytes_max; }

 private:
  using Command = std::function<void()>;

  bool submit(Command command);
  void work();
  bool run_commands();
  void begin(const std::shared_ptr<Transfer>& transfer);
  void configure(Transfer& transfer);
  void add_headers(Transfer& transfer);
  void restrict_peers(Transfer& transfer);
  void finish(CURL* easy, CURLcode code);
  void remove(Transfer& transfer);
  // Called by C code, which no exception may cross.
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) noexcept;
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept;
  static curl_socket_t on_open_socket(void* user, curlsocktype purpose, curl_sockaddr* address) noexcept;

  HttpClientSettings settings_;
  CURLM* multi_ = nullptr;
  std::unordered_map<CURL*, std::shared_ptr<Transfer>> running_;  // of the curl thread

  // The curl thread sleeps in curl_multi_poll and has no executor to post to, hence a queue with a mutex.
  std::mutex mutex_;
  std::vector<Command> commands_;
  bool stopping_ = false;
  std::thread thread_;
};

HttpClient::Engine::Engine(HttpClientSettings settings) : settings_(std::move(settings)) {
  initialise_curl();
  if (settings_.ca_file.empty()) {
    const char* const from_environment = std::getenv("SSL_CERT_FILE");
    if (from_environment != nullptr) settings_.ca_file = from_environment;
  }
  multi_ = curl_multi_init();
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(settings_.connections_max));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(settings_.idle_connections_max));
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "heddle-http");
    work();
  });
}

void HttpClient::Engine::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  curl_multi_wakeup(multi_);
  thread_.join();
  curl_multi_cleanup(multi_);
}

bool HttpClient::Engine::submit(Command command) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  commands_.push_back(std::move(command));
  curl_multi_wakeup(multi_);
  return true;
}

void HttpClient::Engine::start(std::shared_ptr<Transfer> transfer) {
  const bool accepted = submit([this, transfer] { begin(transfer); });
  if (!accepted) transfer->end(Ending{HttpFailure::stopped, transfer->place + ": the HTTP client has been stopped"});
}

void HttpClient::Engine::abort(std::shared_ptr<Transfer> transfer) {
  submit([this, transfer = std::move(transfer)] { remove(*transfer); });
}

void HttpClient::Engine::read(std::shared_ptr<Transfer> transfer, std::size_t bytes) {
  submit([transfer = std::move(transfer), bytes] {
    transfer->unread -= bytes;
    if (!transfer->paused || transfer->easy == nullptr) return;
    transfer->paused = false;
    curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
  });
}

bool HttpClient::Engine::run_commands() {
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

void HttpClient::Engine::work() {
  constexpr int kSleepMsMax = 10'000;  // curl wakes earlier for its own timers, and for commands
  while (run_commands()) {
    int still_running = 0;
    curl_multi_perform(multi_, &still_running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
    }
    curl_multi_poll(multi_, nullptr, 0, kSleepMsMax, nullptr);
  }
  while (!running_.empty()) {
    const std::shared_ptr<Transfer> transfer = running_.begin()->second;
    remove(*transfer);
    transfer->end(Ending{HttpFailure::stopped, transfer->place + ": the HTTP client has been stopped"});
  }
}

void HttpClient::Engine::begin(const std::shared_ptr<Transfer>& transfer) {
  transfer->easy = curl_easy_init();
  if (transfer->easy == nullptr) throw std::bad_alloc();
  configure(*transfer);
  running_.emplace(transfer->easy, transfer);
  const CURLMcode added = curl_multi_add_handle(multi_, transfer->easy);
  if (added == CURLM_OK) return;
  remove(*transfer);
  transfer->end(Ending{HttpFailure::request, transfer->place + ": " + curl_multi_strerror(added)});
}

void HttpClient::Engine::configure(Transfer& transfer) {
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
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Engine::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Engine::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
}

void HttpClient::Engine::add_headers(Transfer& transfer) {
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
void HttpClient::Engine::restrict_peers(Transfer& transfer) {
  const std::string proxy = proxy_for(transfer.request.url);
  // Said in so many words, also that there is none, because curl would ask the environment.
  curl_easy_setopt(transfer.easy, CURLOPT_PROXY, proxy.c_str());
  curl_easy_setopt(transfer.easy, CURLOPT_NOPROXY, "");
  if (!proxy.empty()) return;
  transfer.may_connect = &settings_.may_connect;
  curl_easy_setopt(transfer.easy, CURLOPT_OPENSOCKETFUNCTION, &Engine::on_open_socket);
  curl_easy_setopt(transfer.easy, CURLOPT_OPENSOCKETDATA, &transfer);
}

curl_socket_t HttpClient::Engine::on_open_socket(void* user, curlsocktype purpose, curl_sockaddr* address) noexcept {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::optional<PeerAddress> peer = peer_of(*address);
  if (purpose != CURLSOCKTYPE_IPCXN || !peer || !(*transfer.may_connect)(*peer)) {
    transfer.has_refused = true;
    return CURL_SOCKET_BAD;
  }
  transfer.has_opened = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void HttpClient::Engine::finish(CURL* easy, CURLcode code) {
  const auto found = running_.find(easy);
  if (found == running_.end()) return;
  const std::shared_ptr<Transfer> transfer = found->second;
  remove(*transfer);
  if (code == CURLE_OK) {
    transfer->send_head();
    transfer->end(std::nullopt);
    return;
  }
  if (transfer->has_refused && !transfer->has_opened) {
    transfer->end(Ending{HttpFailure::refused, transfer->place + ": the host has an address that may not be called"});
    return;
  }
  const std::string reason = transfer->error_text[0] != '\0' ? transfer->error_text : curl_easy_strerror(code);
  transfer->end(Ending{failure_of(code), transfer->place + ": " + reason});
}

// Also closes the connection if the answer is not complete. Does nothing for a transfer that has ended.
void HttpClient::Engine::remove(Transfer& transfer) {
  if (transfer.easy == nullptr) return;
  CURL* const easy = std::exchange(transfer.easy, nullptr);
  curl_multi_remove_handle(multi_, easy);
  curl_easy_cleanup(easy);
  free_headers(std::exchange(transfer.header_lines, nullptr));
  runtime::wipe(transfer.request.body);  // the exchange of a token has secrets in its body
  running_.erase(easy);
}

std::size_t HttpClient::Engine::on_header(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  constexpr std::size_t kHeadersMax = 256;
  Transfer& transfer = *static_cast<Transfer*>(user);
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

std::size_t HttpClient::Engine::on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  Transfer& transfer = *static_cast<Transfer*>(user);
  if (transfer.unread >= transfer.unread_max) {
    transfer.paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  const std::size_t bytes = size * count;
  transfer.send_head();
  transfer.unread += bytes;
  transfer.tell_reader(
      [part = std::string(data, bytes)](Transfer& self) mutable { self.received.push_back(std::move(part)); });
  return bytes;
}

struct HttpStream::Parts {
  std::shared_ptr<HttpClient::Engine> engine;
  std::shared_ptr<HttpClient::Transfer> transfer;
};

HttpStream::HttpStream(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HttpStream::HttpStream(HttpStream&&) noexcept = default;

HttpStream::~HttpStream() {
  if (parts_ == nullptr || parts_->transfer->ended) return;
  parts_->engine->abort(parts_->transfer);
}

const HttpHead& HttpStream::head() const {
  return *parts_->transfer->head;
}

// Waits for a change of the transfer, no longer than its idle timeout. May return early.
asio::awaitable<void> HttpStream::wait() {
  HttpClient::Transfer& transfer = *parts_->transfer;
  if (transfer.idle_timeout.count() > 0) {
    transfer.changed.expires_after(transfer.idle_timeout);
  } else {
    transfer.changed.expires_at(asio::steady_timer::time_point::max());
  }
  const std::size_t changes = transfer.changes;
  // If it was the reader that was cancelled, and not the timer, the next co_await throws.
  const auto woken = co_await transfer.changed.async_wait(asio::as_tuple(asio::use_awaitable));
  const bool expired = !std::get<0>(woken);
  if (expired && transfer.changes == changes) {
    const std::string limit = std::to_string(transfer.idle_timeout.count());
    throw HttpError(HttpFailure::timeout, transfer.place + ": nothing arrived for " + limit + " ms");
  }
}

asio::awaitable<std::optional<std::string>> HttpStream::next() {
  HttpClient::Transfer& transfer = *parts_->transfer;
  while (transfer.received.empty() && !transfer.ended) co_await wait();
  if (transfer.received.empty()) {
    if (transfer.error) throw HttpError(transfer.error->kind, transfer.error->text);
    co_return std::nullopt;
  }
  std::string bytes = std::move(transfer.received.front());
  transfer.received.pop_front();
  transfer.read_bytes += bytes.size();
  // Telling the curl thread wakes it, so that is done for a good part of the buffer at a time.
  const bool tell = transfer.read_bytes >= transfer.unread_max / 2 && !transfer.ended;
  if (tell) parts_->engine->read(parts_->transfer, std::exchange(transfer.read_bytes, 0));
  co_return bytes;
}

HttpClient::HttpClient(HttpClientSettings settings) : engine_(std::make_shared<Engine>(std::move(settings))) {}

HttpClient::~HttpClient() {
  engine_->stop();
}

asio::awaitable<HttpStream> HttpClient::open(HttpRequest request) {
  if (request.redirects == Redirects::followed && !request.secret_headers.empty()) {
    throw std::logic_error("a request with secret headers must not follow redirects");
  }
  for (const HttpHeader& header : request.headers) {
    if (!fits_header(header.name) || !fits_header(header.value)) {
      throw HttpError(HttpFailure::request, "a header of the request has a line break in it");
    }
  }
  for (const SecretHeader& header : request.secret_headers) {
    if (!fits_header(header.name) || !fits_header(header.prefix) || !fits_header(header.value.reveal())) {
      throw HttpError(HttpFailure::request, "the header " + header.name + " of the request has a line break in it");
    }
  }
  const auto executor = co_await asio::this_coro::executor;
  const std::chrono::milliseconds idle_timeout = request.idle_timeout;
  auto parts = std::make_unique<HttpStream::Parts>();
  parts->engine = engine_;
  parts->transfer = std::make_shared<Transfer>(executor, std::move(request));
  Transfer& transfer = *parts->transfer;
  transfer.idle_timeout = idle_timeout;
  transfer.unread_max = engine_->unread_bytes_max();
  HttpStream stream(std::move(parts));
  engine_->start(stream.parts_->transfer);
  while (!transfer.head && !transfer.ended) co_await stream.wait();
  if (!transfer.head) throw HttpError(transfer.error->kind, transfer.error->text);
  co_return stream;
}

asio::awaitable<HttpAnswer> HttpClient::fetch(HttpRequest request) {
  const std::size_t bytes_max = request.body_bytes_max;
  HttpStream stream = co_await open(std::move(request));
  std::string body;
  for (;;) {
    const std::optional<std::string> bytes = co_await stream.next();
    if (!bytes) break;
    if (body.size() + bytes->size() > bytes_max) {
      const std::string limit = std::to_string(bytes_max);
      throw HttpError(HttpFailure::too_large,
                      stream.parts_->transfer->place + ": the answer has more than " + limit + " bytes");
    }
    body += *bytes;
  }
  HttpAnswer answer{stream.head(), std::move(body)};
  co_return answer;
}

}  // namespace heddle::graphs
