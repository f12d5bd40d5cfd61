#pragma once
// Handlers of the endpoints of the store (http-api.md 13).

#include <boost/asio/awaitable.hpp>

#include "api/http/message.h"
#include "api/routes/route_table.h"

namespace heddle::api {

boost::asio::awaitable<Response> put_item(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_item(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> delete_item(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> search_items(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> list_namespaces(Services& services, Caller caller, Request request);

}  // namespace heddle::api
