#pragma once
// Which keys of `configurable` and `context` are secrets of one run (http-api.md 18).

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/settings.h"

namespace heddle::api {

// Says who is calling, so that only the server may set it: what a client sends under such a name is dropped.
bool is_server_key(std::string_view key);

// Begins with `_`, belongs to authentication, or is named in `secret_configurable_keys`.
bool is_hidden_key(std::string_view key, const ServerSettings& settings);

// In the order of the object; only its own keys, not those of what is inside.
std::vector<std::string> hidden_keys_of(const boost::json::object& members, const ServerSettings& settings);

// Throws ApiError (validation) that names the first hidden key of a config's `configurable` or of a context: both are
// about to be stored and shown. `record`: in what, like "an assistant".
void refuse_hidden_keys(const boost::json::object& config, const boost::json::value& context,
                        const ServerSettings& settings, const std::string& record);

}  // namespace heddle::api
