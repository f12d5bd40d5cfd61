#include "api/http/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <charconv>
#include <cstddef>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/http/request_id.h"
#include "api/http/request_parser.h"
#include "api/http/response_head.h"
#include "api/http/transport.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kKeepAliveGrace{10};            // listener.h: closed that much later than announced
constexpr std::chrono::seconds kLinger{2};                     // for the peer to read an answer it did not wait for
constexpr std::size_t kHeaderReadBytes = 4096;                 // the headers of most requests fit
constexpr std::size_t kBodyReadBytes = std::size_t{64} << 10;  // the piece of a body that has a time limit of its own
constexpr std::size_t kPipelinedBytesMax = std::size_t{16} << 10;  // kept for later while a stream runs

std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is no std::exception was thrown";
  }
}

struct Closed {};  // the peer is gone or was idle for too long; nobody waits for an answer
using Incoming = std::variant<Exchange, Refusal, Closed>;

class HttpConnection : public Connection {
 public:
  HttpConnection(TcpSocket socket, ConnectionContext& context)
      : transport_(std::move(socket), context.tls, context.limits.write_timeout, context.deadlines),
        context_(context) {}

  asio::awaitable<void> serve() override;
  asio::awaitable<void> refuse() override;
  void drain() override;

 private:
  class ChunkWriter;

  asio::awaitable<void> serve_requests();
  asio::awaitable<Incoming> read_request();
  asio::awaitable<bool> wait_for_request();
  // Appends to the buffer what the peer has sent, and how many bytes that was; 0 if nothing more comes in time.
  asio::awaitable<std::size_t> receive(std::size_t bytes_max);
  // Whether the connection can be used.
  asio::awaitable<bool> shake_hands();

  // Both return whether the connection can take another request. `about`: the request's name in logs.
  asio::awaitable<bool> answer(Exchange exchange);
  asio::awaitable<bool> send_streamed(Response response, ResponseHead head, Verb verb, std::string about);
  asio::awaitable<void> send_refusal(Refusal refusal);
  static asio::awaitable<void> run_stream(const Response& response, BodyWriter& writer, std::exception_ptr& failure);
  asio::awaitable<void> watch_peer();
  void log(std::string text) const {
    if (context_.hooks.log) context_.hooks.log(std::move(text));
  }

  Transport transport_;
  ConnectionContext& context_;
  boost::beast::flat_buffer buffer_;  // received and not yet parsed; holds no memory while idle
  bool owes_answer_ = false;          // a byte of a request was read that has no answer yet
  bool is_draining_ = false;
  bool peer_is_gone_ = false;
};

class HttpConnection::ChunkWriter : public BodyWriter {
 public:
  ChunkWriter(HttpConnection& connection, Framing framing) : connection_(connection), framing_(framing) {}

  asio::awaitable<void> write(std::string_view bytes) override {
    if (bytes.empty()) co_return;  // an empty chunk would be the end of the body
    written_ += bytes.size();
    std::array<char, 20> size{};
    std::string_view before;
    std::string_view after;
    if (framing_ == Framing::chunked) {
      char* end = std::to_chars(size.data(), size.data() + size.size() - 2, bytes.size(), 16).ptr;
      *end++ = '\r';
      *end++ = '\n';
      before = std::string_view(size.data(), static_cast<std::size_t>(end - size.data()));
      after = "\r\n";
    }
    Outgoing chunk(before, bytes, after);
    if (connection_.transport_.send_now(chunk)) co_return;
    const error_code error = co_await connection_.transport_.send(chunk);
    if (error) {
      connection_.peer_is_gone_ = true;
      throw system_error(error, "sending a part of a streamed answer");
    }
  }

  std::size_t written() const { return written_; }

 private:
  HttpConnection& connection_;
  Framing framing_;
  std::size_t written_ = 0;
};

void HttpConnection::drain() {
  is_draining_ = true;
  if (!owes_answer_) transport_.cancel();
}

