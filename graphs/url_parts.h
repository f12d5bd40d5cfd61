#pragma once
// What a URL names, read as the HTTP client reads it.

#include <cstdint>
#include <optional>
#include <string>

namespace heddle::graphs {

// An IPv4 address in any form (2130706433, 0177.1, 0x7f000001) comes as 127.0.0.1.
struct UrlParts {
  std::string scheme;  // lower case
  std::string host;    // lower case; an IPv6 address in brackets
  std::uint16_t port = 0;
};

// Nothing if it is none, or none with a scheme and a host.
std::optional<UrlParts> url_parts(const std::string& url);

// "https://host:port", without user, path and query, which may be secret; empty if it is no URL.
std::string origin_text(const std::string& url);

}  // namespace heddle::graphs
