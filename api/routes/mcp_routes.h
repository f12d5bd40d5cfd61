#pragma once
// The Model Context Protocol over streamable HTTP, without sessions: assistants are tools (http-api.md 14).

#include "api/routes/route_table.h"

namespace heddle::api {

boost::asio::awaitable<Response> call_mcp(Services& services, Caller caller, Request request);
// There is no stream of messages from the server. Throws ApiError 405.
boost::asio::awaitable<Response> refuse_mcp_stream(Services& services, Caller caller, Request request);

}  // namespace heddle::api
