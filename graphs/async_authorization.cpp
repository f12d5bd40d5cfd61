#include "graphs/async_authorization.h"

#include <algorithm>
#include <array>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "graphs/authorization_interrupt.h"
#include "graphs/google_api.h"
#include "graphs/retry_after.h"
#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/run_config.h"

namespace heddle::graphs {

namespace asio = boost::asio;
using runtime::GraphError;

struct AsyncAuthorization::Answer {
  int status = 0;     // 0: there was none
  json::value body;   // null if it was no JSON
  std::string error;  // its code
  std::optional<double> retry_after;
};

namespace {

constexpr const char* kNote = "async authorization";  // {"request": {...}} or {"allowed": true}
constexpr std::size_t kBindingMax = 64;               // Auth0's
constexpr std::size_t kAnswerBytesMax = 64UL * 1024;  // a token answer takes 4
constexpr double kIntervalDefault = 5;                // seconds; OpenID CIBA 7.3
constexpr double kExpiryMax = 24 * 3600;              // seconds; a tenant that says more is not believed

enum class State { pending, slow_down, denied, expired, invalid_grant, no_device };

struct Wording {
  State state;
  const char* code;  // behind the generation's prefix
  const char* text;
};
constexpr std::array<Wording, 6> kWordings = {{
    {State::pending, "AUTHORIZATION_PENDING", "The user has not answered the authorization request yet."},
    {State::slow_down, "AUTHORIZATION_POLLING_ERROR", "The authorization request is polled too often."},
    {State::denied, "ACCESS_DENIED", "The user denied the authorization request."},
    {State::expired, "AUTHORIZATION_REQUEST_EXPIRED", "The authorization request has expired."},
    {State::invalid_grant, "INVALID_GRANT", "The authorization request is not valid, or no longer."},
    {State::no_device, "USER_DOES_NOT_HAVE_PUSH_NOTIFICATIONS",
     "The user has no device that can be asked for authorization."},
}};

// {name, code, request, message}, for an interrupt as for a result.
json::object told(State state, VaultGeneration generation, const json::value* request) {
  const auto wording = std::ranges::find(kWordings, state, &Wording::state);
  const bool federated = generation == VaultGeneration::federated;
  std::string code = federated ? "CIBA_" : "ASYNC_AUTHORIZATION_";
  // The older packages have no code of their own for it.
  code += federated && state == State::invalid_grant ? "AUTHORIZATION_POLLING_ERROR" : wording->code;
  json::object value;
  value["name"] = "AUTH0_AI_INTERRUPT";
  value["code"] = code;
  if (request != nullptr) value["request"] = *request;
  value["message"] = wording->text;
  return value;
}

std::string form_of(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string form;
  for (const auto& [name, value] : fields) form += (form.empty() ? "" : "&") + name + "=" + url_encoded(value);
  return form;
}

double number_or(const json::value& body, const char* key, double otherwise) {
  const json::value* number = runtime::find_member(body, key);
  return number != nullptr && number->is_number() ? number->to_number<double>() : otherwise;
}

std::string user_of(const runtime::RunConfig& config) {
  if (config.secrets == nullptr) return "";
  const auto found = config.secrets->find("langgraph_auth_user_id");
  const runtime::Secret* text = found == config.secrets->end() ? nullptr : found->second.text();
  return text == nullptr ? "" : std::string(text->reveal());
}

// `openid` is first if nobody has named it.
std::string scope_text(std::vector<std::string> scopes) {
  if (std::ranges::find(scopes, "openid") == scopes.end()) scopes.insert(scopes.begin(), "openid");
  std::string text;
  for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

// Another tool behind a permission.
class PermittedTool final : public Tool {
 public:
  PermittedTool(std::shared_ptr<const AsyncAuthorization> authorization, PermissionWanted wanted, ToolPointer tool)
      : authorization_(std::move(authorization)), wanted_(std::move(wanted)), tool_(std::move(tool)) {}

  const ToolDeclaration& declaration() const override { return tool_->declaration(); }

  asio::awaitable<ToolResult> call(ToolContext& context, json::object arguments) const override {
    if (wanted_.before) co_await wanted_.before(context);
    const std::optional<json::object> refused = co_await authorization_->ask(context, wanted_, arguments);
    if (refused) co_return runtime::to_text(*refused);
    ToolResult result = co_await tool_->call(context, std::move(arguments));
    co_return result;
  }

 private:
  std::shared_ptr<const AsyncAuthorization> authorization_;
  PermissionWanted wanted_;
  ToolPointer tool_;
};

}  // namespace

std::string binding_text(std::string_view text) {
  std::string allowed;
  for (const char c : text.substr(0, kBindingMax)) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string_view(" +-_.,:#").find(c) != std::string_view::npos;
    allowed.push_back(fits ? c : '.');
  }
  return allowed;
}

AsyncAuthorization::AsyncAuthorization(HttpClient& client, const runtime::Clock& clock,
                                       AsyncAuthorizationSettings settings)
    : client_(client), clock_(clock), settings_(std::move(settings)) {}

double AsyncAuthorization::now() const {
  return std::chrono::duration<double>(clock_.now().time_since_epoch()).count();
}

asio::awaitable<AsyncAuthorization::Answer> AsyncAuthorization::post(const char* path, std::string form) const {
  HttpRequest request;
  request.method = "POST";
  request.url = settings_.base_url + path;
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  request.headers.push_back({"Accept", "application/json"});
  form += "&client_id=" + url_encoded(settings_.client_id);
  form += "&client_secret=" + url_encoded(settings_.client_secret.reveal());
  request.body = std::move(form);
  request.total_timeout = settings_.timeout;
  request.body_bytes_max = kAnswerBytesMax;
  Answer answer;
  try {
    HttpAnswer got = co_await client_.fetch(std::move(request));
    answer.status = got.head.status;
    const std::optional<std::chrono::milliseconds> pause = retry_after_of(got.head);
    if (pause) answer.retry_after = std::chrono::duration<double>(*pause).count();
    answer.body = runtime::parse_json(got.body);
    runtime::wipe(got.body);
  } catch (const HttpError&) {
    answer.status = 0;
  } catch (const runtime::JsonError&) {
    answer.body = nullptr;
  }
  answer.error = std::string(runtime::find_text(answer.body, "error").value_or(""));
  co_return answer;
}

// The request {id, requestedAt, expiresIn, interval}; an empty one if the user has no device.
asio::awaitable<json::object> AsyncAuthorization::start(ToolContext& context, const PermissionWanted& wanted,
                                                        const json::object& arguments) const {
  const std::string user = user_of(context.node().config());
  if (user.empty()) {
    throw GraphError("auth0_async_authorization_no_user",
                     "this needs the user's permission, and the server knows no user who could be asked: the run is "
                     "not authenticated");
  }
  json::object hint;
  hint["format"] = "iss_sub";
  hint["iss"] = settings_.base_url + "/";
  hint["sub"] = user;
  const std::string message = wanted.binding_message ? wanted.binding_message(arguments) : std::string();
  std::vector<std::pair<std::string, std::string>> fields = {
      {"scope", scope_text(wanted.scopes)},
      {"audience", wanted.audience},
      {"requested_expiry", std::to_string(wanted.requested_expiry.count())},
      {"binding_message", binding_text(message)},
      {"login_hint", runtime::to_text(hint)}};
  if (wanted.generation == VaultGeneration::federated) {
    fields.insert(fields.begin() + 3, {"request_expiry", std::to_string(wanted.requested_expiry.count())});
  }
  std::string form = form_of(fields);
  const double asked_at = now();
  const Answer answer = co_await post("/bc-authorize", std::move(form));
  json::object request;
  if (answer.status >= 400 && answer.error == "invalid_request") co_return request;
  const std::string id(runtime::find_text(answer.body, "auth_req_id").value_or(""));
  if (answer.status < 200 || answer.status > 299 || id.empty()) {
    const bool theirs = answer.status >= 400 && answer.status < 500 && answer.status != 429;
    throw GraphError(theirs ? "auth0_async_authorization_misconfigured" : "auth0_async_authorization_failed",
                     theirs ? "the Auth0 tenant refused to ask the user with " + std::to_string(answer.status) +
                                  "; check the client and that it may use the CIBA grant"
                            : std::string("the Auth0 tenant could not ask the user; try again later"));
  }
  request["id"] = id;
  request["requestedAt"] = asked_at;
  request["expiresIn"] = std::clamp(number_or(answer.body, "expires_in", 300), 0.0, kExpiryMax);
  request["interval"] = std::clamp(number_or(answer.body, "interval", kIntervalDefault), 1.0, kExpiryMax);
  co_return request;
}

asio::awaitable<std::optional<json::object>> AsyncAuthorization::ask(ToolContext& context,
                                                                     const PermissionWanted& wanted,
                                                                     const json::object& arguments) const {
  if (settings_.base_url.empty() || settings_.client_id.empty() || settings_.client_secret.empty()) {
    throw GraphError("auth0_async_authorization_not_configured",
                     "this needs the user's permission, and the operator of this server has not set AUTH0_DOMAIN, "
                     "AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET");
  }
  std::optional<json::object> refused;
  const std::optional<json::value> note = context.node().finished_call(kNote);
  if (note && runtime::find_member(*note, "allowed") != nullptr) co_return refused;
  const json::value* kept = note ? runtime::find_member(*note, "request") : nullptr;
  json::value request;
  if (kept != nullptr) {
    request = *kept;
  } else {
    json::object started = co_await start(context, wanted, arguments);
    if (started.empty()) {
      refused = told(State::no_device, wanted.generation, nullptr);
      co_return refused;
    }
    request = std::move(started);
    context.node().keep_finished_call(kNote, json::object{{"request", request}});
  }

  // The note goes with an end that is not a yes: a further call asks anew.
  auto ended = [&](State state, const json::value* about) {
    context.node().keep_finished_call(kNote, nullptr);
    refused = told(state, wanted.generation, about);
  };
  if (now() - number_or(request, "requestedAt", 0) >= number_or(request, "expiresIn", 0)) {
    ended(State::expired, &request);
    co_return refused;
  }
  std::string form = form_of({{"grant_type", "urn:openid:params:grant-type:ciba"},
                              {"auth_req_id", std::string(runtime::find_text(request, "id").value_or(""))}});
  Answer answer = co_await post("/oauth/token", std::move(form));
  const bool has_token = runtime::find_text(answer.body, "access_token").has_value();
  runtime::wipe(answer.body);
  if (answer.status >= 200 && answer.status <= 299 && has_token) {
    context.node().keep_finished_call(kNote, json::object{{"allowed", true}});
    co_return refused;
  }
  if (answer.error == "access_denied") {
    ended(State::denied, &request);
  } else if (answer.error == "expired_token") {
    ended(State::expired, &request);
  } else if (answer.error == "invalid_grant") {
    ended(State::invalid_grant, &request);
  } else if (answer.error == "invalid_request") {
    ended(State::no_device, nullptr);
  }
  if (refused) co_return refused;
  const bool slower = answer.error == "slow_down";
  // A tenant that is not to be reached has not said no: the request stays as it is until it has expired.
  const bool troubled = answer.status == 0 || answer.status == 429 || answer.status >= 500;
  if (!slower && !troubled && answer.error != "authorization_pending") {
    throw GraphError("auth0_async_authorization_misconfigured",
                     "the Auth0 tenant refused to tell what the user said with " + std::to_string(answer.status) +
                         "; check the client and that it may use the CIBA grant");
  }
  json::object question = told(slower ? State::slow_down : State::pending, wanted.generation, &request);
  const bool has_pause = slower && answer.retry_after && wanted.generation == VaultGeneration::token_vault;
  if (has_pause) question["retryAfter"] = *answer.retry_after;
  ask_to_authorize(context, "device of the user for " + context.idempotency_key(), std::move(question));
}

ToolPointer with_async_authorization(std::shared_ptr<const AsyncAuthorization> authorization, PermissionWanted wanted,
                                     ToolPointer tool) {
  return std::make_shared<const PermittedTool>(std::move(authorization), std::move(wanted), std::move(tool));
}

}  // namespace heddle::graphs
