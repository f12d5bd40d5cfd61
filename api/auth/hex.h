#pragma once
// Bytes as hex digits, two for each. Pure functions.

#include <optional>
#include <string>
#include <string_view>

namespace heddle::api {

// In lower case.
std::string hex_of(std::string_view bytes);

// From digits in either case; nothing for anything else and for an odd number of them.
std::optional<std::string> hex_decoded(std::string_view digits);

}  // namespace heddle::api
