#pragma once
// State and history of threads (http-api.md 7).

#include "api/routes/route_table.h"

namespace heddle::api {

boost::asio::awaitable<Response> get_state(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_state_at(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> read_state(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> update_state(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_history(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> read_history(Services& services, Caller caller, Request request);

}  // namespace heddle::api
