#include "api/auth/rules_configuration.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <string>
#include <utility>
#include <vector>

#include "api/auth/configuration_part.h"
#include "api/auth/operations.h"
#include "api/nearest_name.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using Effect = AccessRule::Effect;

std::vector<std::string> resources() {
  std::vector<std::string> names;
  for (const Operation& one : kOperations) {
    if (std::ranges::find(names, one.resource) == names.end()) names.emplace_back(one.resource);
  }
  return names;
}

// Of one resource, or of all for "*".
std::vector<std::string> actions_of(const std::string& resource) {
  std::vector<std::string> names;
  for (const Operation& one : kOperations) {
    const bool is_meant = resource == "*" || one.resource == resource;
    if (is_meant && std::ranges::find(names, one.action) == names.end()) names.emplace_back(one.action);
  }
  return names;
}

std::string resource_of(const ConfigurationPart& rule) {
  std::string resource = rule.required_text("resource", "threads");
  const std::vector<std::string> known = resources();
  if (resource == "runs") {
    throw rule.fault("resource",
                     "\"runs\" are part of their threads: write \"threads\", and the action \"create_run\"");
  }
  if (resource != "*" && std::ranges::find(known, resource) == known.end()) {
    throw rule.fault("resource", in_quotes(resource) + " is not known" + nearest_name_hint(resource, known) +
                                     "; known are \"*\", " + name_list(known));
  }
  return resource;
}

std::vector<std::string> checked_actions(const ConfigurationPart& rule, const std::string& resource) {
  std::vector<std::string> actions = rule.texts("action");
  if (std::ranges::find(actions, "*") != actions.end()) return {};
  const std::vector<std::string> known = actions_of(resource);
  for (const std::string& action : actions) {
    if (std::ranges::find(known, action) != known.end()) continue;
    throw rule.fault("action", in_quotes(action) + " is not known" + nearest_name_hint(action, known) +
                                   "; actions of " + in_quotes(resource) + " are \"*\", " + name_list(known));
  }
  return actions;
}

// One value or a list of values that are texts, numbers, true or false.
std::vector<json::value> values_of(const ConfigurationPart& claims, std::string_view name, const json::value& given) {
  const json::array one{given};
  const json::array& all = given.is_array() ? given.get_array() : one;
  std::vector<json::value> values;
  for (const json::value& value : all) {
    const bool is_plain = value.is_string() || value.is_number() || value.is_bool();
    if (!is_plain) throw claims.fault(name, "must be a text, a number, true or false, or a list of these");
    values.push_back(value);
  }
  if (values.empty()) throw claims.fault(name, "names no value, so it would fit nobody");
  return values;
}

Condition condition_from(const ConfigurationPart& rule, const std::string& key, const json::value& given) {
  if (given == json::value("users")) return {};
  if (!given.is_object()) {
    throw rule.fault(key, R"(must be "users" for everybody who is signed in, or an object with some of `permission`, )"
                          "`identity` and `claim`");
  }
  const ConfigurationPart who{rule.path + "." + key, given.get_object()};
  who.check_keys({"permission", "identity", "claim"});
  Condition condition;
  condition.permissions = who.texts("permission");
  condition.identities = who.texts("identity");
  if (const json::value* const claim = runtime::find_given(who.members, "claim")) {
    if (!claim->is_object()) throw who.fault("claim", "must be an object, from the name of a claim to its value");
    const ConfigurationPart claims{who.path + ".claim", claim->get_object()};
    for (const json::key_value_pair& member : claims.members) {
      condition.claims.emplace_back(member.key(), values_of(claims, member.key(), member.value()));
    }
  }
  // `{"permission": []}` looks like a condition and would be none.
  if (condition.is_every_user()) throw rule.fault(key, R"(names nobody; "users" means everybody who is signed in)");
  return condition;
}

