#include "api/http/cors.h"

#include <catch2/catch.hpp>

using namespace heddle::api;

namespace {

constexpr const char* kPage = "https://chat.example.com";

Request request_from(std::string origin) {
  Request request;
  request.verb = Verb::options;
  if (!origin.empty()) request.headers.add("origin", std::move(origin));
  return request;
}

Headers cors_headers(const CorsSettings& settings, const Request& request) {
  Headers headers;
  add_cors_headers(settings, request, headers);
  return headers;
}

}  // namespace

TEST_CASE("Without configuration every origin may read the answer and the headers that the SDKs need") {
  const Headers headers = cors_headers({}, request_from(kPage));
  CHECK(headers.find("access-control-allow-origin") == "*");
  CHECK(headers.find("access-control-expose-headers") ==
        "content-location,x-pagination-total,location,x-pagination-next");
  CHECK(headers.all().size() == 2);
}

TEST_CASE("A proxy that names no origin gets no header of that kind, for it may add its own") {
  CHECK(cors_headers({}, request_from("")).all().empty());
}

TEST_CASE("With a list of origins a listed one is echoed and others get nothing") {
  CorsSettings settings;
  settings.allow_origins = {"http://localhost:3000", kPage};
  const Headers listed = cors_headers(settings, request_from(kPage));
  CHECK(listed.find("access-control-allow-origin") == kPage);
  CHECK(listed.find("vary") == "Origin");

  for (const char* origin : {"https://evil.example.com", "https://chat.example.com.evil.com", ""}) {
    const Headers headers = cors_headers(settings, request_from(origin));
    CHECK_FALSE(headers.find("access-control-allow-origin").has_value());
    CHECK(headers.find("vary") == "Origin");
  }
}

TEST_CASE("The regular expression must match the whole origin, and long ones are not tried") {
  CorsSettings settings;
  settings.allow_origins.clear();
  settings.allow_origin_regex = std::regex(R"(https://[a-z]+\.example\.com)");
  CHECK(cors_headers(settings, request_from(kPage)).find("access-control-allow-origin") == kPage);
  const auto allowed = [&settings](std::string origin) {
    return cors_headers(settings, request_from(std::move(origin))).find("access-control-allow-origin").has_value();
  };
  CHECK_FALSE(allowed("https://chat.example.com.evil.com"));
  CHECK(allowed("https://" + std::string(200, 'a') + ".example.com"));
  CHECK_FALSE(allowed("https://" + std::string(100'000, 'a') + ".example.com"));
}

TEST_CASE("With credentials the origin is named even if every origin is allowed") {
  CorsSettings settings;
  settings.allow_credentials = true;
  const Headers headers = cors_headers(settings, request_from(kPage));
  CHECK(headers.find("access-control-allow-origin") == kPage);
  CHECK(headers.find("access-control-allow-credentials") == "true");
  CHECK(headers.find("vary") == "Origin");
}

TEST_CASE("Configured headers to expose come first and those of the SDKs are added") {
  CorsSettings settings;
  settings.expose_headers = {"x-mine", "location"};
  CHECK(cors_headers(settings, request_from(kPage)).find("access-control-expose-headers") ==
        "x-mine,location,content-location,x-pagination-total,x-pagination-next");
}

TEST_CASE("A preflight is answered with the verbs and with the headers that were asked for") {
  Request request = request_from(kPage);
  request.headers.add("access-control-request-headers", "content-type,x-api-key");
  const Response response = preflight({}, request);
  CHECK(response.status == 204);
  CHECK(response.body.empty());
  CHECK(response.headers.find("access-control-allow-origin") == "*");
  CHECK(response.headers.find("access-control-allow-methods") == "GET,HEAD,PUT,POST,DELETE,PATCH,QUERY");
  CHECK(response.headers.find("access-control-allow-headers") == "content-type,x-api-key");
  CHECK(response.headers.find("vary") == "Access-Control-Request-Headers");
  CHECK(response.headers.find("access-control-expose-headers").has_value());
  CHECK_FALSE(response.headers.find("access-control-allow-private-network").has_value());
}

TEST_CASE("A preflight follows the configured methods, headers and age") {
  CorsSettings settings;
  settings.allow_methods = {"GET"};
  settings.allow_headers = {"x-a", "x-b"};
  settings.max_age = std::chrono::minutes(10);
  Request request = request_from(kPage);
  request.headers.add("access-control-request-headers", "x-c");
  const Response response = preflight(settings, request);
  CHECK(response.headers.find("access-control-allow-methods") == "GET");
  CHECK(response.headers.find("access-control-allow-headers") == "x-a,x-b");
  CHECK(response.headers.find("access-control-max-age") == "600");
  CHECK_FALSE(response.headers.find("vary").has_value());
}

TEST_CASE("A page from the internet may ask for a server in the private network") {
  Request request = request_from(kPage);
  request.headers.add("access-control-request-private-network", "true");
  CHECK(preflight({}, request).headers.find("access-control-allow-private-network") == "true");
}

TEST_CASE("A preflight from an origin that is not allowed says nothing about methods") {
  CorsSettings settings;
  settings.allow_origins = {kPage};
  const Response response = preflight(settings, request_from("https://evil.example.com"));
  CHECK(response.status == 204);
  CHECK_FALSE(response.headers.find("access-control-allow-methods").has_value());
}
