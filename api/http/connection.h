#pragma once
// One client's connection: reads requests, calls the handler, sends what it gives back, and again.
//
// It owes the peer an answer to every request it has read completely, and owes the handler of a
// stream the news that the peer is gone: while a stream runs the socket is read, so that a closed
// connection is seen at once and not with the next write that fails. A handler that answers in one
// piece is not disturbed when its client leaves: what it has begun to store it also finishes.

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <random>

#include "api/http/deadlines.h"
#include "api/http/listener.h"
#include "api/http/message.h"
#include "api/http/transport.h"

namespace heddle::api {

// What all connections of a listener share; outlives them.
struct ConnectionContext {
  Handler handler;
  HttpLimits limits;
  ListenerHooks hooks;
  std::mt19937_64 random;                  // for request ids, which are names and no secrets
  std::shared_ptr<const TlsIdentity> tls;  // of connections that come; null: they are not encrypted
  Deadlines deadlines;                     // to be checked as long as there are connections
};

// A resource. Belongs to the executor of its socket.
class Connection {
 public:
  virtual ~Connection() = default;

  // Serves requests until the connection is closed. Called once. A terminal cancellation is passed
  // on to the handler or stream at work, awaited, and closes the connection.
  virtual boost::asio::awaitable<void> serve() = 0;
  // In place of serve(): answers 503 to whatever comes and closes.
  virtual boost::asio::awaitable<void> refuse() = 0;

  // Closes as soon as no request is in flight.
  virtual void drain() = 0;
};

std::shared_ptr<Connection> make_connection(TcpSocket socket, ConnectionContext& context);

}  // namespace heddle::api
