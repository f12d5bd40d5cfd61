#include "graphs/device_flow.h"

#include <algorithm>
#include <array>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <mutex>
#include <utility>

#include "graphs/mail.h"
#include "graphs/url_parts.h"
#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/secret.h"
#include "runtime/uuid.h"

namespace heddle::graphs {

namespace asio = boost::asio;
using runtime::GraphError;

namespace {

constexpr std::size_t kCodesMax = 10'000;           // open at a time; the oldest one goes, and its call asks anew
constexpr std::size_t kDocumentMax = 256UL * 1024;  // bytes of the discovery document; usual ones have 4 KiB
constexpr std::size_t kShownMax = 2048;             // bytes of a code or an address that is shown
constexpr double kExpiresIn = 900;                  // seconds, if the tenant does not say

struct Wording {
  PermissionState state;
  const char* code;
  const char* text;
};
constexpr std::array<Wording, 4> kWordings = {{
    {PermissionState::pending, "DEVICE_AUTHORIZATION_PENDING", "The user has not confirmed the code yet."},
    {PermissionState::slow_down, "DEVICE_AUTHORIZATION_POLLING_ERROR",
     "The authorization request is polled too often."},
    {PermissionState::denied, "DEVICE_ACCESS_DENIED", "The user denied the authorization request."},
    {PermissionState::expired, "DEVICE_AUTHORIZATION_REQUEST_EXPIRED", "The authorization request has expired."},
}};

GraphError misconfigured(const std::string& what) {
  return GraphError(
      "auth0_async_authorization_misconfigured",
      what + "; check AUTH0_DOMAIN, AUTH0_DEVICE_CLIENT_ID and that this client may use the device code grant");
}

GraphError failed() {
  return GraphError("auth0_async_authorization_failed",
                    "the Auth0 tenant could not give a code for the user; try again later");
}

// `sub` of the id token, whose signature need not be checked: it comes from the tenant itself (OpenID Connect Core
// 3.1.3.7). Empty if there is none.
std::string subject_of(const json::value& answer) {
  const std::string_view token = runtime::find_text(answer, "id_token").value_or("");
  const std::size_t begin = token.find('.');
  if (begin == std::string_view::npos) return "";
  const std::string_view claims = token.substr(begin + 1, token.find('.', begin + 1) - begin - 1);
  const std::optional<std::string> decoded = from_base64url(claims);
  if (!decoded) return "";
  try {
    return std::string(runtime::find_text(runtime::parse_json(*decoded), "sub").value_or(""));
  } catch (const runtime::JsonError&) {
    return "";
  }
}

}  // namespace

// A mutex, because executions are on several threads and the server looks on one more; never held while something
// waits.
class DeviceFlow::Codes {
 public:
  struct Code {
    runtime::Secret device_code;
    std::string user;  // who may allow; empty: whoever has the code
    double ends = 0;   // then it is good for nothing
  };

