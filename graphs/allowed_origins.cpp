#include "graphs/allowed_origins.h"

#include <algorithm>
#include <stdexcept>

#include "graphs/network.h"
#include "graphs/url_parts.h"

namespace heddle::graphs {
namespace {

constexpr std::size_t kUrlBytesMax = 8192;  // usual servers refuse longer ones

std::string text_of(const AllowedOrigin& origin) {
  const std::uint16_t usual = origin.scheme == "https" ? 443 : 80;
  return origin.scheme + "://" + origin.host + (origin.port == usual ? "" : ":" + std::to_string(origin.port));
}

}  // namespace

AllowedOrigin AllowedOrigin::parse(std::string_view entry) {
  const auto wrong = [entry] {
    return std::invalid_argument("\"" + std::string(entry) +
                                 "\" is no host; write one like docs.example.com, *.example.com, example.com:8443 or "
                                 "http://wiki.example.com, without a path");
  };
  AllowedOrigin origin;
  std::string_view rest = entry;
  origin.scheme = rest.starts_with("http://") ? "http" : "https";
  if (rest.starts_with(origin.scheme + "://")) rest.remove_prefix(origin.scheme.size() + 3);
  constexpr std::string_view kBelow = "*.";
  const bool is_pattern = rest.starts_with(kBelow);
  if (is_pattern) rest.remove_prefix(kBelow.size());
  if (rest.empty() || rest.find_first_of("/?#@*\\ %") != std::string_view::npos) throw wrong();
  const std::optional<UrlParts> parts = url_parts(origin.scheme + "://" + std::string(rest));
  const std::optional<std::string> host = parts ? comparable_host(*parts) : std::nullopt;
  if (!host || (is_pattern && address_of_host(*host))) throw wrong();
  origin.host = (is_pattern ? std::string(kBelow) : std::string()) + *host;
  origin.port = parts->port;
  return origin;
}

std::optional<std::string> refusal_of(const std::vector<AllowedOrigin>& allowed, const std::string& url) {
  if (url.size() > kUrlBytesMax) return "is longer than " + std::to_string(kUrlBytesMax) + " bytes";
  const std::optional<UrlParts> parts = reads_alike(url) ? url_parts(url) : std::nullopt;
  if (!parts) return "is no URL; write one like https://docs.example.com/page";
  if (parts->has_user) return "must not have a user or a password in it";
  const std::optional<std::string> host = comparable_host(*parts);
  if (!host) return "must write its host in ASCII, an international name in its xn-- form";
  auto is_it = [&](const AllowedOrigin& origin) {
    return parts->scheme == origin.scheme && parts->port == origin.port && fits_host(origin.host, *host);
  };
  if (std::ranges::any_of(allowed, is_it)) return std::nullopt;
  std::string known;
  for (const AllowedOrigin& origin : allowed) known += (known.empty() ? "" : ", ") + text_of(origin);
  return "names a server that may not be asked; allowed are " + known;
}

}  // namespace heddle::graphs
