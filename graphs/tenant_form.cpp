#include "graphs/tenant_form.h"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>

#include "graphs/google_api.h"
#include "graphs/retry_after.h"
#include "runtime/json.h"
#include "runtime/secret.h"

namespace heddle::graphs {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::size_t kAnswerBytesMax = 64UL * 1024;  // a token answer takes 4
constexpr double kIntervalDefault = 5;                // seconds; OpenID CIBA 7.3, RFC 8628 3.2
constexpr double kExpiryMax = 24 * 3600;              // seconds; a tenant that says more is not believed

double number_or(const json::value& body, const char* key, double otherwise) {
  const json::value* number = runtime::find_member(body, key);
  return number != nullptr && number->is_number() ? number->to_number<double>() : otherwise;
}

}  // namespace

asio::awaitable<TenantAnswer> post_form(HttpClient& client, std::string url, std::chrono::milliseconds timeout,
                                        FormFields fields) {
  HttpRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  request.headers.push_back({"Accept", "application/json"});
  for (auto& [name, value] : fields) {
    request.body += (request.body.empty() ? "" : "&") + name + "=" + url_encoded(value);
    runtime::wipe(value);
  }
  request.total_timeout = timeout;
  request.body_bytes_max = kAnswerBytesMax;
  TenantAnswer answer;
  try {
    HttpAnswer got = co_await client.fetch(std::move(request));
    answer.status = got.head.status;
    answer.retry_after = retry_after_of(got.head);
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

PermissionAnswer permission_answer(const TenantAnswer& answer) {
  using enum PermissionState;
  static const std::vector<std::pair<std::string_view, PermissionState>> kByError = {
      {"authorization_pending", pending}, {"slow_down", slow_down},         {"access_denied", denied},
      {"expired_token", expired},         {"invalid_grant", invalid_grant}, {"invalid_request", no_device}};
  PermissionAnswer permission;
  permission.status = answer.status;
  permission.retry_after = answer.retry_after;
  if (answer.is_good() && runtime::find_text(answer.body, "access_token")) {
    permission.state = allowed;
    return permission;
  }
  const auto known =
      std::ranges::find(kByError, std::string_view(answer.error), [](const auto& row) { return row.first; });
  if (known != kByError.end()) {
    permission.state = known->second;
  } else if (answer.status == 0 || answer.status == 429 || answer.status >= 500) {
    permission.state = troubled;
  } else {
    permission.state = misconfigured;
  }
  return permission;
}

json::object times_of(const json::value& answer, double asked_at, double expires_in) {
  json::object times;
  times["requestedAt"] = asked_at;
  times["expiresIn"] = std::clamp(number_or(answer, "expires_in", expires_in), 0.0, kExpiryMax);
  times["interval"] = std::clamp(number_or(answer, "interval", kIntervalDefault), 1.0, kExpiryMax);
  return times;
}

std::string scope_text(std::vector<std::string> scopes) {
  if (std::ranges::find(scopes, "openid") == scopes.end()) scopes.insert(scopes.begin(), "openid");
  std::string text;
  for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

std::string user_of(const runtime::RunConfig& config) {
  if (config.secrets == nullptr) return "";
  const auto found = config.secrets->find("langgraph_auth_user_id");
  const runtime::Secret* text = found == config.secrets->end() ? nullptr : found->second.text();
  return text == nullptr ? "" : std::string(text->reveal());
}

}  // namespace heddle::graphs
