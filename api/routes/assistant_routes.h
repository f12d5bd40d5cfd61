#pragma once
// Handlers of the endpoints of assistants (http-api.md 5).

#include <boost/asio/awaitable.hpp>

#include "api/http/message.h"
#include "api/routes/route_table.h"

namespace heddle::api {

boost::asio::awaitable<Response> create_assistant(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> search_assistants(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> count_assistants(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_assistant(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> patch_assistant(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> delete_assistant(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> set_latest_version(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> list_versions(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_drawing(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_schemas(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_subgraphs(Services& services, Caller caller, Request request);

}  // namespace heddle::api
