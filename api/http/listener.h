#pragma once
// Accepts connections on one or several addresses and runs them until stopped.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/http/message.h"

namespace heddle::api {

class TlsIdentity;

struct HttpLimits {
  std::size_t body_bytes_max = std::size_t{100} << 20;   // http-api.md 2.2
  std::size_t header_bytes_max = std::size_t{64} << 10;  // a session cookie of Next.js alone may take 16 KiB
  std::size_t connections_max = 20'000;                  // beyond it new ones are closed with 503
  std::chrono::seconds keep_alive{65};      // announced as `Keep-Alive: timeout=65`; closed 10 s later, so that
                                            // undici never sends into a connection that is being closed
  std::chrono::seconds header_timeout{30};  // from the first byte of a request to the end of its header
  std::chrono::seconds body_timeout{120};   // for each 64 KiB of the body, so that dripping keeps no connection
  std::chrono::seconds write_timeout{60};   // a peer that takes no byte for so long is gone
};

// What the connections of a listener report and leave to others. Both may be empty.
struct ListenerHooks {
  // One line of text without secrets: a handler or a stream threw, accepting failed.
  std::function<void(std::string)> log;
  // May add headers (CORS) to an answer that no handler gave: 400, 408, 413, 431, 500 and 503. Of the
  // request only verb and headers are there, as far as they were read: for 500 only `origin`, for 503
  // nothing.
  std::function<void(const Request&, Headers&)> complete_own_answer;
};

struct BoundAddress {
  std::string host;
  std::uint16_t port = 0;
};

// A resource. Belongs to `executor`: call it only there. Connections run on the same executor.
class Listener {
 public:
  // `handler` is called for every request that could be read and outlives the listener, like `hooks`.
  Listener(boost::asio::any_io_executor executor, Handler handler, HttpLimits limits, ListenerHooks hooks = {});
  // Without a stop() before, connections are cut off where they are.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Binds `host` (an address or a name; "localhost" means both loopback addresses, of which one must
  // exist and none may be taken: clients that try the other one first would reach another server) and
  // starts accepting. Port 0 picks a free one, the same for all addresses. Throws
  // boost::system::system_error with a text that names the address.
  std::vector<BoundAddress> listen(const std::string& host, std::uint16_t port);

  // Connections that come from now on are encrypted, with this certificate.
  void encrypt(std::shared_ptr<const TlsIdentity> identity);

  // Stops accepting and closes idle connections; requests in flight go on, and their connections close behind them.
  void stop_accepting();
  // The same, then lets requests in flight finish for `patience`, then cancels them; returns when the last connection
  // is gone.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds patience);

  std::size_t open_connections() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace heddle::api
