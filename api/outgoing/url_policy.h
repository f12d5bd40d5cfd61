#pragma once
// Which URLs that clients name are called (http-api.md 16).
//
// Two checks, both needed. refusal_of() reads the text when a request comes in, so that whoever sent it is told.
// client_settings() makes a client that decides on the address of every connection, whatever the name was resolved to:
// a name that leads inside (DNS rebinding), an address in another notation and an IPv4 address in its IPv6 forms come
// to nothing there. Behind a proxy the second check is the proxy's: see graphs/http_client.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graphs/network.h"

namespace heddle::graphs {
struct HttpClientSettings;
struct PeerAddress;
}  // namespace heddle::graphs

namespace heddle::api {

// `webhooks.url`. Without more, every public address may be called, by http or https, on any port.
struct UrlPolicy {
  std::vector<std::string> allowed_domains;       // lower case; "*.example.com" is every name below it; empty: all
  std::vector<std::uint16_t> allowed_ports;       // empty: all
  std::vector<graphs::Network> allowed_networks;  // may be called although they are not public
  bool require_https = false;
  bool disable_loopback = true;  // otherwise this machine may be called, and a URL that begins with `/` is a route of
                                 // this server
  std::size_t max_url_length = 65'536;  // bytes; http-api.md 8.1
};

// Why the URL may not be called, in words that fit behind the name of a field; nothing if its text is allowed. Never
// repeats the URL.
std::optional<std::string> refusal_of(const UrlPolicy& policy, const std::string& url);

// Whether a connection to this address may be made.
bool may_connect(const UrlPolicy& policy, const graphs::PeerAddress& peer);

// For the client that calls such URLs. `own_url`: of this server; its address may be called if loopback is allowed.
graphs::HttpClientSettings client_settings(const UrlPolicy& policy, const std::string& own_url);

}  // namespace heddle::api
