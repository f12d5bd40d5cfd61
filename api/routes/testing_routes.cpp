#include "api/routes/testing_routes.h"

#include <boost/json/object.hpp>

#include "api/routes/body.h"
#include "api/services/services.h"
#include "api/services/truncation.h"

namespace heddle::api {

namespace asio = boost::asio;

asio::awaitable<Response> truncate_tables(Services& services, Caller, Request request) {
  const Fields body = body_of(services, request);
  Truncated what;
  what.runs = body.flag("runs").value_or(false);
  what.threads = body.flag("threads").value_or(false);
  what.assistants = body.flag("assistants").value_or(false);
  what.checkpointer = body.flag("checkpointer").value_or(false);
  what.store = body.flag("store").value_or(false);
  const AssistantCache::Change change(services.assistants.cache());
  co_await truncate(services.parts, what);
  co_return json_response(200, boost::json::object{{"ok", true}});
}

}  // namespace heddle::api
