#include "api/http/transport.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <limits>
#include <utility>

namespace heddle::api {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kSealedReadBytes = 4096;
constexpr std::size_t kRecordBytes = std::size_t{16} << 10;       // a record of TLS holds as many
constexpr std::size_t kJoinedBytes = 2048;                        // parts of so much are joined for one plain send
constexpr std::size_t kSentNowBytesMax = std::size_t{128} << 10;  // so that one call does not hold the thread for long
constexpr int kSentNowMax = 16;                                   // times, until others have their turn

std::array<asio::const_buffer, 3> buffers_of(const Outgoing& outgoing) {
  const std::array<std::string_view, 3>& parts = outgoing.parts();
  return {asio::buffer(parts[0]), asio::buffer(parts[1]), asio::buffer(parts[2])};
}

}  // namespace

void Outgoing::remove_prefix(std::size_t bytes) {
  for (std::string_view& part : parts_) {
    const std::size_t taken = std::min(bytes, part.size());
    part.remove_prefix(taken);
    bytes -= taken;
  }
}

Transport::Transport(TcpSocket socket, std::shared_ptr<const TlsIdentity> tls, Clock::duration write_timeout,
                     Deadlines& deadlines)
    : Deadline(deadlines), socket_(std::make_unique<TcpSocket>(std::move(socket))), write_timeout_(write_timeout) {
  if (tls) tls_.emplace(std::move(tls));
  error_code ignored;  // a peer that is gone already shows at the first read
  const asio::ip::tcp::endpoint endpoint = socket_->remote_endpoint(ignored);
  if (!ignored) peer_ = endpoint.address().to_string();
  socket_->set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_->non_blocking(true, ignored);
  // Heartbeats to a peer that vanished without a word are taken by the kernel for a quarter of an
  // hour; with this it gives up after our own limit and the socket reports it.
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(write_timeout);
  const int milliseconds = static_cast<int>(std::min<std::int64_t>(limit.count(), std::numeric_limits<int>::max()));
  ::setsockopt(socket_->native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
}

Transport::~Transport() = default;

asio::awaitable<Handshake> Transport::shake_hands() {
  if (!tls_) co_return Handshake::done;
  bool is_first = true;
  while (!tls_->is_established()) {
    std::array<char, kSealedReadBytes> sealed;
    const std::size_t received = co_await receive_plain(sealed);
    if (received == 0) co_return Handshake::failed;
    if (is_first && sealed.front() != kTlsHandshake) {
      tls_.reset();
      co_return Handshake::not_tls;
    }
    is_first = false;
    tls_->put({sealed.data(), received});
    tls_->shake_hands();
    const error_code unsent = co_await flush_session();
    if (unsent || tls_->is_over()) co_return Handshake::failed;
  }
  clear_deadline();
  co_return Handshake::done;
}

asio::awaitable<error_code> Transport::wait_for_bytes() {
  error_code error;
  if (tls_ && tls_->has_unread()) co_return error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await socket_->async_wait(TcpSocket::wait_read, token);
  co_return error;
}

asio::awaitable<error_code> Transport::wait_for_error() {
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await socket_->async_wait(TcpSocket::wait_error, token);
  co_return error;
}

asio::awaitable<std::size_t> Transport::receive(std::span<char> space) {
  return tls_ ? receive_sealed(space) : receive_plain(space);
}

asio::awaitable<std::size_t> Transport::receive_plain(std::span<char> space) {
  // It may have passed while nothing was being waited for that could be given up.
  if (has_deadline_passed()) co_return 0;
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  const auto buffer = asio::buffer(space.data(), space.size());
  const std::size_t received = co_await socket_->async_read_some(buffer, token);
  co_return error ? 0 : received;
}

asio::awaitable<std::size_t> Transport::receive_sealed(std::span<char> space) {
  for (;;) {
    const std::size_t opened = tls_->read(space);
    if (opened > 0) co_return opened;
    if (tls_->is_over()) co_return 0;
    const error_code unsent = co_await flush_session();
    if (unsent) co_return 0;
    std::array<char, kSealedReadBytes> sealed;
    const std::size_t received = co_await receive_plain(sealed);
    if (received == 0) co_return 0;
    tls_->put({sealed.data(), received});
  }
}

std::size_t Transport::receive_now(std::span<char> space, error_code& error) {
  error.clear();
  if (!tls_) return socket_->read_some(asio::buffer(space.data(), space.size()), error);
  const std::size_t unread = tls_->read(space);
  if (unread > 0) return unread;
  std::array<char, kSealedReadBytes> sealed;
  const std::size_t received = socket_->read_some(asio::buffer(sealed), error);
  tls_->put({sealed.data(), received});
  const std::size_t opened = tls_->read(space);
  // A part of a record says nothing yet.
  if (opened == 0 && !error) error = tls_->is_over() ? error_code(asio::error::eof) : asio::error::would_block;
  return opened;
}

// Sends what the session has to say by itself. The time limit of whoever waits goes on.
asio::awaitable<error_code> Transport::flush_session() {
  std::string outgoing;
  tls_->take_outgoing(outgoing);
  if (outgoing.empty()) co_return error_code();
  if (has_deadline_passed()) co_return asio::error::timed_out;
  const Clock::time_point until = deadline();
  const Outgoing all(outgoing);
  const error_code error = co_await send_plain(all);
  arm(until);
  co_return error;
}

bool Transport::send_now(Outgoing& outgoing) {
  const std::size_t bytes = outgoing.size();
  if (tls_ || bytes > kSentNowBytesMax || ++sent_now_ > kSentNowMax) return false;
  error_code error;  // whatever is wrong is found again by send()
  std::size_t sent = 0;
  if (bytes <= kJoinedBytes) {
    std::array<char, kJoinedBytes> joined;
    char* end = joined.data();
    for (const std::string_view part : outgoing.parts()) end = std::copy(part.begin(), part.end(), end);
    sent = socket_->write_some(asio::buffer(joined.data(), bytes), error);
  } else {
    sent = socket_->write_some(buffers_of(outgoing), error);
  }
  outgoing.remove_prefix(sent);
  if (sent < bytes) return false;
  clear_deadline();
  return true;
}

asio::awaitable<error_code> Transport::send(Outgoing outgoing) {
  sent_now_ = 0;
  return tls_ ? send_sealed(outgoing) : send_plain(outgoing);
}

// Sealed and sent in pieces, so that a large answer is not held twice.
asio::awaitable<error_code> Transport::send_sealed(Outgoing outgoing) {
  std::string sealed;
  std::string joined;  // of what is small, so that it becomes one record
  if (outgoing.size() <= kRecordBytes) {
    for (const std::string_view part : outgoing.parts()) joined.append(part);
    outgoing = Outgoing(joined);
  }
  for (std::string_view part : outgoing.parts()) {
    while (!part.empty()) {
      const std::string_view piece = part.substr(0, kRecordBytes);
      part.remove_prefix(piece.size());
      const bool is_taken = tls_->write(piece);
      if (!is_taken) co_return asio::error::connection_aborted;
      tls_->take_outgoing(sealed);
      const Outgoing record(sealed);
      const error_code error = co_await send_plain(record);
      if (error) co_return error;
      sealed.clear();
    }
  }
  co_return error_code();
}

asio::awaitable<error_code> Transport::send_plain(Outgoing outgoing) {
  error_code error;
  while (outgoing.size() > 0 && !error) {
    set_deadline(Clock::now() + write_timeout_);
    const std::array<asio::const_buffer, 3> buffers = buffers_of(outgoing);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const std::size_t sent = co_await socket_->async_write_some(buffers, token);
    outgoing.remove_prefix(sent);
  }
  clear_deadline();
  if (error && has_deadline_passed()) error = asio::error::timed_out;
  co_return error;
}

void Transport::end_sending() {
  error_code ignored;  // it is closed in any case
  if (tls_) {
    std::string last;
    tls_->close();
    tls_->take_outgoing(last);
    socket_->write_some(asio::buffer(last), ignored);
  }
  socket_->shutdown(TcpSocket::shutdown_send, ignored);
}

void Transport::cancel() {
  error_code ignored;
  socket_->cancel(ignored);
}

void Transport::close() {
  error_code ignored;
  socket_->close(ignored);
}

}  // namespace heddle::api
