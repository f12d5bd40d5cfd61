#include "graphs/http_client.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <stdexcept>
#include <utility>

#include "graphs/http/engine.h"
#include "graphs/http/transfer.h"
#include "graphs/url_parts.h"

namespace heddle::graphs {

namespace asio = boost::asio;

namespace {

// A line break in a header would let its value add headers of its own.
bool fits_header(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

std::string HttpError::name_of(HttpFailure kind) {
  if (kind == HttpFailure::connection) return "ConnectionError";
  return kind == HttpFailure::timeout ? "ConnectionTimeoutError" : "Error";
}

bool same_name(std::string_view left, std::string_view right) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(left, right, [&](char a, char b) { return lower(a) == lower(b); });
}

std::optional<std::string_view> HttpHead::find(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (same_name(header.name, name)) return header.value;
  }
  return std::nullopt;
}

struct HttpStream::Parts {
  std::shared_ptr<HttpEngine> engine;
  std::shared_ptr<HttpTransfer> transfer;
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
  HttpTransfer& transfer = *parts_->transfer;
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
  HttpTransfer& transfer = *parts_->transfer;
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

HttpClient::HttpClient(HttpClientSettings settings) : engine_(std::make_shared<HttpEngine>(std::move(settings))) {}

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
  std::string place = request.method;
  const std::string origin = origin_text(request.url);
  if (!origin.empty()) place += " " + origin;
  const auto executor = co_await asio::this_coro::executor;
  const std::chrono::milliseconds idle_timeout = request.idle_timeout;
  auto parts = std::make_unique<HttpStream::Parts>();
  parts->engine = engine_;
  parts->transfer = std::make_shared<HttpTransfer>(executor, std::move(place), std::move(request));
  HttpTransfer& transfer = *parts->transfer;
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
