#include "api/routes/refused_routes.h"

#include "api/services/api_error.h"

namespace heddle::api {

namespace asio = boost::asio;

// The co_return makes them coroutines, which throw when they are awaited and not when they are called.
asio::awaitable<Response> refuse_protocol_v2(Services&, Caller, Request) {
  throw ApiError(501,
                 "Protocol v2 is not offered by this server. Create runs with POST /threads/{thread_id}/runs/stream.");
  co_return Response{};
}

asio::awaitable<Response> refuse_ui(Services&, Caller, Request) {
  throw ApiError::not_found("Generative UI is not offered by this server; serve the components from the application.");
  co_return Response{};
}

}  // namespace heddle::api
