#pragma once
// The name of a request in logs and in its answer.

#include <random>
#include <string>

#include "api/http/message.h"

namespace heddle::api {

// The client's own `x-request-id` if it is 1 to 128 printable ASCII characters without a space, else a new one
// in the form of a UUID of version 4. It is a name and no secret, so `random` need not be a strong one.
std::string request_id_for(const Headers& headers, std::mt19937_64& random);

}  // namespace heddle::api
