#pragma once
// Handlers of the endpoints about the server itself (http-api.md 4).

#include <boost/asio/awaitable.hpp>

#include "api/http/message.h"
#include "api/routes/route_table.h"

namespace heddle::api {

boost::asio::awaitable<Response> get_health(Services& services, Caller caller, Request request);
// 200, or 503 with what is stuck.
boost::asio::awaitable<Response> get_readiness(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_root(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_info(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_metrics(Services& services, Caller caller, Request request);

}  // namespace heddle::api
