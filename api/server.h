#pragma once
// Owns everything that serves: storage, threads, services, listener; start and stop in order.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/http/listener.h"
#include "api/settings.h"
#include "graphs/registry.h"
#include "runtime/log.h"

namespace heddle::api {

// A resource: one owner; call from one thread.
class Server {
 public:
  // Opens the database, makes the default assistants, takes up runs that were in flight, binds and starts to
  // accept. Throws storage::StorageError or boost::system::system_error, or TlsError, with a text that says what to
  // change. `log` outlives the server.
  Server(ServerSettings settings, graphs::Registry registry, runtime::Log& log);
  // Stops if stop() was not called.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const std::vector<BoundAddress>& addresses() const;

  // Takes the files of tls.certificate and tls.key as they are for connections that come from now on. Throws TlsError
  // if they cannot be used; then the ones before stay. Nothing without TLS.
  void read_certificate_again();

  // Stops accepting, lets answers and runs in flight end for the drain time, leaves the rest to the next start.
  void stop();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace heddle::api
