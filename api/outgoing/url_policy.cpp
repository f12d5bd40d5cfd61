#include "api/outgoing/url_policy.h"

#include <algorithm>
#include <utility>

#include "graphs/http_client.h"
#include "graphs/url_parts.h"

namespace heddle::api {
namespace {

using graphs::Address;

bool may_call(const UrlPolicy& policy, const Address& address) {
  if (graphs::any_contains(policy.allowed_networks, address)) return true;
  if (graphs::is_loopback(address)) return !policy.disable_loopback;
  return graphs::is_public(address);
}

bool is_local_name(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

constexpr std::string_view kNoUrl = "is no URL; write one like https://hooks.example.com/path";
constexpr std::string_view kNotPublic =
    "names an address of this machine or of a network that is not public; those are called only if "
    "`webhooks.url.disable_loopback` or `webhooks.url.allowed_networks` of the server say so";

}  // namespace

std::optional<std::string> refusal_of(const UrlPolicy& policy, const std::string& url) {
  if (url.size() > policy.max_url_length) {
    return "must have at most " + std::to_string(policy.max_url_length) + " characters";
  }
  if (!graphs::reads_alike(url)) return std::string(kNoUrl);
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
  const std::optional<std::string> host = graphs::comparable_host(*parts);
  if (!host) return "must write its host in ASCII, an international name in its xn-- form";
  auto is_host = [&](const std::string& domain) { return graphs::fits_host(domain, *host); };
  if (!policy.allowed_domains.empty() && !std::ranges::any_of(policy.allowed_domains, is_host)) {
    return "names a host that `webhooks.url.allowed_domains` of the server does not allow";
  }
  if (!policy.allowed_ports.empty() &&
      std::ranges::find(policy.allowed_ports, parts->port) == policy.allowed_ports.end()) {
    return "names a port that `webhooks.url.allowed_ports` of the server does not allow";
  }
  if (policy.disable_loopback && is_local_name(*host)) return std::string(kNotPublic);
  const std::optional<Address> address = graphs::address_of_host(*host);
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
    own.bytes = graphs::address_of_host(parts->host).value_or(Address{});
  }
  settings.may_connect = [policy, own](const graphs::PeerAddress& peer) {
    const bool is_own = own.port != 0 && peer.port == own.port && peer.bytes == own.bytes;
    return is_own || may_connect(policy, peer);
  };
  return settings;
}

}  // namespace heddle::api
