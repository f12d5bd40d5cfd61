#pragma once
// When a server that refuses wants to be asked again.

#include <chrono>
#include <optional>

#include "graphs/http_client.h"

namespace heddle::graphs {

// Of `retry-after-ms`, else of `retry-after` in seconds, which may have a fraction; a day at most. Nothing if there is
// no such header, or none with a number: a date is not read.
std::optional<std::chrono::milliseconds> retry_after_of(const HttpHead& head);

}  // namespace heddle::graphs
