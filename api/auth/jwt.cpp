#include "api/auth/jwt.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/auth/base64url.h"
#include "api/auth/identity.h"
#include "api/http/target.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using Kind = JwtFault::Kind;

constexpr std::size_t kDepthMax = 16;           // levels of header and claims; real ones have three
constexpr std::size_t kHeaderBytesMax = 4'096;  // a name of a key and of an algorithm

struct Parts {
  std::string_view signed_text;  // header and claims with their dot
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
};

std::optional<Parts> parts_of(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return Parts{token.substr(0, second), token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1)};
}

std::size_t members_in(const json::value& value) {
  std::size_t count = 0;
  if (const json::object* const members = value.if_object()) {
    count = members->size();
    for (const json::key_value_pair& member : *members) count += members_in(member.value());
  } else if (const json::array* const list = value.if_array()) {
    for (const json::value& item : *list) count += members_in(item);
  }
  return count;
}

// Of a member that comes twice one reader takes the first and another the last, so it must not be there at all. In
// correct JSON a colon outside of texts is a member.
bool has_repeated_member(std::string_view text, const json::value& value) {
  std::size_t colons = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_text && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      in_text = !in_text;
    } else if (!in_text && text[i] == ':') {
      ++colons;
    }
  }
  return colons != members_in(value);
}

std::optional<json::object> object_from(std::string_view encoded) {
  const std::optional<std::string> text = base64url_decoded(encoded);
  if (!text || as_utf8(*text) != *text) return std::nullopt;
  json::value value;
  try {
    value = runtime::parse_json(*text, {kDepthMax});
  } catch (const runtime::JsonError&) {
    return std::nullopt;
  }
  if (!value.is_object() || has_repeated_member(*text, value)) return std::nullopt;
  return std::move(value.get_object());
}

// RFC 8725 3.11: a token of another kind, for example one that says that a session has ended, is no access token.
bool is_usual_type(const json::object& header) {
  const json::value* const given = runtime::find_given(header, "typ");
  if (given == nullptr) return true;
  if (!given->is_string()) return false;
  std::string type(given->get_string());
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (type.starts_with("application/")) type.erase(0, std::string_view("application/").size());
  return type == "jwt" || type == "at+jwt";
}

// The keys that the header may mean.
std::variant<std::vector<const JwtKey*>, JwtFault> candidates_for(const json::object& header, JwtAlgorithm algorithm,
                                                                  const JwtKeys& keys) {
  const json::value* const id = header.if_contains("kid");
  if (id != nullptr && !id->is_string()) return JwtFault{Kind::malformed, "names its key by something that is no text"};
  std::vector<const JwtKey*> fitting;
  bool is_known = false;
  for (const JwtKey& key : keys) {
    if (id != nullptr && key.id != std::string_view(id->get_string())) continue;
    is_known = true;
    if (fits(key, algorithm)) fitting.push_back(&key);
  }
  if (!is_known) return JwtFault{Kind::unknown_key, "is signed with a key that its issuer does not publish"};
  if (fitting.empty() && id == nullptr) {
    return JwtFault{Kind::unknown_key, "is signed in a way that no key of its issuer is for"};
  }
  if (fitting.empty()) return JwtFault{Kind::algorithm, "is signed in a way that its key is not for"};
  if (fitting.size() > 1 && id == nullptr) return JwtFault{Kind::malformed, "does not name its key"};
  return fitting;
}

// Seconds since 1970; with a fraction, if an issuer likes.
std::optional<double> time_of(const json::value& claim) {
  if (!claim.is_number()) return std::nullopt;
  return claim.to_number<double>();
}

