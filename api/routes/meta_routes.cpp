#include "api/routes/meta_routes.h"

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "api/routes/body.h"
#include "api/runs/run_queue.h"
#include "api/services/services.h"

#ifndef HEDDLE_VERSION
#error "api/CMakeLists.txt defines HEDDLE_VERSION as the version of the project"
#endif

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

// The official server that this one can take the place of: Studio decides by it what it offers (http-api.md 4).
constexpr std::string_view kAgentServerVersion = "0.16.0";
constexpr std::string_view kLanggraphVersion = "1.0.0";

void print_gauge(std::string_view name, std::string_view help, std::size_t value, std::string& out) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" gauge\n");
  out.append(name).append(" ").append(std::to_string(value)).append("\n");
}

}  // namespace

asio::awaitable<Response> get_health(Services& services, Caller, Request request) {
  if (request.query.flag("check_db", false)) {
    // Any answer will do: a database that cannot be read throws.
    auto look = [](const storage::Snapshot& snapshot) { return snapshot.threads().exists(storage::ThreadId{}); };
    co_await services.parts.storage.read(std::move(look));
  }
  co_return json_response(200, json::object{{"ok", true}});
}

asio::awaitable<Response> get_root(Services&, Caller, Request) {
  co_return json_response(200, json::object{{"ok", true}});
}

asio::awaitable<Response> get_info(Services& services, Caller, Request) {
  json::object flags{{"assistants", services.parts.settings.groups.assistants},
                     {"crons", services.parts.settings.groups.runs},
                     {"langsmith", false},
                     {"langsmith_tracing_replicas", false}};
  json::object info{
      {"version", kAgentServerVersion}, {"langgraph_py_version", kLanggraphVersion}, {"context", "heddle"}};
  // The JavaScript server has no more keys than these (conformance scenario meta/info).
  if (services.parts.settings.compat == Compat::platform) {
    flags["strict_resume"] = true;
    flags["stream_namespaces"] = true;
    info["heddle_version"] = HEDDLE_VERSION;
    info["metadata"] = json::object{};
  }
  info["flags"] = std::move(flags);
  co_return json_response(200, info);
}

asio::awaitable<Response> get_metrics(Services& services, Caller, Request) {
  const RunQueue& queue = services.parts.queue;
  Response response;
  response.headers.set("content-type", "text/plain; version=0.0.4; charset=utf-8");
  print_gauge("heddle_runs_running", "Runs that are being executed.", queue.running(), response.body);
  print_gauge("heddle_runs_pending", "Runs that wait for their turn.", queue.in_flight() - queue.running(),
              response.body);
  co_return response;
}

}  // namespace heddle::api
