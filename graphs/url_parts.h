#pragma once
// What a URL names, read as the HTTP client reads it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::graphs {

// An IPv4 address in any form (2130706433, 0177.1, 0x7f000001) comes as 127.0.0.1.
struct UrlParts {
  std::string scheme;  // lower case
  std::string host;    // lower case; an IPv6 address in brackets
  std::uint16_t port = 0;
  bool has_user = false;  // or a password
};

// Nothing if it is none, or none with a scheme and a host.
std::optional<UrlParts> url_parts(const std::string& url);

// Whether all who read URLs take the text for the same one: it has no null character, where some end, and no backslash,
// which some take for a slash.
bool reads_alike(std::string_view url);

// The host without a dot at its end, as it is compared. Nothing if it is not ASCII: other letters become ASCII only
// when the client connects, and could become another name than the one compared.
std::optional<std::string> comparable_host(const UrlParts& parts);

// What a `Location` of `base` leads to, without its fragment; nothing if it is no URL.
std::optional<std::string> joined_url(const std::string& base, const std::string& reference);

// "https://host:port", without user, path and query, which may be secret; empty if it is no URL.
std::string origin_text(const std::string& url);

}  // namespace heddle::graphs
