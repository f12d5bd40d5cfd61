#pragma once
// Points in time as they are stored and shown: UTC, microseconds.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::storage {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// `2026-11-22T13:27:15.242730+00:00` (http-api.md 2.8).
std::string to_rfc3339(Timestamp time);

// Reads RFC 3339 with any number of fraction digits and any offset; nothing if it is none.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace heddle::storage
