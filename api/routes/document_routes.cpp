#include "api/routes/document_routes.h"

#include <string>

#include "api/openapi/docs_page.h"
#include "api/openapi/document.h"
#include "api/routes/body.h"
#include "api/services/services.h"

namespace heddle::api {

namespace asio = boost::asio;

asio::awaitable<Response> get_document(Services& services, Caller, Request) {
  co_return json_response(200, openapi::document(services.parts.settings));
}

asio::awaitable<Response> get_docs(Services&, Caller, Request) {
  Response response;
  response.headers.set("content-type", "text/html; charset=utf-8");
  response.headers.set("content-security-policy", std::string(openapi::docs_page_policy()));
  response.headers.set("x-content-type-options", "nosniff");
  response.body = openapi::docs_page();
  co_return response;
}

}  // namespace heddle::api
