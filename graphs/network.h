#pragma once
// Internet addresses, and which of them are public. For whoever calls what somebody else has named.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::graphs {

// IPv4 has its IPv6 form, ::ffff:a.b.c.d.
using Address = std::array<std::uint8_t, 16>;

// Addresses with a common beginning.
struct Network {
  Address bytes{};
  std::size_t bits = 128;  // of `bytes` that count

  // "10.0.0.0/8", "fd00::/8", or one address. Nothing if it is none, or has bits set behind the prefix.
  static std::optional<Network> parse(std::string_view text);
  bool contains(const Address& address) const;
};

bool any_contains(const std::vector<Network>& all, const Address& address);

// The address that a host of a URL (url_parts) is, if it is one and no name.
std::optional<Address> address_of_host(const std::string& host);

bool is_loopback(const Address& address);

// By the registries of special addresses of the IANA: not this machine, not a private network, no documentation, no
// multicast. 64:ff9b::a.b.c.d counts as the IPv4 address that a gateway makes of it.
bool is_public(const Address& address);

// Whether `host` fits `pattern`: is the same, or is a name below it, for a pattern like "*.example.com". Both lower
// case.
bool fits_host(std::string_view pattern, std::string_view host);

}  // namespace heddle::graphs
