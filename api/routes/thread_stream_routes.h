#pragma once
// The stream of a thread (http-api.md 11.1).

#include "api/routes/route_table.h"

namespace heddle::api {

boost::asio::awaitable<Response> stream_thread(Services& services, Caller caller, Request request);

}  // namespace heddle::api