asio::awaitable<void> HttpConnection::serve() {
  std::exception_ptr failure;
  try {
    co_await serve_requests();
  } catch (...) {
    failure = std::current_exception();
  }
  const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
  const bool was_cancelled = cancellation.cancelled() != asio::cancellation_type::none;
  if (failure && !was_cancelled) log("connection: " + text_of(failure));
  transport_.clear_deadline();
  transport_.close();
}

asio::awaitable<void> HttpConnection::serve_requests() {
  const bool is_usable = co_await shake_hands();
  if (!is_usable) co_return;
  for (;;) {
    Incoming incoming = co_await read_request();
    if (std::holds_alternative<Closed>(incoming)) co_return;
    if (std::holds_alternative<Refusal>(incoming)) {
      Refusal refusal = std::get<Refusal>(std::move(incoming));
      co_await send_refusal(std::move(refusal));
      co_return;
    }
    Exchange exchange = std::get<Exchange>(std::move(incoming));
    const bool goes_on = co_await answer(std::move(exchange));
    if (!goes_on) co_return;
    owes_answer_ = false;
  }
}

asio::awaitable<Incoming> HttpConnection::read_request() {
  const bool has_bytes = co_await wait_for_request();
  if (!has_bytes) co_return Closed{};

  owes_answer_ = true;
  transport_.set_deadline(Clock::now() + context_.limits.header_timeout);
  RequestParser parser(context_.limits);
  bool was_continued = false;
  std::size_t of_piece = kBodyReadBytes;  // bytes of the body since its time limit was set; the first byte sets it
  for (;;) {
    if (buffer_.size() > 0) {
      const auto received = buffer_.data();
      const std::size_t parsed = parser.put({static_cast<const char*>(received.data()), received.size()});
      buffer_.consume(parsed);
      if (parser.is_refused()) co_return parser.take_refusal();
    }
    if (parser.is_done()) break;
    if (buffer_.size() > context_.limits.header_bytes_max) co_return parser.refuse_framing();

    const bool wants_body = parser.is_header_done();
    const bool waits_for_us = wants_body && parser.waits_for_continue();
    if (waits_for_us && buffer_.size() == 0 && !was_continued) {
      was_continued = true;
      const Outgoing go_on("HTTP/1.1 100 Continue\r\n\r\n");
      const error_code error = co_await transport_.send(go_on);
      if (error) co_return Closed{};
      of_piece = kBodyReadBytes;
    }
    if (wants_body && of_piece >= kBodyReadBytes) {
      transport_.set_deadline(Clock::now() + context_.limits.body_timeout);
      of_piece = 0;
    }
    const std::size_t bytes_max = wants_body ? kBodyReadBytes : kHeaderReadBytes;
    const std::size_t received = co_await receive(bytes_max);
    of_piece += received;
    if (received > 0) continue;
    if (!transport_.has_deadline_passed()) co_return Closed{};
    co_return parser.refuse(408, "The request took too long to arrive");
  }
  transport_.clear_deadline();

  Exchange exchange = parser.take();
  exchange.request.request_id = request_id_for(exchange.request.headers, context_.random);
  exchange.request.peer = transport_.peer();
  co_return exchange;
}

// True when there is a byte of the next request. Idle connections wait here, without a buffer.
asio::awaitable<bool> HttpConnection::wait_for_request() {
  transport_.set_deadline(Clock::now() + context_.limits.keep_alive + kKeepAliveGrace);
  for (;;) {
    while (buffer_.size() > 0) {
      const char first = *static_cast<const char*>(buffer_.data().data());
      if (first != '\r' && first != '\n') co_return true;
      buffer_.consume(1);  // RFC 9112 2.2: empty lines before a request are skipped
    }
    buffer_.shrink_to_fit();
    if (is_draining_ || transport_.has_deadline_passed()) co_return false;

    const error_code error = co_await transport_.wait_for_bytes();
    if (error) co_return false;
    const std::size_t received = co_await receive(kHeaderReadBytes);
    if (received == 0) co_return false;
  }
}

