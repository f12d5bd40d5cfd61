#include "api/auth/auth_configuration.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <string_view>
#include <utility>

#include "api/auth/configuration_part.h"
#include "api/auth/jwt_keys.h"
#include "api/auth/key_configuration.h"
#include "api/auth/rules_configuration.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using Environment = std::map<std::string, std::string>;

constexpr std::string_view kAuth0 = "builtin:auth0";
constexpr std::int64_t kLeewayMax = 600;  // seconds; clocks that differ by more are broken

// Beside one kind of credentials, or beside `any`.
const std::vector<std::string> kShared = {"rules", "disable_studio_auth", "openapi", "cache",
                                          "allow_langsmith_api_keys"};
const std::vector<std::string> kWithoutEffect = {"openapi", "cache", "allow_langsmith_api_keys"};
const std::vector<std::string> kOfTokens = {"path",     "type",       "issuer",        "audience",
                                            "jwks_url", "algorithms", "leeway_seconds"};
const std::vector<std::string> kOfKeys = {"type", "keys", "keys_file"};
const std::vector<std::string> kOfProxy = {"type", "header", "from", "email_header", "permissions_header"};

std::string what_works() {
  return R"(write {"path": "builtin:auth0"} and set AUTH0_DOMAIN and AUTH0_AUDIENCE, or )"
         R"({"type": "jwt", "issuer": "https://...", "audience": "..."} for tokens of another issuer)";
}

