#pragma once
// The bytes of one connection, sealed by TLS or not: what is received, what is sent, and how long either is waited for.
// It knows nothing of HTTP. Belongs to the executor of its socket; one receives and one sends at a time.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/http/tls.h"

// Declared, not included: ip/tcp.hpp costs every file that includes it about a second.
namespace boost::asio {
template <class Protocol, class Executor>
class basic_stream_socket;
namespace ip {
class tcp;
}
}  // namespace boost::asio

namespace heddle::api {

using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::any_io_executor>;

enum class Handshake {
  done,
  not_tls,  // the peer speaks something else where TLS is asked for; it can be answered without
  failed,   // the peer is gone, broke the protocol or was too slow
};

class Transport {
 public:
  using Clock = std::chrono::steady_clock;

  // `tls`: null where the connection is not encrypted. `write_timeout`: for each time that the peer takes something.
  Transport(TcpSocket socket, std::shared_ptr<const TlsIdentity> tls, Clock::duration write_timeout);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // The address of the peer; empty if it is gone already.
  const std::string& peer() const { return peer_; }

  // Until when is waited for what comes. Sending has its own limit, and clears this one.
  void set_deadline(Clock::time_point at);
  void clear_deadline() { deadline_ = kNever; }
  bool has_deadline_passed() const { return has_passed_; }
  // Gives up what is being waited for if its time has passed; the listener calls it again and again.
  void check_deadline(Clock::time_point now);

  // The first thing to be called. Needs a deadline.
  boost::asio::awaitable<Handshake> shake_hands();

  // Until there is something to receive, without holding memory for it; an error if it was cancelled.
  boost::asio::awaitable<boost::system::error_code> wait_for_bytes();
  // Until the connection is broken or the wait is cancelled, whatever comes.
  boost::asio::awaitable<boost::system::error_code> wait_for_error();
  // How many bytes of the peer came into `space`. 0: it has closed or is gone, or the deadline has passed.
  boost::asio::awaitable<std::size_t> receive(std::span<char> space);
  // The same without waiting: 0 with would_block if nothing is there, with another error if nothing will be.
  std::size_t receive_now(std::span<char> space, boost::system::error_code& error);

  // Sends the parts as one; an error if the peer is gone or takes nothing for too long.
  boost::asio::awaitable<boost::system::error_code> send(std::string_view first, std::string_view second = {},
                                                         std::string_view third = {});
  // Tells the peer that nothing more is sent.
  void end_sending();

  // Ends whatever is being waited for.
  void cancel();
  void close();

 private:
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  boost::asio::awaitable<std::size_t> receive_plain(std::span<char> space);
  boost::asio::awaitable<std::size_t> receive_sealed(std::span<char> space);
  boost::asio::awaitable<boost::system::error_code> send_plain(std::string_view first, std::string_view second = {},
                                                               std::string_view third = {});
  boost::asio::awaitable<boost::system::error_code> send_sealed(std::string_view first, std::string_view second,
                                                                std::string_view third);
  boost::asio::awaitable<boost::system::error_code> flush_session();

  std::unique_ptr<TcpSocket> socket_;
  std::optional<TlsSession> tls_;  // none: the connection is not encrypted
  Clock::duration write_timeout_;
  std::string peer_;
  Clock::time_point deadline_ = kNever;  // of the read or write that is being waited for
  bool has_passed_ = false;
};

}  // namespace heddle::api
