#pragma once
// The kinds "api_keys" and "proxy" of `auth`, read and checked.

#include <vector>

#include "api/auth/auth_configuration.h"
#include "api/auth/configuration_part.h"

namespace heddle::api {

// Those of `keys`, or of the file that `keys_file` names: {"keys": [...]}. At least one; ids and hashes are unique.
std::vector<ApiKey> api_keys_from(const ConfigurationPart& auth, const ReadFile& read_file);

ProxySettings proxy_from(const ConfigurationPart& auth);

}  // namespace heddle::api
