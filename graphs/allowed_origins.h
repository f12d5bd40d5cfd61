#pragma once
// Which servers a tool may ask, as an operator lists them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::graphs {

struct AllowedOrigin {
  std::string scheme;  // https or http
  std::string host;    // lower case; "*.example.com" is every name below it
  std::uint16_t port = 0;

  // "docs.example.com", "*.example.com:8443", "http://wiki.example.com". Without a scheme it is https, without a port
  // that of the scheme. Throws std::invalid_argument that says what an entry may be.
  static AllowedOrigin parse(std::string_view entry);
};

// Why the URL may not be asked, in words that fit behind "the URL"; nothing if its text is allowed. Never repeats the
// URL. A URL with a user or password is refused: they would be sent.
std::optional<std::string> refusal_of(const std::vector<AllowedOrigin>& allowed, const std::string& url);

}  // namespace heddle::graphs