void check_variables(const ConfigurationPart& rule, const json::value& value) {
  if (const json::string* const text = value.if_string()) {
    const std::string_view claim = "$claims.";
    const bool is_known = *text == "$identity" || (text->starts_with(claim) && text->size() > claim.size());
    if (text->starts_with('$') && !is_known) {
      throw rule.fault("filter", in_quotes(*text) + R"( is no variable; there are "$identity" and "$claims.NAME")");
    }
  } else if (const json::array* const list = value.if_array()) {
    for (const json::value& one : *list) check_variables(rule, one);
  } else if (const json::object* const members = value.if_object()) {
    for (const json::key_value_pair& one : *members) check_variables(rule, one.value());
  }
}

json::object filter_of(const ConfigurationPart& rule) {
  const json::value* const given = runtime::find_given(rule.members, "filter");
  if (given == nullptr || !given->is_object() || given->get_object().empty()) {
    throw rule.fault("filter", R"(must say which assistants are shared, for example {"visibility": "public"})");
  }
  check_variables(rule, *given);
  return given->get_object();
}

void check_share(const ConfigurationPart& rule, const AccessRule& parsed) {
  if (parsed.resource != "assistants" || !(parsed.actions == std::vector<std::string>{"read"})) {
    throw rule.fault("share", R"(is for the resource "assistants" and the action "read", which includes finding and )"
                              "running them; everything else belongs to one user");
  }
}

void check_strangers(const ConfigurationPart& rule, const AccessRule& parsed) {
  const bool may_be_public = parsed.resource == "meta" && !parsed.actions.empty() &&
                             std::ranges::find(parsed.actions, "truncate") == parsed.actions.end();
  if (!may_be_public) {
    throw rule.fault("allow", R"("everybody" lets in people without credentials, which is possible for the resource )"
                              R"("meta" and its actions "read", "metrics" and "documents"; "users" are those who )"
                              "are signed in");
  }
}

AccessRule rule_from(const ConfigurationPart& rule) {
  rule.check_keys({"resource", "action", "allow", "deny", "share", "filter"});
  AccessRule parsed;
  parsed.resource = resource_of(rule);
  parsed.actions = checked_actions(rule, parsed.resource);
  std::string effect;
  for (const std::string key : {"allow", "deny", "share"}) {
    if (runtime::find_given(rule.members, key) == nullptr) continue;
    if (!effect.empty()) throw rule.fault(key, "stands beside `" + effect + "`; a rule says one of them");
    effect = key;
  }
  if (effect.empty()) throw rule.fault("", "says none of `allow`, `deny` and `share`");
  const json::value& who = rule.members.at(effect);
  if (effect == "allow" && who == json::value("everybody")) {
    parsed.effect = Effect::allow_strangers;
    check_strangers(rule, parsed);
  } else {
    if (effect == "deny") parsed.effect = Effect::deny;
    if (effect == "share") parsed.effect = Effect::share;
    parsed.who = condition_from(rule, effect, who);
  }
  if (parsed.effect == Effect::share) {
    check_share(rule, parsed);
    parsed.filter = filter_of(rule);
  } else if (runtime::find_given(rule.members, "filter") != nullptr) {
    throw rule.fault("filter", "goes with `share`; what somebody makes is theirs without a rule");
  }
  return parsed;
}

}  // namespace

AccessRules access_rules_from(const json::value& rules) {
  const json::object none;
  const ConfigurationPart auth{"auth", none};
  if (!rules.is_array()) throw auth.fault("rules", "must be a list of rules");
  AccessRules parsed;
  for (std::size_t i = 0; i < rules.get_array().size(); ++i) {
    const std::string path = "auth.rules[" + std::to_string(i) + "]";
    const json::value& rule = rules.get_array()[i];
    if (!rule.is_object()) throw AuthConfigurationError(path + ": must be an object");
    parsed.push_back(rule_from({path, rule.get_object()}));
  }
  return parsed;
}

}  // namespace heddle::api
