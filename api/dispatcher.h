#pragma once
// From a request to its answer: preflight, route, caller, handler, errors, headers that every answer has.

#include <boost/asio/awaitable.hpp>

#include "api/auth/authenticator.h"
#include "api/http/message.h"
#include "api/http/rate_limiter.h"
#include "api/http/router.h"
#include "api/routes/route_table.h"
#include "api/services/services.h"

namespace heddle::api {

// Belongs to the I/O thread. `services` and `authenticator` outlive it.
class Dispatcher {
 public:
  // `authenticator`: null pointer for a server without authentication.
  Dispatcher(Services& services, const Authenticator* authenticator);
  boost::asio::awaitable<Response> answer(Request request);

  // CORS headers for answers that the connection makes by itself.
  void complete(const Request& request, Headers& headers) const;

 private:
  // `route`: set once it is known; null pointer if there is none.
  boost::asio::awaitable<Response> routed(Request request, const Route*& route);
  // `request` outlives the call.
  boost::asio::awaitable<Caller> let_in(const Request& request, const Route* route);
  // One request of `caller`, or of the address it comes from if nobody is signed in (null pointer). Throws ApiError
  // 429.
  void count(const Caller* caller, const Request& request);
  std::optional<Router::Match> match(Request& request) const;

  Services& services_;
  const Authenticator* authenticator_;
  Router router_;
  RateLimiter limiter_;
  std::vector<std::string> prefix_;  // segments of mount_prefix
};

}  // namespace heddle::api
