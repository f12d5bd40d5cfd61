#include "api/auth/authenticator.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "api/auth/api_keys.h"
#include "api/auth/jwt.h"
#include "api/http/target.h"
#include "api/services/api_error.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::string_view kStudioUser = "langgraph-studio-user";

ApiError unauthorized(const std::string& why) {
  ApiError error(401, "Unauthorized: " + why);
  error.add_header("www-authenticate", "Bearer");
  return error;
}

ApiError unauthorized(const JwtFault& fault) {
  return unauthorized("the token " + std::string(fault.reason));
}

ApiError no_keys(Jwks::Unavailable unavailable) {
  ApiError error = ApiError::unavailable("The issuer of tokens cannot be reached. Try again later.");
  error.add_header("retry-after", std::to_string(unavailable.retry_after.count()));
  return error;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

bool is_bearer(std::string_view scheme) {
  constexpr std::string_view kBearer = "bearer";
  return std::ranges::equal(scheme, kBearer, [](char given, char wanted) {
    return given == wanted || (given >= 'A' && given <= 'Z' && given - 'A' + 'a' == wanted);
  });
}

// The only value of that name that is not empty.
std::string_view only_value(const Headers& headers, std::string_view name) {
  std::string_view value;
  for (const auto& [field, text] : headers.all()) {
    if (field != name || trimmed(text).empty()) continue;
    if (!value.empty()) throw unauthorized("the header `" + std::string(name) + "` comes more than once");
    value = trimmed(text);
  }
  return value;
}

struct Credential {
  std::string_view scheme;  // empty for a bare token
  std::string_view token;
};

Credential credential_in(std::string_view value) {
  const std::size_t blank = value.find_first_of(" \t");
  if (blank == std::string_view::npos) return {{}, value};
  return {value.substr(0, blank), trimmed(value.substr(blank))};
}

std::vector<std::string> split_at_blanks(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::vector<std::string> permissions_of(const json::object& claims) {
  const json::array* const list = runtime::find_array(claims, "permissions");
  const bool are_texts =
      list != nullptr && std::ranges::all_of(*list, [](const json::value& one) { return one.is_string(); });
  if (!are_texts) return split_at_blanks(runtime::find_text(claims, "scope").value_or(""));
  std::vector<std::string> permissions;
  for (const json::value& one : *list) permissions.emplace_back(one.get_string());
  return permissions;
}

Identity studio_identity() {
  Identity identity;
  identity.id = kStudioUser;
  json::object user{{"kind", "StudioUser"},
                    {"identity", kStudioUser},
                    {"display_name", kStudioUser},
                    {"permissions", json::array{}},
                    {"is_authenticated", true}};
  identity.user = runtime::SecretJson::take(std::move(user));
  return identity;
}

// Of what others say of a user, only what does not take the place of what the server says.
void describe(json::object user, const std::string& auth_type, Identity& identity) {
  user["identity"] = identity.id;
  user["permissions"] = json::array(identity.permissions.begin(), identity.permissions.end());
  user["auth_type"] = auth_type;
  user["is_authenticated"] = true;
  if (!runtime::find_text(user, "display_name")) user["display_name"] = identity.id;
  identity.user = runtime::SecretJson::take(std::move(user));
}

// The token to be judged. With keys configured only what looks like one, because the rest may be a key.
std::optional<std::string_view> shown_token(const Headers& headers, bool may_be_key) {
  if (!may_be_key) return bearer_token(headers);
  for (const std::string_view name : {"x-api-key", "authorization"}) {
    const Credential shown = credential_in(only_value(headers, name));
    const bool is_plain = shown.scheme.empty() || is_bearer(shown.scheme);
    if (is_plain && looks_like_jwt(shown.token)) return shown.token;
  }
  return std::nullopt;
}

// What a caller who has shown nothing good should send.
std::string wanted(const AuthSettings& settings, const Headers& headers) {
  const bool has_shown = !only_value(headers, "x-api-key").empty() || !only_value(headers, "authorization").empty();
  if (has_shown && !settings.keys.empty()) return "the key is not known";
  if (settings.takes_tokens()) return "send a token in the header `authorization`, after `Bearer `";
  if (!settings.keys.empty()) return "send a key in the header `x-api-key`";
  return "only requests that come through the proxy are answered";
}

Caller caller_with(Identity identity) {
  Caller caller;
  caller.owner.text = identity.id;
  caller.identity = std::make_shared<const Identity>(std::move(identity));
  return caller;
}

}  // namespace

std::optional<std::string_view> bearer_token(const Headers& headers) {
  const Credential key = credential_in(only_value(headers, "x-api-key"));
  if ((key.scheme.empty() || is_bearer(key.scheme)) && looks_like_jwt(key.token)) return key.token;
  const std::string_view value = only_value(headers, "authorization");
  if (value.empty()) return std::nullopt;
  const Credential credential = credential_in(value);
  if (!credential.scheme.empty() && !is_bearer(credential.scheme)) {
    throw unauthorized("only bearer tokens are taken in the header `authorization`");
  }
  return credential.token;
}

Identity identity_from(const json::object& claims, std::string_view token, const std::string& auth_type) {
  Identity identity;
  identity.id = runtime::find_text(claims, "sub").value_or("");
  identity.permissions = permissions_of(claims);
  identity.token = runtime::Secret(std::string(token));
  describe(claims, auth_type, identity);
  return identity;
}

Identity identity_from(const ApiKey& key) {
  Identity identity;
  identity.id = key.identity;
  identity.permissions = key.permissions;
  json::object user = runtime::parse_json(key.claims_json).as_object();
  user["api_key_id"] = key.id;
  describe(std::move(user), "api_key", identity);
  return identity;
}

asio::awaitable<json::object> Authenticator::claims(std::string token) const {
  // Whatever keys there are would not help: no stranger's garbage makes the server ask the issuer, or wait for it.
  auto verified = verify_jwt(token, JwtKeys{}, settings_.tokens, clock_.now());
  const JwtFault* fault = std::get_if<JwtFault>(&verified);
  if (fault != nullptr && fault->kind != JwtFault::Kind::unknown_key) throw unauthorized(*fault);

  Jwks::Answer answer = co_await keys_->keys();
  if (const auto* unavailable = std::get_if<Jwks::Unavailable>(&answer)) throw no_keys(*unavailable);
  const Jwks::Keys known = std::get<Jwks::Keys>(answer);
  verified = verify_jwt(token, *known, settings_.tokens, clock_.now());
  fault = std::get_if<JwtFault>(&verified);
  if (fault != nullptr && fault->kind == JwtFault::Kind::unknown_key) {
    answer = co_await keys_->keys_after(known);
    if (const auto* unavailable = std::get_if<Jwks::Unavailable>(&answer)) throw no_keys(*unavailable);
    verified = verify_jwt(token, *std::get<Jwks::Keys>(answer), settings_.tokens, clock_.now());
    fault = std::get_if<JwtFault>(&verified);
  }
  if (fault != nullptr) throw unauthorized(*fault);
  co_return std::get<json::object>(std::move(verified));
}

// Nothing if the connection does not come from the proxy, or if the proxy says nothing.
std::optional<Identity> Authenticator::proxied(const Headers& headers, const std::string& peer) const {
  if (!settings_.proxy) return std::nullopt;
  const ProxySettings& proxy = *settings_.proxy;
  const std::string without_zone = peer.substr(0, peer.find('%'));
  const std::optional<graphs::Address> address = graphs::address_of_host(without_zone);
  if (!address || !graphs::any_contains(proxy.from, *address)) return std::nullopt;
  const std::string_view name = only_value(headers, proxy.header);
  if (name.empty()) return std::nullopt;
  if (!is_identity(name)) throw unauthorized("the header `" + proxy.header + "` names nobody");
  Identity identity;
  identity.id = name;
  json::object user;
  if (!proxy.email_header.empty()) {
    const std::string_view email = only_value(headers, proxy.email_header);
    if (!email.empty()) user["email"] = as_utf8(std::string(email));
  }
  if (!proxy.permissions_header.empty()) {
    std::string list(only_value(headers, proxy.permissions_header));
    std::ranges::replace(list, ',', ' ');
    identity.permissions = split_at_blanks(as_utf8(list));
  }
  describe(std::move(user), "proxy", identity);
  return identity;
}

// Nothing if neither header holds a known key.
std::optional<Identity> Authenticator::keyed(const Headers& headers) const {
  const Credential in_header = credential_in(only_value(headers, "x-api-key"));
  const Credential in_authorization = credential_in(only_value(headers, "authorization"));
  for (const Credential& shown : {in_header, in_authorization}) {
    if (!shown.scheme.empty() && !is_bearer(shown.scheme)) continue;
    if (const ApiKey* const key = find_api_key(settings_.keys, shown.token)) return identity_from(*key);
  }
  return std::nullopt;
}

asio::awaitable<Caller> Authenticator::caller(Headers headers, std::string peer) const {
  if (settings_.studio_may_enter && headers.find("x-auth-scheme") == "langsmith") {
    co_return caller_with(studio_identity());
  }
  std::optional<Identity> told = proxied(headers, peer);
  if (told) co_return caller_with(*std::move(told));

  const bool may_be_key = !settings_.keys.empty();
  // Without keys every text in `authorization` is meant as a token, and is told what is wrong with it.
  const std::optional<std::string_view> token = shown_token(headers, may_be_key);
  if (token && keys_ != nullptr) {
    json::object known = co_await claims(std::string(*token));
    Caller found = caller_with(identity_from(known, *token, settings_.auth_type));
    json::value rest(std::move(known));
    runtime::wipe(rest);
    co_return found;
  }
  if (may_be_key) told = keyed(headers);
  if (told) co_return caller_with(*std::move(told));
  throw unauthorized(wanted(settings_, headers));
}

}  // namespace heddle::api
