#pragma once
// Assistants as agents that other agents send messages to, by the A2A protocol 0.3 (http-api.md 15).

#include "api/routes/route_table.h"

namespace heddle::api {

// message/send, message/stream, tasks/get, tasks/cancel.
boost::asio::awaitable<Response> call_a2a(Services& services, Caller caller, Request request);
boost::asio::awaitable<Response> get_agent_card(Services& services, Caller caller, Request request);
// The assistant is named by the query.
boost::asio::awaitable<Response> find_agent_card(Services& services, Caller caller, Request request);

}  // namespace heddle::api
