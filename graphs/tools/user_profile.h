#pragma once
// Who the user is, as the server has verified it.

#include "graphs/tool.h"

namespace heddle::graphs {

// `user_profile` {}: the usual claims of a profile (OpenID Connect Core 5.1) and the permissions of the authenticated
// user as a JSON object, never other claims, which may be for the server only. A text that says so if the server has
// authenticated nobody; what a client says about its user is not believed.
ToolPointer user_profile_tool();

}  // namespace heddle::graphs
