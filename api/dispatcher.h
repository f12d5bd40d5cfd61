#pragma once
// From a request to its answer: preflight, route, handler, errors, headers that every answer has.

#include <boost/asio/awaitable.hpp>

#include "api/http/message.h"
#include "api/http/router.h"
#include "api/services/services.h"

namespace heddle::api {

// Belongs to the I/O thread. `services` outlives it.
class Dispatcher {
 public:
  explicit Dispatcher(Services& services);
  boost::asio::awaitable<Response> answer(Request request);

  // CORS headers for answers that the connection makes by itself.
  void complete(const Request& request, Headers& headers) const;

 private:
  boost::asio::awaitable<Response> routed(Request request);

  Services& services_;
  Router router_;
  std::vector<std::string> prefix_;  // segments of mount_prefix
};

}  // namespace heddle::api
