#include "graphs/ciba.h"

#include <algorithm>
#include <array>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "runtime/error.h"
#include "runtime/json.h"

namespace heddle::graphs {

namespace asio = boost::asio;
using runtime::GraphError;

namespace {

constexpr std::size_t kBindingMax = 64;  // Auth0's

struct Wording {
  PermissionState state;
  const char* code;  // behind the generation's prefix
  const char* text;
};
constexpr std::array<Wording, 6> kWordings = {{
    {PermissionState::pending, "AUTHORIZATION_PENDING", "The user has not answered the authorization request yet."},
    {PermissionState::slow_down, "AUTHORIZATION_POLLING_ERROR", "The authorization request is polled too often."},
    {PermissionState::denied, "ACCESS_DENIED", "The user denied the authorization request."},
    {PermissionState::expired, "AUTHORIZATION_REQUEST_EXPIRED", "The authorization request has expired."},
    {PermissionState::invalid_grant, "INVALID_GRANT", "The authorization request is not valid, or no longer."},
    {PermissionState::no_device, "USER_DOES_NOT_HAVE_PUSH_NOTIFICATIONS",
     "The user has no device that can be asked for authorization."},
}};

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

Ciba::Ciba(HttpClient& client, const runtime::Clock& clock, CibaSettings settings)
    : AsyncAuthorization(clock), client_(client), settings_(std::move(settings)) {}

void Ciba::check_configuration() const {
  if (!settings_.tenant.base_url.empty() && !settings_.client_id.empty() && !settings_.client_secret.empty()) return;
  throw GraphError("auth0_async_authorization_not_configured",
                   "this needs the user's permission, and the operator of this server has not set AUTH0_DOMAIN, "
                   "AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET");
}

json::object Ciba::told(PermissionState state, VaultGeneration generation, const json::value* request) const {
  const auto wording = std::ranges::find(kWordings, state, &Wording::state);
  const bool federated = generation == VaultGeneration::federated;
  std::string code = federated ? "CIBA_" : "ASYNC_AUTHORIZATION_";
  // The older packages have no code of their own for it.
  code += federated && state == PermissionState::invalid_grant ? "AUTHORIZATION_POLLING_ERROR" : wording->code;
  json::object value;
  value["name"] = "AUTH0_AI_INTERRUPT";
  value["code"] = code;
  if (request != nullptr) value["request"] = *request;
  value["message"] = wording->text;
  return value;
}

asio::awaitable<std::optional<json::object>> Ciba::start(ToolContext& context, const PermissionWanted& wanted,
                                                         const json::object& arguments) const {
  const std::string user = user_of(context.node().config());
  if (user.empty()) {
    throw GraphError("auth0_async_authorization_no_user",
                     "this needs the user's permission, and the server knows no user who could be asked: the run is "
                     "not authenticated");
  }
  json::object hint;
  hint["format"] = "iss_sub";
  hint["iss"] = settings_.tenant.base_url + "/";
  hint["sub"] = user;
  const std::string message = wanted.binding_message ? wanted.binding_message(arguments) : std::string();
  const std::string expiry = std::to_string(wanted.requested_expiry.count());
  FormFields fields = {{"scope", scope_text(wanted.scopes)},
                       {"audience", wanted.audience},
                       {"requested_expiry", expiry},
                       {"binding_message", binding_text(message)},
                       {"login_hint", runtime::to_text(hint)},
                       {"client_id", settings_.client_id},
                       {"client_secret", std::string(settings_.client_secret.reveal())}};
  if (wanted.generation == VaultGeneration::federated) fields.insert(fields.begin() + 3, {"request_expiry", expiry});
  const double asked_at = now();
  std::string url = settings_.tenant.base_url + "/bc-authorize";
  const TenantAnswer answer = co_await post_form(client_, std::move(url), settings_.tenant.timeout, std::move(fields));
  std::optional<json::object> request;
  if (answer.status >= 400 && answer.error == "invalid_request") co_return request;
  const std::string id(runtime::find_text(answer.body, "auth_req_id").value_or(""));
  if (!answer.is_good() || id.empty()) {
    throw GraphError(
        answer.is_refused() ? "auth0_async_authorization_misconfigured" : "auth0_async_authorization_failed",
        answer.is_refused() ? "the Auth0 tenant refused to ask the user with " + std::to_string(answer.status) +
                                  "; check the client and that it may use the CIBA grant"
                            : std::string("the Auth0 tenant could not ask the user; try again later"));
  }
  request.emplace();
  (*request)["id"] = id;
  for (const auto& time : times_of(answer.body, asked_at, 300)) (*request)[time.key()] = time.value();
  co_return request;
}

asio::awaitable<PermissionAnswer> Ciba::poll(std::string id) const {
  FormFields fields = {{"grant_type", "urn:openid:params:grant-type:ciba"},
                       {"auth_req_id", std::move(id)},
                       {"client_id", settings_.client_id},
                       {"client_secret", std::string(settings_.client_secret.reveal())}};
  std::string url = settings_.tenant.base_url + "/oauth/token";
  TenantAnswer answer = co_await post_form(client_, std::move(url), settings_.tenant.timeout, std::move(fields));
  const PermissionAnswer permission = permission_answer(answer);
  runtime::wipe(answer.body);
  co_return permission;
}

}  // namespace heddle::graphs
