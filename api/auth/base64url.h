#pragma once
// base64url as tokens and keys use it (RFC 7515 2): without padding, line breaks or white space.

#include <optional>
#include <string>
#include <string_view>

namespace heddle::api {

// Nothing unless `text` is what an encoder writes: every other spelling of the same bytes is refused, so that one token
// has one form.
std::optional<std::string> base64url_decoded(std::string_view text);

// Whether every character is of the alphabet.
bool is_base64url(std::string_view text);

}  // namespace heddle::api
