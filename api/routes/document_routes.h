#pragma once
// The API described by itself (http-api.md 4).

#include "api/routes/route_table.h"

namespace heddle::api {

boost::asio::awaitable<Response> get_document(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_docs(Services& services, Caller caller, Request request);

}  // namespace heddle::api
