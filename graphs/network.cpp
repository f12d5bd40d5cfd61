#include "graphs/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <system_error>

namespace heddle::graphs {
namespace {

Address mapped(const std::uint8_t* v4) {
  Address address{};
  address[10] = address[11] = 0xff;
  std::copy_n(v4, 4, address.begin() + 12);
  return address;
}

// An address in its usual form, without brackets.
std::optional<Address> address_from(const std::string& text) {
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return mapped(v4.data());
  Address v6{};
  if (inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return v6;
  return std::nullopt;
}

std::vector<Network> networks(std::initializer_list<std::string_view> texts) {
  std::vector<Network> parsed;
  for (const std::string_view text : texts) parsed.push_back(Network::parse(text).value());
  return parsed;
}

}  // namespace

std::optional<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<Address> address = address_from(std::string(text.substr(0, slash)));
  if (!address) return std::nullopt;
  Network network{*address, 128};
  if (slash != std::string_view::npos) {
    const bool is_v4 = text.find(':') == std::string_view::npos;
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), network.bits);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    if (network.bits > (is_v4 ? 32U : 128U)) return std::nullopt;
    if (is_v4) network.bits += 96;
  }
  for (std::size_t bit = network.bits; bit < 128; ++bit) {
    if ((network.bytes[bit / 8] >> (7 - bit % 8)) & 1) return std::nullopt;
  }
  return network;
}

bool Network::contains(const std::array<std::uint8_t, 16>& address) const {
  const std::size_t whole = bits / 8;
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole), address.begin())) return false;
  const std::size_t rest = bits % 8;
  return rest == 0 || (bytes[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool any_contains(const std::vector<Network>& all, const Address& address) {
  return std::ranges::any_of(all, [&](const Network& network) { return network.contains(address); });
}

std::optional<Address> address_of_host(const std::string& host) {
  if (!host.starts_with('[')) return address_from(host);
  std::string inside = host.substr(1, host.size() - 2);
  inside = inside.substr(0, inside.find('%'));  // the zone
  return address_from(inside);
}

bool is_loopback(const Address& address) {
  static const std::vector<Network> loopback = networks({"127.0.0.0/8", "::1"});
  return any_contains(loopback, address);
}

// 192.88.99.0/24 and 2002::/16 led through relays that are no more.
bool is_public(const Address& address) {
  static const Network v4 = Network::parse("::ffff:0:0/96").value();
  static const std::vector<Network> special_v4 =
      networks({"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
                "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
                "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"});
  static const Network translated = Network::parse("64:ff9b::/96").value();
  static const Network global = Network::parse("2000::/3").value();
  static const std::vector<Network> special_v6 = networks({"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"});
  if (v4.contains(address)) return !any_contains(special_v4, address);
  // A gateway makes an IPv4 connection of it.
  if (translated.contains(address)) return !any_contains(special_v4, mapped(address.data() + 12));
  return global.contains(address) && !any_contains(special_v6, address);
}

bool fits_host(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with("*.")) return host == pattern;
  const std::string_view ending = pattern.substr(1);
  return host.size() > ending.size() && host.ends_with(ending);
}

}  // namespace heddle::graphs
