#include "api/dispatcher.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "api/auth/access_rules.h"
#include "api/http/cors.h"
#include "api/routes/route_table.h"
#include "api/services/api_error.h"

namespace heddle::api {
namespace asio = boost::asio;

Dispatcher::Dispatcher(Services& services, const Authenticator* authenticator)
    : services_(services), authenticator_(authenticator), limiter_(services.parts.settings.rate_limit) {
  const std::vector<Route>& table = route_table();
  for (std::size_t i = 0; i < table.size(); ++i) router_.add(table[i].verb, table[i].pattern, i);
  std::string_view rest = services.parts.settings.mount_prefix;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    if (end > 0) prefix_.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void Dispatcher::complete(const Request& request, Headers& headers) const {
  add_cors_headers(services_.parts.settings.cors, request, headers);
}

// Takes the prefix off the path, and the slash behind one that may have it.
std::optional<Router::Match> Dispatcher::match(Request& request) const {
  if (!prefix_.empty()) {
    const bool is_below = request.segments.size() >= prefix_.size() &&
                          std::equal(prefix_.begin(), prefix_.end(), request.segments.begin());
    if (!is_below) return std::nullopt;
    request.segments.erase(request.segments.begin(),
                           request.segments.begin() + static_cast<std::ptrdiff_t>(prefix_.size()));
  }
  // The one path that is the same with a slash behind it (http-api.md 2.1).
  if (request.segments.size() == 1 && request.segments.front() == "mcp") request.trailing_slash = false;
  return router_.find(request);
}

void Dispatcher::count(const Caller* caller, const Request& request) {
  if (!limiter_.is_on()) return;
  const std::string who = caller != nullptr ? "user " + caller->owner.text : "from " + caller_at(request.peer);
  const std::optional<std::chrono::seconds> wait = limiter_.take(who, std::chrono::steady_clock::now());
  if (!wait) return;
  ApiError refused(429, "Too many requests. Try again later.");
  refused.add_header("retry-after", std::to_string(wait->count()));
  throw refused;
}

// `route`: null pointer if there is none. Throws ApiError: 401 and 403, 429, 503.
asio::awaitable<Caller> Dispatcher::let_in(const Request& request, const Route* route) {
  const std::optional<AuthSettings>& auth = services_.parts.settings.auth;
  const bool asks_who =
      authenticator_ != nullptr && auth &&
      (route == nullptr || !lets_strangers(auth->rules, route->policy.resource, route->policy.actions.front()));
  Caller caller;
  if (!asks_who) {
    count(nullptr, request);
    co_return caller;
  }
  std::exception_ptr refusal;
  Headers headers = request.headers;
  std::string peer = request.peer;
  try {
    caller = co_await authenticator_->caller(std::move(headers), std::move(peer));
  } catch (const ApiError&) {
    refusal = std::current_exception();
  }
  // Only then, so that who guesses tokens does not use up what others behind the same proxy may ask.
  count(refusal ? nullptr : &caller, request);
  if (refusal) std::rethrow_exception(refusal);
  if (route != nullptr) {
    for (const std::string_view action : route->policy.actions) {
      if (!action.empty()) require(auth->rules, caller, route->policy.resource, action);
    }
  }
  caller.shared = shared_with(auth->rules, caller);
  co_return caller;
}

asio::awaitable<Response> Dispatcher::routed(Request request, const Route*& route) {
  std::optional<Router::Match> found = match(request);
  route = found ? &route_table()[found->entry] : nullptr;
  const bool is_open = route != nullptr && route->access == Access::everybody;
  Caller caller;
  // Before anything is said, also about which routes there are.
  if (!is_open) caller = co_await let_in(request, route);
  if (route == nullptr || !is_served(route->group, services_.parts.settings)) throw ApiError::not_found("Not Found");
  request.params = std::move(found->params);
  Response response = co_await route->handler(services_, std::move(caller), std::move(request));
  co_return response;
}

asio::awaitable<Response> Dispatcher::answer(Request request) {
  const ServerSettings& settings = services_.parts.settings;
  if (request.verb == Verb::options) co_return preflight(settings.cors, request);
  // What the headers of the answer depend on; the rest goes with the request.
  Request asked;
  asked.verb = request.verb;
  asked.headers = request.headers;
  const std::string request_id = request.request_id;
  const auto began = std::chrono::steady_clock::now();
  const Route* route = nullptr;
  Response response;
  try {
    response = co_await routed(std::move(request), route);
  } catch (const ApiError& error) {
    response = error_response(error, settings.errors, settings.compat);
  } catch (const storage::StorageBusy&) {
    response = error_response(ApiError::unavailable("The database cannot keep up. Try again later."), settings.errors,
                              settings.compat);
    response.headers.set("retry-after", "1");
  } catch (const storage::StorageUncertain& error) {
    services_.parts.log.error("the disk lost what a request wants to have stored, or did not",
                              boost::json::object{{"request_id", request_id}, {"what", error.what()}});
    response =
        error_response(ApiError::unavailable(
                           "The server's disk has failed. Whether this was stored can be seen when the server has been "
                           "started again."),
                       settings.errors, settings.compat);
  } catch (const storage::StorageUnwritable& error) {
    // What is wrong with its disk is for whoever runs the server.
    services_.parts.log.error("a request could not be stored",
                              boost::json::object{{"request_id", request_id}, {"what", error.what()}});
    response = error_response(
        ApiError::unavailable("Nothing can be stored at the moment: the server's disk is full or cannot be written. "
                              "Nothing was changed. Try again later."),
        settings.errors, settings.compat);
    response.headers.set("retry-after", "5");
  } catch (const std::exception& error) {
    services_.parts.log.error("a request could not be answered",
                              boost::json::object{{"request_id", request_id}, {"what", error.what()}});
    response = error_response(ApiError(500, "Internal Server Error"), settings.errors, settings.compat);
  }
  add_cors_headers(settings.cors, asked, response.headers);
  const std::size_t status_class = static_cast<std::size_t>(response.status) / 100;
  if (status_class < services_.requests.by_class.size()) ++services_.requests.by_class[status_class];
  runtime::Log& log = services_.parts.log;
  if (log.writes(runtime::LogLevel::debug)) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    // By the pattern of the route: what a client wrote into its path is its own.
    log.debug("a request was answered", boost::json::object{{"request_id", request_id},
                                                            {"route", route == nullptr ? "" : route->pattern},
                                                            {"status", response.status},
                                                            {"ms", took.count()}});
  }
  co_return response;
}

}  // namespace heddle::api
