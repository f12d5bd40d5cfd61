#include "api/auth/auth_configuration.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <string_view>
#include <utility>

#include "api/auth/jwt_keys.h"
#include "api/nearest_name.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using Environment = std::map<std::string, std::string>;

constexpr std::string_view kAuth0 = "builtin:auth0";
constexpr std::int64_t kLeewayMax = 600;  // seconds; clocks that differ by more are broken
constexpr std::array<std::string_view, 3> kWithoutEffect = {"openapi", "cache", "allow_langsmith_api_keys"};
constexpr std::array<std::string_view, 11> kKnown = {"path",
                                                     "type",
                                                     "issuer",
                                                     "audience",
                                                     "jwks_url",
                                                     "algorithms",
                                                     "leeway_seconds",
                                                     "disable_studio_auth",
                                                     "openapi",
                                                     "cache",
                                                     "allow_langsmith_api_keys"};

std::string what_works() {
  return R"(write {"path": "builtin:auth0"} and set AUTH0_DOMAIN and AUTH0_AUDIENCE, or )"
         R"({"type": "jwt", "issuer": "https://...", "audience": "..."} for tokens of another issuer)";
}

AuthConfigurationError fault(std::string_view key, const std::string& what) {
  return AuthConfigurationError((key.empty() ? "auth" : "auth." + std::string(key)) + ": " + what);
}

std::string in_quotes(std::string_view value) {
  std::string out;
  runtime::print_json_string(value.substr(0, 100), out);
  return out;
}

std::optional<std::string> text_of(const json::object& auth, std::string_view key) {
  const json::value* const given = runtime::find_given(auth, key);
  if (given == nullptr) return std::nullopt;
  if (!given->is_string() || given->get_string().empty()) throw fault(key, "must be a text that is not empty");
  return std::string(given->get_string());
}

std::string required_text(const json::object& auth, std::string_view key, const std::string& example) {
  std::optional<std::string> text = text_of(auth, key);
  if (!text) throw fault(key, "is missing; write for example " + in_quotes(example));
  return *std::move(text);
}

std::string variable(const Environment& environment, const std::string& name, const std::string& what) {
  const auto found = environment.find(name);
  if (found != environment.end() && !found->second.empty()) return found->second;
  throw fault("path", in_quotes(kAuth0) + " needs the variable " + name + " (" + what +
                          "); set it in the environment or in the file that `env` names");
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':';
}

// "tenant.eu.auth0.com" or "localhost:8443", from what people write.
std::string domain_from(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) text.erase(0, scheme.size());
  }
  while (text.ends_with('/')) text.pop_back();
  if (text.empty() || !std::ranges::all_of(text, is_host_character)) {
    throw fault("path", "the variable AUTH0_DOMAIN must be the name of a host, like tenant.eu.auth0.com");
  }
  return text;
}

// Whoever can change the answer on its way decides which tokens are good.
bool is_safe_url(std::string_view url) {
  if (url.find('@') != std::string_view::npos) return false;  // what looks like a host may be the name of a user
  if (url.starts_with("https://") && url.size() > std::string_view("https://").size()) return true;
  constexpr std::array<std::string_view, 3> kLoopback = {"http://localhost", "http://127.0.0.1", "http://[::1]"};
  return std::ranges::any_of(kLoopback, [&](std::string_view start) {
    if (!url.starts_with(start)) return false;
    const std::string_view rest = url.substr(start.size());
    return rest.empty() || rest.front() == ':' || rest.front() == '/';
  });
}

std::string published_at(std::string issuer) {
  if (!issuer.ends_with('/')) issuer += '/';
  return issuer + ".well-known/jwks.json";
}

AuthSettings auth0(const json::object& auth, const Environment& environment) {
  for (const std::string_view key : {"issuer", "audience", "jwks_url"}) {
    if (runtime::find_given(auth, key) != nullptr) {
      throw fault(key, "comes from AUTH0_DOMAIN and AUTH0_AUDIENCE with " + in_quotes(kAuth0) +
                           R"(; remove it, or write {"type": "jwt"} instead of `path`)");
    }
  }
  const std::string domain =
      domain_from(variable(environment, "AUTH0_DOMAIN", "the domain of the tenant, like tenant.eu.auth0.com"));
  AuthSettings settings;
  settings.tokens.issuer = "https://" + domain + "/";
  settings.tokens.audience =
      variable(environment, "AUTH0_AUDIENCE", "the identifier of the API whose tokens are taken");
  settings.jwks_url = published_at(settings.tokens.issuer);
  settings.auth_type = "auth0";
  return settings;
}

