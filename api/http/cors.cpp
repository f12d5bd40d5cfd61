#include "api/http/cors.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace heddle::api {
namespace {

// std::regex recurses over its subject; a real origin is a scheme, a host name and a port.
constexpr std::size_t kMatchedOriginBytesMax = 256;

constexpr std::array<std::string_view, 4> kExposed{"content-location", "x-pagination-total", "location",
                                                   "x-pagination-next"};

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::ranges::find(list, item) != list.end();
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& item : list) {
    if (!text.empty()) text += ',';
    text += item;
  }
  return text;
}

bool allows_every_origin(const CorsSettings& settings) {
  return contains(settings.allow_origins, "*");
}

bool allows(const CorsSettings& settings, std::string_view origin) {
  if (allows_every_origin(settings) || contains(settings.allow_origins, origin)) return true;
  if (!settings.allow_origin_regex || origin.size() > kMatchedOriginBytesMax) return false;
  return std::regex_match(origin.begin(), origin.end(), *settings.allow_origin_regex);
}

std::string exposed(const CorsSettings& settings) {
  std::vector<std::string> names = settings.expose_headers;
  for (const std::string_view name : kExposed) {
    if (!contains(names, name)) names.emplace_back(name);
  }
  return joined(names);
}

// Adds the headers that say whether the origin may read the answer; false if it may not.
bool add_origin(const CorsSettings& settings, const Request& request, Headers& headers) {
  // Browsers refuse `*` together with credentials, so then the origin is named.
  if (allows_every_origin(settings) && !settings.allow_credentials) {
    headers.set("access-control-allow-origin", "*");
  } else {
    headers.add("vary", "Origin");
    const std::optional<std::string_view> origin = request.headers.find("origin");
    if (!origin || !allows(settings, *origin)) return false;
    headers.set("access-control-allow-origin", std::string(*origin));
  }
  if (settings.allow_credentials) headers.set("access-control-allow-credentials", "true");
  return true;
}

}  // namespace

void add_cors_headers(const CorsSettings& settings, const Request& request, Headers& response_headers) {
  // A page of another origin says which. The Next.js passthrough says none and adds its own `*` to what it gets, and
  // browsers refuse an answer with `*, *` (auth0-token-vault.md 5).
  const bool is_for_all = allows_every_origin(settings) && !settings.allow_credentials;
  if (is_for_all && !request.headers.find("origin")) return;
  const bool is_allowed = add_origin(settings, request, response_headers);
  if (is_allowed) response_headers.set("access-control-expose-headers", exposed(settings));
}

Response preflight(const CorsSettings& settings, const Request& request) {
  Response response;
  response.status = 204;
  Headers& headers = response.headers;
  const bool is_allowed = add_origin(settings, request, headers);
  if (!is_allowed) return response;

  headers.set("access-control-expose-headers", exposed(settings));
  headers.set("access-control-allow-methods", joined(settings.allow_methods));
  if (!settings.allow_headers.empty() && !contains(settings.allow_headers, "*")) {
    headers.set("access-control-allow-headers", joined(settings.allow_headers));
  } else if (const auto asked = request.headers.find("access-control-request-headers")) {
    headers.set("access-control-allow-headers", std::string(*asked));
    headers.add("vary", "Access-Control-Request-Headers");
  }
  if (settings.max_age) headers.set("access-control-max-age", std::to_string(settings.max_age->count()));
  if (request.headers.find("access-control-request-private-network") == "true") {
    headers.set("access-control-allow-private-network", "true");
  }
  return response;
}

}  // namespace heddle::api
