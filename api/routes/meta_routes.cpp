#include "api/routes/meta_routes.h"

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/routes/body.h"
#include "api/runs/run_json.h"
#include "api/runs/run_queue.h"
#include "api/services/services.h"
#include "api/version.h"
#include "runtime/json.h"

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

// The official server that this one can take the place of: Studio decides by it what it offers (http-api.md 4).
constexpr std::string_view kAgentServerVersion = "0.16.0";
constexpr std::string_view kLanggraphVersion = "1.0.0";

// What is told of the server as numbers; the two forms have the same names.
struct Metrics {
  std::size_t running;
  std::size_t pending;
  const RunCounters& runs;
  const RequestCounters& requests;
};

void print_head(std::string_view name, std::string_view help, std::string_view type, std::string& out) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

// `labels`: with their braces, or nothing.
void print_sample(std::string_view name, std::string_view labels, const json::value& value, std::string& out) {
  out.append(name).append(labels).append(" ").append(runtime::to_text(value)).append("\n");
}

std::string label(std::string_view name, std::string_view value) {
  return "{" + std::string(name) + "=\"" + std::string(value) + "\"}";
}

// The text format of Prometheus.
std::string metrics_text(const Metrics& metrics) {
  std::string out;
  print_head("heddle_runs_running", "Runs that are being executed.", "gauge", out);
  print_sample("heddle_runs_running", "", metrics.running, out);
  print_head("heddle_runs_pending", "Runs that wait for their turn.", "gauge", out);
  print_sample("heddle_runs_pending", "", metrics.pending, out);
  print_head("heddle_runs_ended_total", "Runs that have ended, by their status.", "counter", out);
  for (const auto& [status, count] : metrics.runs.ended) {
    print_sample("heddle_runs_ended_total", label("status", to_text(status)), count, out);
  }
  const std::string name = "heddle_run_duration_seconds";
  print_head(name, "From the start of a run to its end.", "histogram", out);
  for (std::size_t i = 0; i < RunCounters::kBounds.size(); ++i) {
    const std::string bound = runtime::to_text(json::value(RunCounters::kBounds[i]));
    print_sample(name + "_bucket", label("le", bound), metrics.runs.within[i], out);
  }
  print_sample(name + "_bucket", label("le", "+Inf"), metrics.runs.timed, out);
  print_sample(name + "_sum", "", metrics.runs.seconds, out);
  print_sample(name + "_count", "", metrics.runs.timed, out);
  print_head("heddle_requests_total", "Requests that were answered, by the class of their status.", "counter", out);
  for (std::size_t i = 1; i < metrics.requests.by_class.size(); ++i) {
    print_sample("heddle_requests_total", label("status", std::to_string(i) + "xx"), metrics.requests.by_class[i], out);
  }
  return out;
}

json::object metrics_json(const Metrics& metrics) {
  json::object ended;
  for (const auto& [status, count] : metrics.runs.ended) ended[to_text(status)] = count;
  json::object requests;
  for (std::size_t i = 1; i < metrics.requests.by_class.size(); ++i) {
    requests[std::to_string(i) + "xx"] = metrics.requests.by_class[i];
  }
  const json::object durations{{"count", metrics.runs.timed}, {"sum", metrics.runs.seconds}};
  return {{"heddle_runs_running", metrics.running},
          {"heddle_runs_pending", metrics.pending},
          {"heddle_runs_ended_total", std::move(ended)},
          {"heddle_run_duration_seconds", durations},
          {"heddle_requests_total", std::move(requests)}};
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

asio::awaitable<Response> get_readiness(Services& services, Caller, Request) {
  const std::vector<std::string> stuck = co_await services.readiness.stuck();
  json::object told{{"ready", stuck.empty()}};
  if (stuck.empty()) co_return json_response(200, told);
  told["stuck"] = json::array(stuck.begin(), stuck.end());
  co_return json_response(503, told);
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
    info["heddle_version"] = version();
    info["metadata"] = json::object{};
  }
  info["flags"] = std::move(flags);
  co_return json_response(200, info);
}

asio::awaitable<Response> get_metrics(Services& services, Caller, Request request) {
  const RunQueue& queue = services.parts.queue;
  const Metrics metrics{queue.running(), queue.in_flight() - queue.running(), queue.counters(), services.requests};
  const std::string format = request.query.find("format").value_or("prometheus");
  if (format == "json") co_return json_response(200, metrics_json(metrics));
  if (format != "prometheus") throw ApiError::invalid({"format"}, "must be one of prometheus, json");
  Response response;
  response.headers.set("content-type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = metrics_text(metrics);
  co_return response;
}

}  // namespace heddle::api
