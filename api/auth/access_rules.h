#pragma once
// `auth.rules`: who may do what beyond and below the default that everybody sees and changes what is theirs.
//
// A rule says for a resource and some actions one of three things. `allow`: only whom one of the allowing rules for an
// operation describes may do it. `deny`: whom it describes may not, whatever else is allowed. `share`: whom it
// describes also sees assistants of others whose metadata fit a filter; they stay unchanged by everybody but their
// owner. An operation without a rule is allowed. Pure functions; any thread may call.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/assistants.h"

namespace heddle::api {

struct Caller;

// Whom a rule means. All that is given must hold.
struct Condition {
  std::vector<std::string> permissions;  // one of them; empty: not asked
  std::vector<std::string> identities;   // likewise
  // By name of a claim: one of these values is the claim, or is an element of it.
  std::vector<std::pair<std::string, std::vector<boost::json::value>>> claims;

  bool is_every_user() const { return permissions.empty() && identities.empty() && claims.empty(); }
};

struct AccessRule {
  enum class Effect {
    allow,
    allow_strangers,  // also without credentials; of `meta` only
    deny,
    share,
  };
  std::string resource;              // "*": all
  std::vector<std::string> actions;  // empty: all
  Effect effect = Effect::allow;
  Condition who;
  // Of Effect::share: what metadata must contain. A text `$identity` or `$claims.NAME` stands for what is known of
  // the caller.
  boost::json::object filter;
};
using AccessRules = std::vector<AccessRule>;

// Whether the caller may do it, as far as the rules say.
bool is_allowed(const AccessRules& rules, const Caller& caller, std::string_view resource, std::string_view action);
// Throws ApiError 403 `Forbidden` if not.
void require(const AccessRules& rules, const Caller& caller, std::string_view resource, std::string_view action);

// Whether nobody needs to be asked who they are.
bool lets_strangers(const AccessRules& rules, std::string_view resource, std::string_view action);

// The assistants of others that the caller sees. A rule whose filter names a claim that the caller has not shares
// nothing with them.
std::vector<storage::Containment> shared_with(const AccessRules& rules, const Caller& caller);

}  // namespace heddle::api
