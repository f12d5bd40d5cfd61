#include "graphs/token_exchange.h"

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <utility>

#include "graphs/authorization_interrupt.h"
#include "graphs/retry_after.h"
#include "runtime/json.h"
#include "runtime/object_text.h"

namespace heddle::graphs {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::milliseconds;

// What one attempt brought. Without a status there was no answer, and `failure` says why.
struct TokenExchange::Answer {
  int status = 0;
  std::string body;  // may hold a token
  std::optional<milliseconds> retry_after;
  HttpFailure failure = HttpFailure::connection;
  std::string failure_text;
  bool before_any_byte = false;  // it failed
};

namespace {

constexpr std::string_view kTokenType = "http://auth0.com/oauth/token-type/federated-connection-access-token";
constexpr std::size_t kAnswerMax = 1024UL * 1024;  // bytes; tokens of third parties have a few KiB
constexpr const char* kMisconfigured = "auth0_exchange_misconfigured";
constexpr const char* kRateLimited = "auth0_exchange_rate_limited";
constexpr const char* kFailed = "auth0_exchange_failed";

// What a new consent or a new login mends, whatever the status.
constexpr std::array<std::string_view, 7> kMendedByConsent = {
    "federated_connection_refresh_token_not_found",
    "federated_connection_refresh_token_flow_failed",
    "invalid_grant",
    "consent_required",
    "interaction_required",
    "login_required",
    "mfa_required",
};

// The `error` of a refusal if it looks like a code; what else is in a body is not shown to anybody.
std::string code_of(const std::string& body) {
  try {
    const json::value answer = runtime::parse_json(body);
    const std::string code(runtime::find_text(answer, "error").value_or(""));
    auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
    if (code.size() <= 64 && std::ranges::all_of(code, allowed)) return code;
  } catch (const runtime::JsonError&) {
    return "";  // a proxy's page: its status says enough
  }
  return "";
}

std::optional<std::chrono::seconds> lifetime_of(const json::value& answer) {
  const json::value* value = runtime::find_member(answer, "expires_in");
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double seconds = value->to_number<double>();
  constexpr double kTenYears = 315'360'000;
  if (!(seconds > 0)) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, kTenYears)));
}

// Nothing if the answer has no token. Takes the token out of `answer`.
TokenPointer token_of(json::value& answer) {
  if (!answer.is_object()) return nullptr;
  json::value* text = answer.get_object().if_contains("access_token");
  if (text == nullptr || !text->is_string() || text->get_string().empty()) return nullptr;
  auto token = std::make_shared<ThirdPartyToken>();
  token->access_token = runtime::Secret(std::string(text->get_string()));
  token->scopes = held_scopes(runtime::find_text(answer, "scope").value_or(""));
  token->expires_in = lifetime_of(answer);
  return token;
}

}  // namespace

std::string exchange_body(const ExchangeRequest& request) {
  const bool federated = request.generation == VaultGeneration::federated;
  std::string body;
  // In one piece from the start, so that no outgrown copy of a secret is left behind.
  body.reserve(1024 + 2 * (request.subject_token.reveal().size() + request.client_secret.reveal().size()));
  runtime::ObjectText object(body);
  object.text("grant_type", "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token");
  object.text("client_id", request.client_id);
  object.text("client_secret", request.client_secret.reveal());
  object.text("subject_token_type", federated ? "urn:ietf:params:oauth:token-type:refresh_token"
                                              : "urn:ietf:params:oauth:token-type:access_token");
  object.text("subject_token", request.subject_token.reveal());
  object.text("connection", request.connection);
  object.text("requested_token_type", kTokenType);
  if (request.login_hint) object.text("login_hint", *request.login_hint);
  object.end();
  return body;
}

TokenExchange::TokenExchange(HttpClient& client, ExchangeSettings settings)
    : client_(client), settings_(std::move(settings)) {}

