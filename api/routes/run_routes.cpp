#include "api/routes/run_routes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "api/http/sse.h"
#include "api/routes/body.h"
#include "api/routes/run_bodies.h"
#include "api/runs/run_json.h"
#include "api/runs/run_queue.h"
#include "api/runs/stream_reader.h"
#include "api/services/services.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

std::optional<storage::ThreadId> thread_of(const Request& request) {
  if (!request.params.contains("thread_id")) return std::nullopt;
  return path_id<storage::ThreadId>(request, "thread_id");
}

RunOrigin origin_of(const Request& request, bool is_watched) {
  RunOrigin origin{thread_of(request), is_watched};
  origin.request_id = request.request_id;
  return origin;
}

RunRequest parse_request(Services& services, Request& request) {
  const ServerSettings& settings = services.parts.settings;
  json::value body = parse_body(request.body, settings.json_depth_max);
  runtime::wipe(request.body);
  return run_request_from(std::move(body), request.headers, settings);
}

// Where the run is, for clients that come back (http-api.md 9.1). Relative to the root of the API, so that a proxy
// may pass it on.
std::string place_of(const storage::Run& record, bool stateless) {
  const std::string run = "/runs/" + record.run_id.text();
  return stateless ? run : "/threads/" + record.thread_id.text() + run;
}

Response stream_response() {
  Response response;
  response.headers = event_stream_headers();
  return response;
}

std::optional<StreamModes> modes_of(const Request& request) {
  const std::vector<std::string> names = request.query.list("stream_mode");
  if (names.empty()) return std::nullopt;
  StreamModes modes;
  for (const std::string& name : names) {
    const std::optional<StreamMode> mode = stream_mode(name);
    if (!mode) throw ApiError::invalid({"stream_mode"}, "must be one or several of " + stream_mode_names());
    modes.add(*mode);
  }
  return modes;
}

// What the query of the request says about reading, as it was written, so that a client that comes back to `Location`
// reads the same. What it says besides may be a secret, and proxies log where an answer leads.
std::string query_of(const Request& request) {
  constexpr std::array<std::string_view, 3> kAboutReading{"stream_mode", "namespace", "cancel_on_disconnect"};
  const std::string_view target = request.target;
  std::string kept;
  for (std::size_t at = target.find('?'); at < target.size();) {
    const std::size_t end = std::min(target.find('&', at + 1), target.size());
    const std::string_view parameter = target.substr(at + 1, end - at - 1);
    const std::string_view name = parameter.substr(0, parameter.find('='));
    if (std::ranges::find(kAboutReading, name) != kAboutReading.end()) {
      kept.append(kept.empty() ? "?" : "&").append(parameter);
    }
    at = end;
  }
  return kept;
}

// `metadata` of a query: an object as JSON text.
json::object filter_in_query(const std::string& text, std::size_t depth_max) {
  const std::vector<std::string> place{"metadata"};
  try {
    const runtime::JsonLimits limits{depth_max};
    return Fields(runtime::parse_json(text, limits), place).json();
  } catch (const runtime::JsonError&) {
    throw ApiError::invalid(place, "must be an object as JSON");
  }
}

OnDisconnect on_disconnect_of(const Request& request) {
  return request.query.flag("cancel_on_disconnect", false) ? OnDisconnect::cancel : OnDisconnect::go_on;
}

CancelAction action_of(const Request& request) {
  const std::string action = request.query.find("action").value_or("interrupt");
  if (action == "interrupt") return CancelAction::interrupt;
  if (action == "rollback") return CancelAction::rollback;
  throw ApiError::invalid({"action"}, "must be one of interrupt, rollback");
}

// Why a run is cancelled: a short text for people, kept with the run.
std::optional<std::string> cancel_reason_of(const Request& request, CancelAction action) {
  constexpr std::size_t kBytesMax = 256;
  std::optional<std::string> reason = request.query.find("reason");
  if (!reason) return std::nullopt;
  // Of a run that is rolled back nothing is left that could show it.
  if (action != CancelAction::interrupt) throw ApiError::invalid({"reason"}, "needs the action interrupt");
  if (reason->size() > kBytesMax) {
    throw ApiError::invalid({"reason"}, "must have at most " + std::to_string(kBytesMax) + " bytes");
  }
  return reason;
}

std::int64_t number_of(const Request& request, std::string_view name, std::int64_t otherwise, std::int64_t least,
                       std::int64_t most) {
  const std::optional<std::string> given = request.query.find(name);
  if (!given) return otherwise;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), number);
  if (error != std::errc{} || end != given->data() + given->size() || number < least || number > most) {
    throw ApiError::invalid({std::string(name)},
                            "must be between " + std::to_string(least) + " and " + std::to_string(most));
  }
  return number;
}

}  // namespace

