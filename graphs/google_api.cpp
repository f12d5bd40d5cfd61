#include "graphs/google_api.h"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "runtime/json.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

// Google's code for the reason, in its newer form (details of the error) or its older one. Empty if there is none.
std::string reason_of(const std::string& body) {
  json::value answer;
  try {
    answer = runtime::parse_json(body);
  } catch (const runtime::JsonError&) {
    return "";
  }
  const json::value* error = runtime::find_member(answer, "error");
  if (error == nullptr || !error->is_object()) return "";
  std::string reason(runtime::find_text(*error, "status").value_or(""));
  for (const char* key : {"errors", "details"}) {
    const json::array* list = runtime::find_array(error->get_object(), key);
    if (list == nullptr) continue;
    for (const json::value& one : *list) {
      const std::string_view found = runtime::find_text(one, "reason").value_or("");
      if (!found.empty()) reason = found;
    }
  }
  const bool is_code = reason.size() <= 64 && std::ranges::all_of(reason, is_unreserved);
  return is_code ? reason : "";
}

bool means_scopes(const HttpHead& head, std::string_view reason) {
  if (reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT" || reason == "insufficientPermissions") return true;
  const std::string_view challenge = head.find("www-authenticate").value_or("");
  return challenge.find("insufficient_scope") != std::string_view::npos;
}

}  // namespace

std::string url_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(kHex[byte >> 4U]);
    encoded.push_back(kHex[byte & 0xFU]);
  }
  return encoded;
}

asio::awaitable<json::value> call_google(HttpClient& client, const ThirdPartyToken& token, GoogleCall call) {
  HttpRequest request;
  request.method = std::move(call.method);
  request.url = std::move(call.url);
  request.headers.push_back({"Accept", "application/json"});
  if (!call.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  if (!call.idempotency_key.empty()) request.headers.push_back({"X-Idempotency-Key", std::move(call.idempotency_key)});
  request.secret_headers.push_back({"Authorization", "Bearer ", token.access_token.clone()});
  request.body = std::move(call.body);
  request.total_timeout = call.timeout;
  request.body_bytes_max = call.answer_bytes_max;
  const HttpAnswer answer = co_await client.fetch(std::move(request));

  const int status = answer.head.status;
  if (status >= 200 && status < 300) {
    if (answer.body.empty()) co_return json::value();
    json::value parsed;
    try {
      parsed = runtime::parse_json(answer.body);
    } catch (const runtime::JsonError&) {
      throw GoogleError(status, "Google's answer is no JSON");
    }
    co_return parsed;
  }
  if (status == 401) throw ThirdPartyRefusal(Refused::token, "Google does not accept the access token");
  const std::string reason = reason_of(answer.body);
  if (status == 403 && means_scopes(answer.head, reason)) {
    throw ThirdPartyRefusal(Refused::scopes, "Google wants further scopes for this");
  }
  const bool later = status == 429 || status >= 500 || reason.find("ateLimitExceeded") != std::string::npos;
  const std::string said = std::to_string(status) + (reason.empty() ? "" : " " + reason);
  throw GoogleError(status, "Google answered " + said + (later ? "; try again later" : ""));
}

}  // namespace heddle::graphs