asio::awaitable<TokenExchange::Answer> TokenExchange::ask(const ExchangeRequest& request) const {
  HttpRequest http;
  http.method = "POST";
  http.url = settings_.base_url + "/oauth/token";
  http.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  http.body = exchange_body(request);
  http.total_timeout = settings_.timeout;
  http.redirects = Redirects::refused;
  Answer answer;
  answer.before_any_byte = true;
  try {
    HttpStream stream = co_await client_.open(std::move(http));
    answer.before_any_byte = false;
    for (;;) {
      const std::optional<std::string> bytes = co_await stream.next();
      if (!bytes) break;
      answer.body += *bytes;
      if (answer.body.size() > kAnswerMax) {
        throw HttpError(HttpFailure::too_large, "the tenant's answer has more than 1 MiB");
      }
    }
    answer.status = stream.head().status;
    answer.retry_after = retry_after_of(stream.head());
  } catch (const HttpError& error) {
    answer.failure = error.kind();
    answer.failure_text = error.what();
  }
  co_return answer;
}

// How long to wait before the tenant is asked again, if that is worth it. `retries` and `limited` count what was done
// so far.
std::optional<milliseconds> TokenExchange::pause_before_retry(const Answer& answer, int retries, int limited) const {
  if (answer.status == 429) {
    const milliseconds wait = answer.retry_after.value_or(settings_.retry_after);
    if (limited >= settings_.rate_limited_max || wait > settings_.retry_after_max) return std::nullopt;
    return wait;
  }
  const bool cut = answer.status == 0 && answer.before_any_byte && answer.failure == HttpFailure::connection;
  if (retries > 0 || !(cut || answer.status >= 500)) return std::nullopt;
  return settings_.pause;
}

ExchangeFailed TokenExchange::failed(std::string name, const std::string& what) const {
  std::string text = name + ": " + what;
  return {std::move(name), std::move(text)};
}

ExchangeOutcome TokenExchange::read(Answer answer) const {
  if (answer.status == 0) {
    const bool trust = answer.failure == HttpFailure::certificate || answer.failure == HttpFailure::request;
    if (trust) return failed(kMisconfigured, answer.failure_text + "; check AUTH0_DOMAIN and SSL_CERT_FILE");
    return failed(kFailed, "the Auth0 tenant cannot be reached: " + answer.failure_text);
  }
  if (answer.status >= 200 && answer.status < 300) {
    TokenPointer token;
    try {
      json::value parsed = runtime::parse_json(answer.body);
      token = token_of(parsed);
      runtime::wipe(parsed);
    } catch (const runtime::JsonError&) {
      token = nullptr;
    }
    runtime::wipe(answer.body);
    if (token != nullptr) return token;
    return failed(kFailed, "the Auth0 tenant answered the token exchange with something that is no token");
  }
  const std::string code = code_of(answer.body);
  const std::string said = std::to_string(answer.status) + (code.empty() ? "" : " " + code);
  if (answer.status == 429) return failed(kRateLimited, "the Auth0 tenant is asked too often; try again later");
  if (answer.status >= 500) {
    return failed(kFailed, "the Auth0 tenant answered the token exchange with " + said + "; try again later");
  }
  const bool mended = std::ranges::find(kMendedByConsent, code) != kMendedByConsent.end();
  if (mended) return ConsentNeeded{};
  return failed(kMisconfigured, "the Auth0 tenant refused the token exchange with " + said +
                                    "; consent cannot mend it: check the domain, the client id and secret, and that "
                                    "the application may use the token exchange grant and the connection");
}

asio::awaitable<ExchangeOutcome> TokenExchange::run(ExchangeRequest request) const {
  int retries = 0;
  int limited = 0;
  for (;;) {
    Answer answer = co_await ask(request);
    const std::optional<milliseconds> pause = pause_before_retry(answer, retries, limited);
    if (!pause) co_return read(std::move(answer));
    if (answer.status == 429) {
      ++limited;
    } else {
      ++retries;
    }
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, *pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace heddle::graphs