asio::awaitable<Response> create_run(Services& services, Caller caller, Request request) {
  const RunOrigin origin = origin_of(request, false);
  RunRequest wanted = parse_request(services, request);
  const std::shared_ptr<ActiveRun> run = co_await services.runs.create(caller, origin, std::move(wanted));
  Response response = json_response(200, run_json(run->as_created));
  response.headers.set("content-location", place_of(run->record, !origin.thread_id));
  co_return response;
}

asio::awaitable<Response> stream_run(Services& services, Caller caller, Request request) {
  const RunOrigin origin = origin_of(request, true);
  RunRequest wanted = parse_request(services, request);
  const OnDisconnect on_disconnect = wanted.on_disconnect;
  const std::shared_ptr<ActiveRun> run = co_await services.runs.create(caller, origin, std::move(wanted));
  Response response = stream_response();
  const std::string place = place_of(run->record, !origin.thread_id);
  response.headers.set("content-location", place);
  response.headers.set("location", place + "/stream" + query_of(request));
  StreamWish wish;
  wish.namespaces = request.query.list("namespace");
  response.stream = event_body(services, run, live_source(*run, services.parts.graphs), std::move(wish), on_disconnect);
  co_return response;
}

asio::awaitable<Response> wait_run(Services& services, Caller caller, Request request) {
  const RunOrigin origin = origin_of(request, true);
  RunRequest wanted = parse_request(services, request);
  const OnDisconnect on_disconnect = wanted.on_disconnect;
  const std::shared_ptr<ActiveRun> run = co_await services.runs.create(caller, origin, std::move(wanted));
  Response response;
  response.headers.set("content-type", "application/json");
  const std::string place = place_of(run->record, !origin.thread_id);
  response.headers.set("content-location", place);
  // Always with the thread: there is no join of a run by its id alone.
  response.headers.set("location", place_of(run->record, false) + "/join");
  TellEnd told = result_text;
  Response answer = co_await answer_at_end(services, run, on_disconnect, std::move(response), std::move(told));
  co_return answer;
}

asio::awaitable<Response> create_runs(Services& services, Caller caller, Request request) {
  const ServerSettings& settings = services.parts.settings;
  json::value body = parse_body(request.body, settings.json_depth_max);
  runtime::wipe(request.body);
  if (!body.is_array() || body.as_array().empty()) throw ApiError::invalid({}, "must be a list of at least one run");
  std::vector<RunRequest> wanted;
  for (std::size_t i = 0; i < body.as_array().size(); ++i) {
    json::value one = std::move(body.as_array()[i]);
    std::vector<std::string> path{std::to_string(i)};
    wanted.push_back(run_request_from(std::move(one), request.headers, settings, std::move(path)));
  }
  const std::vector<std::shared_ptr<ActiveRun>> runs =
      co_await services.runs.create_batch(caller, request.request_id, std::move(wanted));
  json::array list;
  for (const std::shared_ptr<ActiveRun>& run : runs) list.push_back(run_json(run->as_created));
  co_return json_response(200, list);
}

asio::awaitable<Response> list_runs(Services& services, Caller caller, Request request) {
  storage::RunQuery query;
  query.owner = caller.owner;
  query.thread_id = path_id<storage::ThreadId>(request, "thread_id");
  query.page.limit = number_of(request, "limit", 10, 1, 1000);
  query.page.offset = number_of(request, "offset", 0, 0, std::int64_t{1} << 53);
  if (const std::optional<std::string> status = request.query.find("status")) {
    for (const auto known : {storage::RunStatus::pending, storage::RunStatus::running, storage::RunStatus::success,
                             storage::RunStatus::error, storage::RunStatus::interrupted, storage::RunStatus::timeout}) {
      if (to_text(known) == *status) query.status = known;
    }
    if (!query.status) throw ApiError::invalid({"status"}, "is not a status of a run");
  }
  if (const std::optional<std::string> metadata = request.query.find("metadata")) {
    query.metadata.json = runtime::to_text(filter_in_query(*metadata, services.parts.settings.json_depth_max));
  }
  const std::vector<std::string> select = request.query.list("select");
  const std::vector<storage::Run> runs = co_await services.runs.list(query);
  json::array list;
  for (const storage::Run& run : runs) list.push_back(selected(run_json(run), select));
  co_return json_response(200, list);
}

