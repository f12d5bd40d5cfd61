#pragma once
// Handlers of the endpoints of threads (http-api.md 6).

#include <boost/asio/awaitable.hpp>

#include "api/http/message.h"
#include "api/routes/route_table.h"

namespace heddle::api {

boost::asio::awaitable<Response> create_thread(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> search_threads(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> count_threads(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> prune_threads(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_thread(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> patch_thread(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> delete_thread(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> copy_thread(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_storage(Services& services, Caller caller, Request request);

}  // namespace heddle::api
