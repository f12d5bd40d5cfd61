#include "graphs/url_parts.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <new>

#include "graphs/http/initialised_curl.h"

namespace heddle::graphs {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The part of a URL, or an empty text.
std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  std::string found;
  if (curl_url_get(url, part, &text, flags) == CURLUE_OK && text != nullptr) found = text;
  curl_free(text);
  return found;
}

using ParsedUrl = std::unique_ptr<CURLU, void (*)(CURLU*)>;

// Nothing if it is no URL.
ParsedUrl parsed_url(const std::string& url) {
  initialise_curl();
  ParsedUrl parsed(curl_url(), curl_url_cleanup);
  if (!parsed) throw std::bad_alloc();
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) parsed.reset();
  return parsed;
}

}  // namespace

std::optional<UrlParts> url_parts(const std::string& url) {
  const ParsedUrl parsed = parsed_url(url);
  if (!parsed) return std::nullopt;
  UrlParts parts;
  parts.scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  parts.host = part_of(parsed.get(), CURLUPART_HOST);
  std::ranges::transform(parts.host, parts.host.begin(), lower);
  const std::string port = part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), parts.port);
  parts.has_user = !part_of(parsed.get(), CURLUPART_USER).empty() || !part_of(parsed.get(), CURLUPART_PASSWORD).empty();
  if (parts.scheme.empty() || parts.host.empty()) return std::nullopt;
  return parts;
}

bool reads_alike(std::string_view url) {
  return url.find_first_of(std::string_view("\0\\", 2)) == std::string_view::npos;
}

std::optional<std::string> comparable_host(const UrlParts& parts) {
  std::string host = parts.host;
  if (host.ends_with('.')) host.pop_back();
  const bool is_ascii = std::ranges::all_of(host, [](char c) { return c > ' ' && c < 127; });
  if (!is_ascii || host.empty()) return std::nullopt;
  return host;
}

std::optional<std::string> joined_url(const std::string& base, const std::string& reference) {
  const ParsedUrl parsed = parsed_url(base);
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, reference.c_str(), 0) != CURLUE_OK) return std::nullopt;
  curl_url_set(parsed.get(), CURLUPART_FRAGMENT, nullptr, 0);
  return part_of(parsed.get(), CURLUPART_URL);
}

std::string origin_text(const std::string& url) {
  std::string text;
  const ParsedUrl parsed = parsed_url(url);
  if (!parsed) return text;
  auto append = [&](CURLUPart part, const char* before) {
    const std::string found = part_of(parsed.get(), part);
    if (!found.empty()) text.append(before).append(found);
  };
  append(CURLUPART_SCHEME, "");
  append(CURLUPART_HOST, "://");
  append(CURLUPART_PORT, ":");
  return text;
}

}  // namespace heddle::graphs
