#pragma once
// Runs: creating, watching, waiting, cancelling (http-api.md 9).

#include "api/routes/route_table.h"

namespace heddle::api {

boost::asio::awaitable<Response> create_run(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> stream_run(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> wait_run(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> create_runs(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> list_runs(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_run(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> delete_run(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> join_run(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> join_stream(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> cancel_run(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> cancel_runs(Services& services, Caller caller, Request request);

}  // namespace heddle::api
