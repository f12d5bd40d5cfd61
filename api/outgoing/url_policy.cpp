#include "api/outgoing/url_policy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "graphs/http_client.h"
#include "graphs/url_parts.h"

namespace heddle::api {
namespace {

using Address = std::array<std::uint8_t, 16>;

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

// The address that a host of a URL is, if it is one and no name.
std::optional<Address> literal(const std::string& host) {
  if (!host.starts_with('[')) return address_from(host);
  std::string inside = host.substr(1, host.size() - 2);
  inside = inside.substr(0, inside.find('%'));  // the zone
  return address_from(inside);
}

std::vector<Network> networks(std::initializer_list<std::string_view> texts) {
  std::vector<Network> parsed;
  for (const std::string_view text : texts) parsed.push_back(Network::parse(text).value());
  return parsed;
}

bool any_contains(const std::vector<Network>& all, const Address& address) {
  return std::ranges::any_of(all, [&](const Network& network) { return network.contains(address); });
}

bool is_loopback(const Address& address) {
  static const std::vector<Network> loopback = networks({"127.0.0.0/8", "::1"});
  return any_contains(loopback, address);
}

// By the registries of special addresses of the IANA. 192.88.99.0/24 and 2002::/16 led through relays that are no more.
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

bool may_call(const UrlPolicy& policy, const Address& address) {
  if (any_contains(policy.allowed_networks, address)) return true;
  if (is_loopback(address)) return !policy.disable_loopback;
  return is_public(address);
}

bool allows_domain(const std::vector<std::string>& domains, std::string_view host) {
  return std::ranges::any_of(domains, [&](std::string_view domain) {
    if (!domain.starts_with("*.")) return host == domain;
    const std::string_view ending = domain.substr(1);
    return host.size() > ending.size() && host.ends_with(ending);
  });
}

bool is_local_name(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

constexpr std::string_view kNoUrl = "is no URL; write one like https://hooks.example.com/path";
constexpr std::string_view kNotPublic =
    "names an address of this machine or of a network that is not public; those are called only if "
    "`webhooks.url.disable_loopback` or `webhooks.url.allowed_networks` of the server say so";

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

std::optional<std::string> refusal_of(const UrlPolicy& policy, const std::string& url) {
  if (url.size() > policy.max_url_length) {
    return "must have at most " + std::to_string(policy.max_url_length) + " characters";
  }
  // curl reads up to a null character, and not everybody reads a backslash as curl does.
  if (url.find_first_of(std::string_view("\0\\", 2)) != std::string::npos) return std::string(kNoUrl);
  if (url.starts_with('/')) {
    if (policy.disable_loopback) {
      return "is a path of this server, which is called only if `webhooks.url.disable_loopback` of the server is false";
    }
    if (!graphs::url_parts("http://localhost" + url)) return std::string(kNoUrl);
    return std::nullopt;
  }
  const std::optional<graphs::UrlParts> parts = graphs::url_parts(url);
  if (!parts) return std::string(kNoUrl);
  if (parts->scheme != "https" && (policy.require_https || parts->scheme != "http")) {
    return policy.require_https ? "must begin with https://" : "must begin with https:// or http://";
  }
  std::string_view host = parts->host;
  if (host.ends_with('.')) host.remove_suffix(1);
  // Other letters become ASCII only when the client connects, and could become another name than the one checked here.
  const bool is_ascii = std::ranges::all_of(host, [](char c) { return c > ' ' && c < 127; });
  if (!is_ascii || host.empty()) return "must write its host in ASCII, an international name in its xn-- form";
  if (!policy.allowed_domains.empty() && !allows_domain(policy.allowed_domains, host)) {
    return "names a host that `webhooks.url.allowed_domains` of the server does not allow";
  }
  if (!policy.allowed_ports.empty() &&
      std::ranges::find(policy.allowed_ports, parts->port) == policy.allowed_ports.end()) {
    return "names a port that `webhooks.url.allowed_ports` of the server does not allow";
  }
  if (policy.disable_loopback && is_local_name(host)) return std::string(kNotPublic);
  const std::optional<Address> address = literal(std::string(host));
  if (address && !may_call(policy, *address)) return std::string(kNotPublic);
  return std::nullopt;
}

bool may_connect(const UrlPolicy& policy, const graphs::PeerAddress& peer) {
  return may_call(policy, peer.bytes);
}

graphs::HttpClientSettings client_settings(const UrlPolicy& policy, const std::string& own_url) {
  graphs::HttpClientSettings settings;
  graphs::PeerAddress own;
  const std::optional<graphs::UrlParts> parts = graphs::url_parts(own_url);
  if (parts && !policy.disable_loopback) {
    own.port = parts->port;
    own.bytes = literal(parts->host).value_or(Address{});
  }
  settings.may_connect = [policy, own](const graphs::PeerAddress& peer) {
    const bool is_own = own.port != 0 && peer.port == own.port && peer.bytes == own.bytes;
    return is_own || may_connect(policy, peer);
  };
  return settings;
}

}  // namespace heddle::api
