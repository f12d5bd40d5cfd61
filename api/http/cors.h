#pragma once
// Which pages of other origins may read answers (http-api.md 2.5). Pure functions.

#include <chrono>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "api/http/message.h"

namespace heddle::api {

// As configured under `http.cors`. The defaults let every origin in, without credentials.
struct CorsSettings {
  std::vector<std::string> allow_origins{"*"};   // exact origins, or "*"
  std::optional<std::regex> allow_origin_regex;  // must match the whole origin, of 256 bytes at most
  std::vector<std::string> allow_methods{"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "QUERY"};
  std::vector<std::string> allow_headers;  // empty or "*": those that were asked for
  bool allow_credentials = false;
  // Those that the SDKs read are added: content-location, x-pagination-total, location, x-pagination-next.
  std::vector<std::string> expose_headers;
  std::optional<std::chrono::seconds> max_age;  // for how long a browser may remember a preflight
};

// For any answer, errors included: without these headers a browser hides the text of the error. When every origin is
// let in, a request that names none gets none.
void add_cors_headers(const CorsSettings& settings, const Request& request, Headers& response_headers);

// The answer to any OPTIONS request, on any path, before authentication.
Response preflight(const CorsSettings& settings, const Request& request);

}  // namespace heddle::api