asio::awaitable<Response> get_run(Services& services, Caller caller, Request request) {
  const auto thread_id = path_id<storage::ThreadId>(request, "thread_id");
  const auto run_id = path_id<storage::RunId>(request, "run_id");
  const FoundRun run = co_await services.runs.get(caller.owner, thread_id, run_id);
  co_return json_response(200, run_json(run.record));
}

asio::awaitable<Response> delete_run(Services& services, Caller caller, Request request) {
  const auto thread_id = path_id<storage::ThreadId>(request, "thread_id");
  const auto run_id = path_id<storage::RunId>(request, "run_id");
  FoundRun run = co_await services.runs.get(caller.owner, thread_id, run_id);
  co_await services.runs.erase(caller.owner, std::move(run));
  co_return empty_response(204);
}

asio::awaitable<Response> join_run(Services& services, Caller caller, Request request) {
  const auto thread_id = path_id<storage::ThreadId>(request, "thread_id");
  const auto run_id = path_id<storage::RunId>(request, "run_id");
  const FoundRun run = co_await services.runs.get(caller.owner, thread_id, run_id);
  Response response;
  response.headers.set("content-type", "application/json");
  response.headers.set("location", place_of(run.record, false) + "/join");
  if (!run.active) {
    response.body = co_await services.runs.stored_result(run.record);
    co_return response;
  }
  const OnDisconnect on_disconnect = on_disconnect_of(request);
  TellEnd told = result_text;
  Response answer = co_await answer_at_end(services, run.active, on_disconnect, std::move(response), std::move(told));
  co_return answer;
}

asio::awaitable<Response> join_stream(Services& services, Caller caller, Request request) {
  const std::optional<storage::ThreadId> thread_id = thread_of(request);
  const auto run_id = path_id<storage::RunId>(request, "run_id");
  StreamWish wish;
  wish.first = first_wanted(request.headers);
  wish.modes = modes_of(request);
  wish.namespaces = request.query.list("namespace");
  FoundRun run;
  if (thread_id) {
    run = co_await services.runs.get(caller.owner, *thread_id, run_id);
  } else {
    run = co_await services.runs.get_stateless(caller.owner, run_id);
  }
  Response response = stream_response();
  // The way back is this very request, without a prefix that the API may be mounted below (http-api.md 2.1).
  const std::string place = place_of(run.record, !thread_id);
  response.headers.set("content-location", place);
  response.headers.set("location", place + "/stream" + query_of(request));
  if (run.active) {
    response.stream = event_body(services, run.active, live_source(*run.active, services.parts.graphs), std::move(wish),
                                 on_disconnect_of(request));
  } else {
    StreamSource source = stored_source(run.record, services.parts.graphs, services.parts.settings);
    response.stream = event_body(services, nullptr, std::move(source), std::move(wish), OnDisconnect::go_on);
  }
  co_return response;
}

asio::awaitable<Response> cancel_run(Services& services, Caller caller, Request request) {
  const auto thread_id = path_id<storage::ThreadId>(request, "thread_id");
  const auto run_id = path_id<storage::RunId>(request, "run_id");
  const CancelAction action = action_of(request);
  const std::optional<std::string> reason = cancel_reason_of(request, action);
  const bool waits = request.query.flag("wait", false);
  // Of an unknown thread and an unknown run it is said in the same way (http-api.md 9.8).
  FoundRun run = co_await services.runs.get_stateless(caller.owner, run_id);
  if (run.record.thread_id != thread_id) throw ApiError::not_found("Run not found");
  if (reason) services.runs.give_cancel_reason(run, *reason);
  co_await services.runs.cancel(std::move(run), action, waits);
  co_return empty_response(waits ? 204 : 202);
}

asio::awaitable<Response> cancel_runs(Services& services, Caller caller, Request request) {
  const CancelAction action = action_of(request);
  const Fields body = body_of(services, request);
  using enum RunsInFlight;
  const std::optional<RunsInFlight> which =
      body.one_of<RunsInFlight>("status", {{"pending", pending}, {"running", running}, {"all", all}});
  const std::optional<storage::ThreadId> thread_id = body.id<storage::ThreadId>("thread_id");
  const std::optional<std::vector<storage::RunId>> run_ids = body.ids<storage::RunId>("run_ids");
  if (which && !thread_id && !run_ids) {
    co_await services.runs.cancel_all(caller.owner, *which, action);
  } else if (!which && thread_id && run_ids) {
    co_await services.runs.cancel_listed(caller.owner, *thread_id, *run_ids, action);
  } else {
    throw ApiError::invalid({}, "must have either status, or thread_id and run_ids");
  }
  co_return empty_response(204);
}

}  // namespace heddle::api
