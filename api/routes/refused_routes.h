#pragma once
// Paths that clients know and this server does not offer: the answer says so (http-api.md 4, 11.2).

#include "api/routes/route_table.h"

namespace heddle::api {

// Throws ApiError 501.
boost::asio::awaitable<Response> refuse_protocol_v2(Services& services, Caller caller, Request request);
// Throws ApiError 404.
boost::asio::awaitable<Response> refuse_ui(Services& services, Caller caller, Request request);

}  // namespace heddle::api
