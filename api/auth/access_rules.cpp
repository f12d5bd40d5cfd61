#include "api/auth/access_rules.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <optional>

#include "api/auth/identity.h"
#include "api/services/api_error.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using Effect = AccessRule::Effect;

constexpr std::string_view kClaim = "$claims.";

bool covers(const AccessRule& rule, std::string_view resource, std::string_view action) {
  if (rule.resource != "*" && rule.resource != resource) return false;
  return rule.actions.empty() || std::ranges::find(rule.actions, action) != rule.actions.end();
}

std::optional<json::value> claim_of(const Caller& caller, std::string_view name) {
  if (!caller.identity) return std::nullopt;
  const runtime::SecretJson* const claim = caller.identity->user.find(name);
  if (claim == nullptr) return std::nullopt;
  return claim->reveal();
}

bool is_or_holds(const json::value& claim, const json::value& wanted) {
  if (runtime::equal_json(claim, wanted)) return true;
  if (!claim.is_array()) return false;
  return std::ranges::any_of(claim.get_array(),
                             [&](const json::value& one) { return runtime::equal_json(one, wanted); });
}

bool describes(const Condition& who, const Caller& caller) {
  if (who.is_every_user()) return true;
  if (!caller.identity) return false;
  const auto is_theirs = [&](const std::string& wanted) {
    return std::ranges::find(caller.identity->permissions, wanted) != caller.identity->permissions.end();
  };
  if (!who.permissions.empty() && !std::ranges::any_of(who.permissions, is_theirs)) return false;
  const bool is_named = std::ranges::find(who.identities, caller.identity->id) != who.identities.end();
  if (!who.identities.empty() && !is_named) return false;
  return std::ranges::all_of(who.claims, [&](const auto& wanted) {
    const std::optional<json::value> claim = claim_of(caller, wanted.first);
    if (!claim) return false;
    return std::ranges::any_of(wanted.second, [&](const json::value& one) { return is_or_holds(*claim, one); });
  });
}

// What a variable of a filter stands for. Nothing if the caller has no such thing.
std::optional<json::value> meant_by(std::string_view text, const Caller& caller) {
  if (text == "$identity") return json::value(caller.owner.text);
  if (!text.starts_with(kClaim)) return json::value(text);
  return claim_of(caller, text.substr(kClaim.size()));
}

// False if a variable stands for nothing.
bool fill_in(json::value& value, const Caller& caller) {
  if (value.is_string()) {
    std::optional<json::value> meant = meant_by(value.get_string(), caller);
    // A claim that is an empty object or list would be contained in everything.
    const bool is_plain = meant && (meant->is_string() || meant->is_number() || meant->is_bool());
    if (is_plain) value = *std::move(meant);
    return is_plain;
  }
  if (json::array* const list = value.if_array()) {
    return std::ranges::all_of(*list, [&](json::value& one) { return fill_in(one, caller); });
  }
  if (json::object* const members = value.if_object()) {
    return std::ranges::all_of(*members, [&](json::key_value_pair& one) { return fill_in(one.value(), caller); });
  }
  return true;
}

}  // namespace

bool is_allowed(const AccessRules& rules, const Caller& caller, std::string_view resource, std::string_view action) {
  bool is_limited = false;
  bool is_let_in = false;
  for (const AccessRule& rule : rules) {
    if (rule.effect == Effect::share || !covers(rule, resource, action)) continue;
    const bool is_meant = rule.effect == Effect::allow_strangers || describes(rule.who, caller);
    if (rule.effect == Effect::deny) {
      if (is_meant) return false;
      continue;
    }
    is_limited = true;
    is_let_in = is_let_in || is_meant;
  }
  return is_let_in || !is_limited;
}

void require(const AccessRules& rules, const Caller& caller, std::string_view resource, std::string_view action) {
  if (!is_allowed(rules, caller, resource, action)) throw ApiError(403, "Forbidden");
}

bool lets_strangers(const AccessRules& rules, std::string_view resource, std::string_view action) {
  return std::ranges::any_of(rules, [&](const AccessRule& rule) {
    return rule.effect == Effect::allow_strangers && covers(rule, resource, action);
  });
}

std::vector<storage::Containment> shared_with(const AccessRules& rules, const Caller& caller) {
  std::vector<storage::Containment> shared;
  for (const AccessRule& rule : rules) {
    if (rule.effect != Effect::share || !describes(rule.who, caller)) continue;
    json::value filter = rule.filter;
    if (fill_in(filter, caller)) shared.push_back({runtime::to_text(filter)});
  }
  return shared;
}

}  // namespace heddle::api