asio::awaitable<std::size_t> HttpConnection::receive(std::size_t bytes_max) {
  const auto space = buffer_.prepare(bytes_max);
  const std::span<char> bytes(static_cast<char*>(space.data()), space.size());
  const std::size_t received = co_await transport_.receive(bytes);
  buffer_.commit(received);
  co_return received;
}

asio::awaitable<bool> HttpConnection::shake_hands() {
  transport_.set_deadline(Clock::now() + context_.limits.header_timeout);
  const Handshake handshake = co_await transport_.shake_hands();
  if (handshake == Handshake::not_tls) {
    Refusal refusal{400, "This port speaks HTTPS only", {}};
    co_await send_refusal(std::move(refusal));
  }
  co_return handshake == Handshake::done;
}

asio::awaitable<bool> HttpConnection::answer(Exchange exchange) {
  const Verb verb = exchange.request.verb;
  const std::string request_id = exchange.request.request_id;
  // What the answer to a failure needs; the request itself goes to the handler.
  Request remembered;
  remembered.verb = verb;
  const std::optional<std::string_view> origin = exchange.request.headers.find("origin");
  if (origin) remembered.headers.add("origin", std::string(*origin));
  // Without the query, which may hold what is not for logs.
  std::string about = exchange.request.target.substr(0, exchange.request.target.find('?')) + " (" + request_id + ")";

  Response response;
  std::exception_ptr failure;
  try {
    auto answering = context_.handler(std::move(exchange.request));
    Response answered = co_await std::move(answering);
    check(answered);
    response = std::move(answered);
  } catch (...) {
    failure = std::current_exception();
  }
  const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) co_return false;
  if (failure) {
    log("handler of " + about + ": " + text_of(failure));
    response.status = 500;
    response.headers.set("content-type", "application/json");
    response.body = R"({"detail":"Internal Server Error"})";
    if (context_.hooks.complete_own_answer) context_.hooks.complete_own_answer(remembered, response.headers);
  }

  ResponseHead head;
  head.status = response.status;
  head.keeps_alive = exchange.keeps_alive && !is_draining_;
  head.request_id = request_id;
  head.keep_alive = context_.limits.keep_alive;
  if (response.stream && !has_no_body(response.status)) {
    if (response.stream_bytes) {
      head.framing = Framing::length;
      head.body_bytes = *response.stream_bytes;
    } else {
      head.framing = exchange.knows_chunks ? Framing::chunked : Framing::until_close;
      head.keeps_alive = head.keeps_alive && exchange.knows_chunks;
    }
    const bool goes_on = co_await send_streamed(std::move(response), head, verb, std::move(about));
    co_return goes_on;
  }

  if (has_no_body(response.status)) response.body.clear();
  // A client would wait for the body of a 202 without a length; 204 and 304 have none by definition.
  head.framing = response.status == 204 || response.status == 304 ? Framing::nothing : Framing::length;
  head.body_bytes = response.body.size();
  const std::string text = head_text(head, response.headers);
  const std::string_view body = verb == Verb::head ? std::string_view() : std::string_view(response.body);
  Outgoing whole(text, body);
  bool is_sent = transport_.send_now(whole);
  if (!is_sent) {
    const error_code error = co_await transport_.send(whole);
    is_sent = !error;
  }
  if (is_sent && !head.keeps_alive) transport_.end_sending();
  const bool goes_on = is_sent && head.keeps_alive;
  co_return goes_on;
}

