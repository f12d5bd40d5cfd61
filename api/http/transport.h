#pragma once
// The bytes of one connection, sealed by TLS or not: what is received, what is sent, and how long either is waited for.
// It knows nothing of HTTP. Belongs to the executor of its socket; one receives and one sends at a time.

#include <array>
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

#include "api/http/deadlines.h"
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

// What is to be sent, in parts, so that nobody has to join them. The texts outlive the sending.
class Outgoing {
 public:
  explicit Outgoing(std::string_view first, std::string_view second = {}, std::string_view third = {})
      : parts_{first, second, third} {}

  const std::array<std::string_view, 3>& parts() const { return parts_; }
  std::size_t size() const { return parts_[0].size() + parts_[1].size() + parts_[2].size(); }
  void remove_prefix(std::size_t bytes);

 private:
  std::array<std::string_view, 3> parts_;
};

// Its deadline: until when is waited for what comes. Sending has its own limit, and clears that one.
class Transport : public Deadline {
 public:
  // `tls`: null where the connection is not encrypted. `write_timeout`: for each time that the peer takes something.
  Transport(TcpSocket socket, std::shared_ptr<const TlsIdentity> tls, Clock::duration write_timeout,
            Deadlines& deadlines);
  ~Transport();

  // The address of the peer; empty if it is gone already.
  const std::string& peer() const { return peer_; }

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

  // Sends what can be sent without waiting, which costs less than to ask the executor for it. Whether nothing is left;
  // if not, `outgoing` is what send() has still to send. Sends nothing where it would be of no use, or when others are
  // to have their turn.
  bool send_now(Outgoing& outgoing);
  // Sends the parts as one; an error if the peer is gone or takes nothing for too long.
  boost::asio::awaitable<boost::system::error_code> send(Outgoing outgoing);
  // Tells the peer that nothing more is sent.
  void end_sending();

  // Ends whatever is being waited for.
  void cancel();
  void close();

 private:
  void give_up() override { cancel(); }
  boost::asio::awaitable<std::size_t> receive_plain(std::span<char> space);
  boost::asio::awaitable<std::size_t> receive_sealed(std::span<char> space);
  boost::asio::awaitable<boost::system::error_code> send_plain(Outgoing outgoing);
  boost::asio::awaitable<boost::system::error_code> send_sealed(Outgoing outgoing);
  boost::asio::awaitable<boost::system::error_code> flush_session();

  std::unique_ptr<TcpSocket> socket_;
  std::optional<TlsSession> tls_;  // none: the connection is not encrypted
  Clock::duration write_timeout_;
  std::string peer_;
  int sent_now_ = 0;  // times, one after the other
};

}  // namespace heddle::api