AuthSettings any_issuer(const json::object& auth) {
  AuthSettings settings;
  settings.tokens.issuer = required_text(auth, "issuer", "https://issuer.example/");
  settings.tokens.audience = required_text(auth, "audience", "https://api.example");
  const std::optional<std::string> url = text_of(auth, "jwks_url");
  settings.jwks_url = url.value_or(published_at(settings.tokens.issuer));
  if (!is_safe_url(settings.jwks_url)) {
    const std::string what = "must begin with https://, or with http:// and a name of this machine";
    throw url ? fault("jwks_url", what) : fault("issuer", what + ", or `jwks_url` must say where its keys are");
  }
  return settings;
}

std::vector<JwtAlgorithm> algorithms_of(const json::value& given) {
  const std::string allowed = "must be a list of at least one of " + jwt_algorithm_names();
  if (!given.is_array() || given.get_array().empty()) throw fault("algorithms", allowed);
  std::vector<JwtAlgorithm> algorithms;
  for (const json::value& name : given.get_array()) {
    const std::optional<JwtAlgorithm> known =
        name.is_string() ? jwt_algorithm(std::string_view(name.get_string())) : std::nullopt;
    if (!known) throw fault("algorithms", allowed + "; whoever checks `none` or HMAC could also make the token");
    algorithms.push_back(*known);
  }
  return algorithms;
}

std::chrono::seconds leeway_of(const json::value& given) {
  const bool is_allowed = given.is_int64() && given.get_int64() >= 0 && given.get_int64() <= kLeewayMax;
  if (!is_allowed) throw fault("leeway_seconds", "must be a whole number, 0 to " + std::to_string(kLeewayMax));
  return std::chrono::seconds(given.get_int64());
}

bool studio_may_enter(const json::object& auth) {
  const json::value* const given = runtime::find_given(auth, "disable_studio_auth");
  if (given == nullptr) return false;
  if (!given->is_bool()) throw fault("disable_studio_auth", "must be true or false");
  return !given->get_bool();
}

AuthSettings settings_for(const json::object& auth, const Environment& environment) {
  const std::optional<std::string> path = text_of(auth, "path");
  const std::optional<std::string> type = text_of(auth, "type");
  if (path && type) throw fault("", "`path` and `type` exclude each other; " + what_works());
  if (type == "jwt") return any_issuer(auth);
  if (path == kAuth0) return auth0(auth, environment);
  if (type) throw fault("type", in_quotes(*type) + R"( is not known; known are "jwt" and "none")");
  if (!path) throw fault("", "says neither `path` nor `type`; " + what_works());
  if (path->starts_with("builtin:")) throw fault("path", in_quotes(*path) + " is not known; " + what_works());
  throw fault("path",
              in_quotes(*path) + ": heddle does not run handlers in TypeScript, JavaScript or Python; " + what_works());
}

}  // namespace

std::optional<AuthSettings> auth_settings_from(const json::value& auth, const Environment& environment,
                                               std::vector<std::string>& without_effect) {
  if (!auth.is_object()) throw fault("", "must be an object; " + what_works());
  const json::object& members = auth.get_object();
  for (const json::key_value_pair& member : members) {
    const std::string key(member.key());
    if (std::ranges::find(kKnown, key) == kKnown.end()) {
      throw fault(key, "no such key" + nearest_name_hint(key, {kKnown.begin(), kKnown.end()}));
    }
    const bool has_no_effect = std::ranges::find(kWithoutEffect, key) != kWithoutEffect.end();
    if (has_no_effect && !member.value().is_null()) without_effect.push_back("auth." + key);
  }
  if (runtime::find_text(members, "type") == "none") {
    for (const std::string_view key : {"path", "issuer", "audience", "jwks_url", "algorithms", "leeway_seconds"}) {
      if (runtime::find_given(members, key) != nullptr) {
        throw fault(key, R"(means nothing with the type "none", which lets everybody in; remove one of them)");
      }
    }
    return std::nullopt;
  }
  AuthSettings settings = settings_for(members, environment);
  if (const json::value* given = runtime::find_given(members, "algorithms")) {
    settings.tokens.algorithms = algorithms_of(*given);
  }
  if (const json::value* given = runtime::find_given(members, "leeway_seconds")) {
    settings.tokens.leeway = leeway_of(*given);
  }
  settings.studio_may_enter = studio_may_enter(members);
  return settings;
}

}  // namespace heddle::api
