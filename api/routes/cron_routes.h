#pragma once
// Handlers of the endpoints of crons (http-api.md 12).

#include <boost/asio/awaitable.hpp>

#include "api/http/message.h"
#include "api/routes/route_table.h"

namespace heddle::api {

// With a thread in its path, or without.
boost::asio::awaitable<Response> create_cron(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> search_crons(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> count_crons(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_cron(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> patch_cron(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> delete_cron(Services& services, Caller caller, Request request);

}  // namespace heddle::api