  void put(const std::string& id, Code code, double now) {
    const std::lock_guard lock(mutex_);
    codes_.insert_or_assign(id, std::make_shared<const Code>(std::move(code)));
    order_.push_back(id);
    while (order_.size() > kCodesMax || codes_.at(order_.front())->ends <= now) {
      if (order_.front() == id) break;
      codes_.erase(order_.front());
      order_.pop_front();
    }
  }
  std::shared_ptr<const Code> find(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = codes_.find(id);
    return found == codes_.end() ? nullptr : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Code>> codes_;
  std::deque<std::string> order_;  // oldest first
};

DeviceFlow::DeviceFlow(HttpClient& client, const runtime::Clock& clock, DeviceFlowSettings settings)
    : AsyncAuthorization(clock), client_(client), settings_(std::move(settings)), codes_(std::make_unique<Codes>()) {}
DeviceFlow::~DeviceFlow() = default;

void DeviceFlow::check_configuration() const {
  if (!settings_.tenant.base_url.empty() && !settings_.client_id.empty()) return;
  throw GraphError("auth0_async_authorization_not_configured",
                   "this needs the user's permission, and the operator of this server has not set AUTH0_DOMAIN and "
                   "AUTH0_DEVICE_CLIENT_ID");
}

bool DeviceFlow::knows(const std::string& id) const {
  return codes_->find(id) != nullptr;
}

json::object DeviceFlow::told(PermissionState state, VaultGeneration, const json::value* request) const {
  const auto known = std::ranges::find(kWordings, state, &Wording::state);
  const Wording& wording = known == kWordings.end() ? kWordings.back() : *known;
  json::object value;
  value["name"] = "AUTH0_AI_INTERRUPT";
  value["code"] = wording.code;
  if (request != nullptr && request->is_object()) {
    json::object response = request->get_object();
    response.erase("id");
    value["response"] = std::move(response);
  }
  value["message"] = wording.text;
  return value;
}

// By the tenant's discovery document, which may name no other server than the tenant.
asio::awaitable<std::string> DeviceFlow::endpoint() const {
  HttpRequest request;
  request.url = settings_.tenant.base_url + "/.well-known/openid-configuration";
  request.headers.push_back({"Accept", "application/json"});
  request.total_timeout = settings_.tenant.timeout;
  request.body_bytes_max = kDocumentMax;
  std::string url;
  int status = 0;
  try {
    const HttpAnswer answer = co_await client_.fetch(std::move(request));
    status = answer.head.status;
    const json::value document = runtime::parse_json(answer.body);
    url = std::string(runtime::find_text(document, "device_authorization_endpoint").value_or(""));
  } catch (const HttpError&) {
    throw failed();
  } catch (const runtime::JsonError&) {
    url.clear();
  }
  if (status >= 500 || status == 429) throw failed();
  const bool is_tenants = status == 200 && !url.empty() && origin_text(url) == origin_text(settings_.tenant.base_url);
  if (!is_tenants) throw misconfigured("the Auth0 tenant has no address of its own for device codes");
  co_return url;
}

asio::awaitable<std::optional<json::object>> DeviceFlow::start(ToolContext& context, const PermissionWanted& wanted,
                                                               const json::object&) const {
  std::string url = co_await endpoint();
  const double asked_at = now();
  FormFields fields = {
      {"scope", scope_text(wanted.scopes)}, {"audience", wanted.audience}, {"client_id", settings_.client_id}};
  TenantAnswer answer = co_await post_form(client_, std::move(url), settings_.tenant.timeout, std::move(fields));
  auto shown = [&](const char* key) {
    const std::string_view text = runtime::find_text(answer.body, key).value_or("");
    return std::string(text.size() <= kShownMax ? text : std::string_view());
  };
  Codes::Code code{runtime::Secret(std::string(runtime::find_text(answer.body, "device_code").value_or(""))),
                   user_of(context.node().config()), 0};
  std::optional<json::object> request;
  request.emplace();
  (*request)["id"] = runtime::uuid4().text();
  (*request)["userCode"] = shown("user_code");
  (*request)["verificationUri"] = shown("verification_uri");
  const std::string complete = shown("verification_uri_complete");
  if (!complete.empty()) (*request)["verificationUriComplete"] = complete;
  for (const auto& time : times_of(answer.body, asked_at, kExpiresIn)) (*request)[time.key()] = time.value();
  runtime::wipe(answer.body);
  code.ends = asked_at + (*request)["expiresIn"].to_number<double>();
  const bool is_whole = !code.device_code.empty() && !(*request)["userCode"].get_string().empty() &&
                        !(*request)["verificationUri"].get_string().empty();
  if (answer.is_refused())
    throw misconfigured("the Auth0 tenant refused to give a code with " + std::to_string(answer.status));
  if (!answer.is_good() || !is_whole) throw failed();
  codes_->put(std::string((*request)["id"].get_string()), std::move(code), asked_at);
  co_return request;
}

asio::awaitable<PermissionAnswer> DeviceFlow::poll(std::string id) const {
  PermissionAnswer permission;
  const std::shared_ptr<const Codes::Code> code = codes_->find(id);
  permission.state = PermissionState::expired;
  if (code == nullptr) co_return permission;
  FormFields fields = {{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                       {"device_code", std::string(code->device_code.reveal())},
                       {"client_id", settings_.client_id}};
  std::string url = settings_.tenant.base_url + "/oauth/token";
  TenantAnswer answer = co_await post_form(client_, std::move(url), settings_.tenant.timeout, std::move(fields));
  permission = permission_answer(answer);
  const bool is_another = !code->user.empty() && subject_of(answer.body) != code->user;
  runtime::wipe(answer.body);
  if (permission.state == PermissionState::allowed && is_another) permission.state = PermissionState::denied;
  if (permission.state == PermissionState::invalid_grant) permission.state = PermissionState::expired;
  if (permission.state == PermissionState::no_device) permission.state = PermissionState::misconfigured;
  co_return permission;
}

}  // namespace heddle::graphs