std::vector<std::string> both(std::vector<std::string> first, const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string variable(const ConfigurationPart& auth, const Environment& environment, const std::string& name,
                     const std::string& what) {
  const auto found = environment.find(name);
  if (found != environment.end() && !found->second.empty()) return found->second;
  throw auth.fault("path", in_quotes(kAuth0) + " needs the variable " + name + " (" + what +
                               "); set it in the environment or in the file that `env` names");
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':';
}

// "tenant.eu.auth0.com" or "localhost:8443", from what people write.
std::string domain_from(const ConfigurationPart& auth, std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) text.erase(0, scheme.size());
  }
  while (text.ends_with('/')) text.pop_back();
  if (text.empty() || !std::ranges::all_of(text, is_host_character)) {
    throw auth.fault("path", "the variable AUTH0_DOMAIN must be the name of a host, like tenant.eu.auth0.com");
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

void read_auth0(const ConfigurationPart& auth, const Environment& environment, AuthSettings& settings) {
  for (const std::string_view key : {"issuer", "audience", "jwks_url"}) {
    if (runtime::find_given(auth.members, key) != nullptr) {
      throw auth.fault(key, "comes from AUTH0_DOMAIN and AUTH0_AUDIENCE with " + in_quotes(kAuth0) +
                                R"(; remove it, or write {"type": "jwt"} instead of `path`)");
    }
  }
  const std::string domain = domain_from(
      auth, variable(auth, environment, "AUTH0_DOMAIN", "the domain of the tenant, like tenant.eu.auth0.com"));
  settings.tokens.issuer = "https://" + domain + "/";
  settings.tokens.audience =
      variable(auth, environment, "AUTH0_AUDIENCE", "the identifier of the API whose tokens are taken");
  settings.jwks_url = published_at(settings.tokens.issuer);
  settings.auth_type = "auth0";
}

void read_issuer(const ConfigurationPart& auth, AuthSettings& settings) {
  settings.tokens.issuer = auth.required_text("issuer", "https://issuer.example/");
  settings.tokens.audience = auth.required_text("audience", "https://api.example");
  const std::optional<std::string> url = auth.text("jwks_url");
  settings.jwks_url = url.value_or(published_at(settings.tokens.issuer));
  if (!is_safe_url(settings.jwks_url)) {
    const std::string what = "must begin with https://, or with http:// and a name of this machine";
    throw url ? auth.fault("jwks_url", what)
              : auth.fault("issuer", what + ", or `jwks_url` must say where its keys are");
  }
}

std::vector<JwtAlgorithm> algorithms_of(const ConfigurationPart& auth, const json::value& given) {
  const std::string allowed = "must be a list of at least one of " + jwt_algorithm_names();
  if (!given.is_array() || given.get_array().empty()) throw auth.fault("algorithms", allowed);
  std::vector<JwtAlgorithm> algorithms;
  for (const json::value& name : given.get_array()) {
    const std::optional<JwtAlgorithm> known =
        name.is_string() ? jwt_algorithm(std::string_view(name.get_string())) : std::nullopt;
    if (!known) throw auth.fault("algorithms", allowed + "; whoever checks `none` or HMAC could also make the token");
    algorithms.push_back(*known);
  }
  return algorithms;
}

std::chrono::seconds leeway_of(const ConfigurationPart& auth, const json::value& given) {
  const bool is_allowed = given.is_int64() && given.get_int64() >= 0 && given.get_int64() <= kLeewayMax;
  if (!is_allowed) throw auth.fault("leeway_seconds", "must be a whole number, 0 to " + std::to_string(kLeewayMax));
  return std::chrono::seconds(given.get_int64());
}

// What tokens of every issuer may have said about them.
void read_token_rules(const ConfigurationPart& auth, AuthSettings& settings) {
  if (const json::value* given = runtime::find_given(auth.members, "algorithms")) {
    settings.tokens.algorithms = algorithms_of(auth, *given);
  }
  if (const json::value* given = runtime::find_given(auth.members, "leeway_seconds")) {
    settings.tokens.leeway = leeway_of(auth, *given);
  }
}

bool studio_may_enter(const ConfigurationPart& auth) {
  const json::value* const given = runtime::find_given(auth.members, "disable_studio_auth");
  if (given == nullptr) return false;
  if (!given->is_bool()) throw auth.fault("disable_studio_auth", "must be true or false");
  return !given->get_bool();
}

// Which of the four a part of the configuration is about.
enum class Kind { auth0, issuer, keys, proxy };

Kind kind_of(const ConfigurationPart& auth) {
  const std::optional<std::string> path = auth.text("path");
  const std::optional<std::string> type = auth.text("type");
  if (path && type) throw auth.fault("", "`path` and `type` exclude each other; " + what_works());
  if (type == "jwt") return Kind::issuer;
  if (type == "api_keys") return Kind::keys;
  if (type == "proxy") return Kind::proxy;
  if (path == kAuth0) return Kind::auth0;
  if (type == "none") throw auth.fault("type", R"("none" lets everybody in and stands alone)");
  if (type) {
    throw auth.fault("type", in_quotes(*type) + R"( is not known; known are "jwt", "api_keys", "proxy" and "none")");
  }
  if (!path) throw auth.fault("", "says neither `path` nor `type`; " + what_works());
  if (path->starts_with("builtin:")) throw auth.fault("path", in_quotes(*path) + " is not known; " + what_works());
  throw auth.fault(
      "path", in_quotes(*path) + ": heddle does not run handlers in TypeScript, JavaScript or Python; " + what_works());
}

struct Outside {
  const Environment& environment;
  const ReadFile& read_file;
};

// `shared`: keys that may stand beside.
void read_kind(const ConfigurationPart& auth, const std::vector<std::string>& shared, const Outside& outside,
               AuthSettings& settings) {
  const Kind kind = kind_of(auth);
  const bool is_second = kind == Kind::keys    ? !settings.keys.empty()
                         : kind == Kind::proxy ? settings.proxy.has_value()
                                               : settings.takes_tokens();
  if (is_second) throw auth.fault("", "is the second of its kind; `any` takes one of each");
  switch (kind) {
    case Kind::auth0:
      auth.check_keys(both(kOfTokens, shared));
      read_auth0(auth, outside.environment, settings);
      return read_token_rules(auth, settings);
    case Kind::issuer:
      auth.check_keys(both(kOfTokens, shared));
      read_issuer(auth, settings);
      return read_token_rules(auth, settings);
    case Kind::keys:
      auth.check_keys(both(kOfKeys, shared));
      settings.keys = api_keys_from(auth, outside.read_file);
      return;
    case Kind::proxy:
      auth.check_keys(both(kOfProxy, shared));
      settings.proxy = proxy_from(auth);
      return;
  }
}

void read_any(const ConfigurationPart& auth, const json::value& any, const Outside& outside, AuthSettings& settings) {
  auth.check_keys(both({"any"}, kShared));
  if (!any.is_array() || any.get_array().empty()) throw auth.fault("any", "must be a list of objects, at least one");
  for (std::size_t i = 0; i < any.get_array().size(); ++i) {
    const json::value& one = any.get_array()[i];
    const std::string path = auth.path + ".any[" + std::to_string(i) + "]";
    if (!one.is_object()) throw AuthConfigurationError(path + ": must be an object");
    read_kind({path, one.get_object()}, {}, outside, settings);
  }
}

// Nothing is asked, so nothing may be said about how.
void check_none(const ConfigurationPart& auth) {
  for (const json::key_value_pair& member : auth.members) {
    const std::string key(member.key());
    const bool is_harmless = key == "type" || member.value().is_null() || key == "disable_studio_auth" ||
                             std::ranges::find(kWithoutEffect, key) != kWithoutEffect.end();
    if (!is_harmless) {
      throw auth.fault(key, R"(means nothing with the type "none", which lets everybody in; remove one of them)");
    }
  }
}

}  // namespace

std::optional<AuthSettings> auth_settings_from(const json::value& auth, const Environment& environment,
                                               std::vector<std::string>& without_effect, const ReadFile& read_file) {
  if (!auth.is_object()) throw AuthConfigurationError("auth: must be an object; " + what_works());
  const ConfigurationPart part{"auth", auth.get_object()};
  std::optional<AuthSettings> settings;
  if (runtime::find_text(part.members, "type") == "none") {
    check_none(part);
  } else {
    settings.emplace();
    const Outside outside{environment, read_file};
    const json::value* const any = runtime::find_given(part.members, "any");
    if (any != nullptr) {
      read_any(part, *any, outside, *settings);
    } else {
      read_kind(part, kShared, outside, *settings);
    }
    settings->studio_may_enter = studio_may_enter(part);
    if (const json::value* rules = runtime::find_given(part.members, "rules")) {
      settings->rules = access_rules_from(*rules);
    }
  }
  for (const std::string& key : kWithoutEffect) {
    if (runtime::find_given(part.members, key) != nullptr) without_effect.push_back("auth." + key);
  }
  return settings;
}

}  // namespace heddle::api