asio::awaitable<bool> HttpConnection::send_streamed(Response response, ResponseHead head, Verb verb,
                                                    std::string about) {
  using namespace asio::experimental::awaitable_operators;
  {
    const std::string text = head_text(head, response.headers);
    Outgoing begin(text);
    if (!transport_.send_now(begin)) {
      const error_code error = co_await transport_.send(begin);
      if (error) co_return false;
    }
  }
  if (verb != Verb::head) {
    if (buffer_.size() == 0) buffer_.shrink_to_fit();
    ChunkWriter writer(*this, head.framing);
    std::exception_ptr failure;
    auto streaming = run_stream(response, writer, failure);
    auto watching = watch_peer();
    auto either = std::move(streaming) || std::move(watching);
    co_await std::move(either);

    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    if (peer_is_gone_ || cancellation.cancelled() != asio::cancellation_type::none) co_return false;
    if (failure) {
      log("stream of " + about + ": " + text_of(failure));
      co_return false;
    }
    if (head.framing == Framing::length && writer.written() != head.body_bytes) {
      log("stream of " + about + ": it wrote " + std::to_string(writer.written()) + " bytes and had told " +
          std::to_string(head.body_bytes));
      co_return false;
    }
    if (head.framing == Framing::chunked) {
      const Outgoing end("0\r\n\r\n");
      const error_code error = co_await transport_.send(end);
      if (error) co_return false;
    }
  }
  const bool goes_on = head.keeps_alive && !is_draining_;
  if (!goes_on) transport_.end_sending();
  co_return goes_on;
}

// Throws nothing, so that the end of the stream, whatever it is, ends the watch over the peer too.
asio::awaitable<void> HttpConnection::run_stream(const Response& response, BodyWriter& writer,
                                                 std::exception_ptr& failure) {
  try {
    auto streaming = response.stream(writer);
    co_await std::move(streaming);
  } catch (...) {
    failure = std::current_exception();
  }
}

// Returns when the peer has gone, which ends the stream. What it sends meanwhile is kept as the start of
// its next request, up to a limit; beyond that only a reset is noticed, or a write that fails.
asio::awaitable<void> HttpConnection::watch_peer() {
  while (!peer_is_gone_) {
    const bool is_full = buffer_.size() >= kPipelinedBytesMax;
    auto waiting = is_full ? transport_.wait_for_error() : transport_.wait_for_bytes();
    error_code error = co_await std::move(waiting);
    if (error) co_return;  // the stream has ended, or a write got stuck

    do {
      const auto space = buffer_.prepare(kHeaderReadBytes);
      const std::size_t received = transport_.receive_now({static_cast<char*>(space.data()), space.size()}, error);
      buffer_.commit(received);
    } while (buffer_.size() < kPipelinedBytesMax && !error);
    peer_is_gone_ = error && error != asio::error::would_block;
  }
}

asio::awaitable<void> HttpConnection::send_refusal(Refusal refusal) {
  const std::string request_id = request_id_for(refusal.seen.headers, context_.random);
  const std::string body = R"({"detail":")" + refusal.detail + R"("})";
  Headers headers;
  headers.set("content-type", "application/json");
  if (context_.hooks.complete_own_answer) context_.hooks.complete_own_answer(refusal.seen, headers);

  ResponseHead head;
  head.status = refusal.status;
  head.framing = Framing::length;
  head.body_bytes = body.size();
  head.keeps_alive = false;
  head.request_id = request_id;
  const std::string text = head_text(head, headers);
  const std::string_view sent_body = refusal.seen.verb == Verb::head ? std::string_view() : std::string_view(body);
  const Outgoing whole(text, sent_body);
  const error_code error = co_await transport_.send(whole);
  if (error) co_return;

  // Closing a socket with unread bytes resets the connection, and the peer may lose the answer with it.
  transport_.end_sending();
  buffer_.clear();
  owes_answer_ = false;
  transport_.set_deadline(Clock::now() + kLinger);
  bool has_more = !is_draining_;
  while (has_more && !transport_.has_deadline_passed()) {
    const std::size_t received = co_await receive(kHeaderReadBytes);
    has_more = received > 0;
    buffer_.clear();
  }
}

asio::awaitable<void> HttpConnection::refuse() {
  const bool is_usable = co_await shake_hands();
  if (is_usable) {
    Refusal refusal{503, "Too many connections", {}};
    co_await send_refusal(std::move(refusal));
  }
  transport_.clear_deadline();
  transport_.close();
}

}  // namespace

std::shared_ptr<Connection> make_connection(TcpSocket socket, ConnectionContext& context) {
  return std::make_shared<HttpConnection>(std::move(socket), context);
}

}  // namespace heddle::api