// Why the times of the token do not fit.
std::optional<std::string_view> wrong_time(const json::object& claims, std::chrono::seconds leeway,
                                           storage::Timestamp now) {
  const double seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
  const auto slack = static_cast<double>(leeway.count());
  const json::value* const expiry = claims.if_contains("exp");
  if (expiry == nullptr) return "never expires";
  const std::optional<double> expires = time_of(*expiry);
  if (!expires) return "has an `exp` that is no number";
  if (seconds >= *expires + slack) return "has expired";
  for (const auto& [claim, reason] : {std::pair<std::string_view, std::string_view>{"nbf", "is not valid yet"},
                                      {"iat", "was issued in the future"}}) {
    const json::value* const given = claims.if_contains(claim);
    if (given == nullptr) continue;
    const std::optional<double> time = time_of(*given);
    if (!time) return claim == "nbf" ? "has an `nbf` that is no number" : "has an `iat` that is no number";
    if (*time > seconds + slack) return reason;
  }
  return std::nullopt;
}

bool is_for(const json::object& claims, const std::string& audience) {
  const json::value* const given = claims.if_contains("aud");
  if (given == nullptr) return false;
  if (given->is_string()) return std::string_view(given->get_string()) == audience;
  if (!given->is_array()) return false;
  return std::ranges::any_of(given->get_array(), [&](const json::value& one) {
    return one.is_string() && std::string_view(one.get_string()) == audience;
  });
}

// Why the claims do not fit.
std::optional<std::string_view> wrong_claim(const json::object& claims, const JwtRules& rules, storage::Timestamp now) {
  if (runtime::find_text(claims, "iss") != std::string_view(rules.issuer)) return "is not from the expected issuer";
  if (!is_for(claims, rules.audience)) return "is not for this server";
  if (const std::optional<std::string_view> wrong = wrong_time(claims, rules.leeway, now)) return wrong;
  const std::optional<std::string_view> subject = runtime::find_text(claims, "sub");
  if (!subject || !is_identity(*subject)) return "does not say who is calling";
  return std::nullopt;
}

}  // namespace

bool looks_like_jwt(std::string_view text) {
  const std::optional<Parts> parts = parts_of(text);
  if (!parts) return false;
  return std::ranges::all_of(std::array{parts->header, parts->claims, parts->signature},
                             [](std::string_view part) { return !part.empty() && is_base64url(part); });
}

std::variant<json::object, JwtFault> verify_jwt(std::string_view token, const JwtKeys& keys, const JwtRules& rules,
                                                storage::Timestamp now) {
  if (token.size() > kTokenBytesMax) return JwtFault{Kind::malformed, "is too large"};
  const std::optional<Parts> parts = parts_of(token);
  if (!parts || parts->header.size() > kHeaderBytesMax) return JwtFault{Kind::malformed, "is no JWT"};
  const std::optional<json::object> header = object_from(parts->header);
  const std::optional<std::string> signature = base64url_decoded(parts->signature);
  if (!header || !signature) return JwtFault{Kind::malformed, "is no JWT"};
  if (header->contains("crit")) return JwtFault{Kind::malformed, "demands what this server does not know"};
  if (!is_usual_type(*header)) return JwtFault{Kind::malformed, "is of another type"};

  const std::optional<std::string_view> name = runtime::find_text(*header, "alg");
  const std::optional<JwtAlgorithm> algorithm = name ? jwt_algorithm(*name) : std::nullopt;
  if (!algorithm || std::ranges::find(rules.algorithms, *algorithm) == rules.algorithms.end()) {
    return JwtFault{Kind::algorithm, "is signed in a way that is not allowed here"};
  }
  const auto candidates = candidates_for(*header, *algorithm, keys);
  if (const JwtFault* const fault = std::get_if<JwtFault>(&candidates)) return *fault;
  const bool is_genuine = std::ranges::any_of(std::get<0>(candidates), [&](const JwtKey* key) {
    return is_signed(*key, *algorithm, parts->signed_text, *signature);
  });
  if (!is_genuine) return JwtFault{Kind::signature, "has a wrong signature"};

  // Read only now: what a stranger wrote is not looked at further than needed.
  std::optional<json::object> claims = object_from(parts->claims);
  if (!claims) return JwtFault{Kind::malformed, "has claims that are no JSON object, or some of them twice"};
  if (const auto wrong = wrong_claim(*claims, rules, now)) return JwtFault{Kind::claims, *wrong};
  return *std::move(claims);
}

}  // namespace heddle::api
