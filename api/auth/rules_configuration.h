#pragma once
// `auth.rules`, read and checked.

#include <boost/json/value.hpp>

#include "api/auth/access_rules.h"

namespace heddle::api {

// A list of objects with `resource`, `action`, one of `allow`, `deny` and `share`, and `filter` with the last one.
// Throws AuthConfigurationError, whose text begins with a path like "auth.rules[2].action".
AccessRules access_rules_from(const boost::json::value& rules);

}  // namespace heddle::api
