#include "api/auth/auth_configuration.h"

#include <catch2/catch.hpp>
#include <string>

#include "runtime/json.h"

namespace heddle::api {
namespace {

using Catch::Contains;

struct AuthConfigurationFixture {
  std::map<std::string, std::string> environment{{"AUTH0_DOMAIN", "tenant.eu.auth0.com"}, {"AUTH0_AUDIENCE", "my-api"}};
  std::vector<std::string> without_effect;

  std::optional<AuthSettings> load(const std::string& text) {
    return auth_settings_from(runtime::parse_json(text), environment, without_effect);
  }
  std::string fault(const std::string& text) {
    try {
      load(text);
    } catch (const AuthConfigurationError& error) {
      return error.what();
    }
    return "was taken";
  }
};

TEST_CASE_METHOD(AuthConfigurationFixture, "builtin:auth0 takes tenant and audience from the environment") {
  const AuthSettings settings = load(R"({"path":"builtin:auth0"})").value();
  CHECK(settings.tokens.issuer == "https://tenant.eu.auth0.com/");
  CHECK(settings.tokens.audience == "my-api");
  CHECK(settings.jwks_url == "https://tenant.eu.auth0.com/.well-known/jwks.json");
  CHECK(settings.auth_type == "auth0");
  CHECK(settings.tokens.leeway == std::chrono::seconds{60});
  CHECK_FALSE(settings.studio_may_enter);
}

TEST_CASE_METHOD(AuthConfigurationFixture, "The domain may be written as a URL, and may have a port") {
  for (const char* written : {"https://tenant.eu.auth0.com", "http://tenant.eu.auth0.com/", "Tenant.EU.auth0.com//"}) {
    environment["AUTH0_DOMAIN"] = written;
    CHECK(load(R"({"path":"builtin:auth0"})")->tokens.issuer == "https://tenant.eu.auth0.com/");
  }
  environment["AUTH0_DOMAIN"] = "localhost:8443";
  CHECK(load(R"({"path":"builtin:auth0"})")->jwks_url == "https://localhost:8443/.well-known/jwks.json");
  for (const char* wrong : {"https://", "a/b", "user@host", "a b"}) {
    environment["AUTH0_DOMAIN"] = wrong;
    CHECK_THAT(fault(R"({"path":"builtin:auth0"})"), Contains("AUTH0_DOMAIN must be the name of a host"));
  }
}

TEST_CASE_METHOD(AuthConfigurationFixture, "A missing variable is told by its name and what it is") {
  environment["AUTH0_AUDIENCE"] = "";
  CHECK_THAT(fault(R"({"path":"builtin:auth0"})"),
             Contains("auth.path: ") && Contains("AUTH0_AUDIENCE") && Contains("identifier of the API"));
  environment.erase("AUTH0_DOMAIN");
  CHECK_THAT(fault(R"({"path":"builtin:auth0"})"), Contains("AUTH0_DOMAIN") && Contains("`env`"));
}

TEST_CASE_METHOD(AuthConfigurationFixture, "Tokens of any issuer are taken with its keys, algorithms and leeway") {
  const AuthSettings plain = load(R"({"type":"jwt","issuer":"https://idp.example","audience":"a"})").value();
  CHECK(plain.tokens.issuer == "https://idp.example");
  CHECK(plain.jwks_url == "https://idp.example/.well-known/jwks.json");
  CHECK(plain.auth_type == "jwt");
  const AuthSettings settings = load(R"({"type":"jwt","issuer":"me","audience":"a","jwks_url":"http://127.0.0.1:7/k",
      "algorithms":["ES384","RS512"],"leeway_seconds":0})")
                                    .value();
  CHECK(settings.jwks_url == "http://127.0.0.1:7/k");
  CHECK(settings.tokens.algorithms == std::vector{JwtAlgorithm::es384, JwtAlgorithm::rs512});
  CHECK(settings.tokens.leeway == std::chrono::seconds{0});
}

TEST_CASE_METHOD(AuthConfigurationFixture, "Keys are fetched in a way that nobody on the way can change") {
  const auto with_url = [&](const std::string& url) {
    return fault(R"({"type":"jwt","issuer":"i","audience":"a","jwks_url":")" + url + "\"}");
  };
  for (const char* wrong : {"http://idp.example/k", "http://localhost.evil.example/", "http://127.0.0.1.evil/",
                            "http://localhost:x@evil.example/", "ftp://x", "https://", "k"}) {
    INFO(wrong);
    CHECK_THAT(with_url(wrong), Contains("auth.jwks_url: must begin with https://"));
  }
  CHECK(with_url("http://localhost:1/k") == "was taken");
  CHECK(with_url("http://[::1]:1/k") == "was taken");
  CHECK_THAT(fault(R"({"type":"jwt","issuer":"me","audience":"a"})"), Contains("auth.issuer") && Contains("jwks_url"));
}

TEST_CASE_METHOD(AuthConfigurationFixture, "No check is the type none, and says so alone") {
  CHECK_FALSE(load(R"({"type":"none"})").has_value());
  CHECK_THAT(fault(R"({"type":"none","issuer":"https://x/"})"), Contains("auth.issuer: means nothing"));
}

TEST_CASE_METHOD(AuthConfigurationFixture, "Handlers in other languages are refused with what to write instead") {
  for (const char* path : {"./src/auth.ts:auth", "./auth.py:auth", "auth.js:auth"}) {
    CHECK_THAT(fault(R"({"path":")" + std::string(path) + "\"}"),
               Contains("auth.path: \"" + std::string(path) + "\"") && Contains("does not run") &&
                   Contains("builtin:auth0") && Contains(R"("type": "jwt")"));
  }
  CHECK_THAT(fault(R"({"path":"builtin:okta"})"), Contains("is not known") && Contains("builtin:auth0"));
}

TEST_CASE_METHOD(AuthConfigurationFixture, "What is wrong is told by its key") {
  CHECK_THAT(fault("[]"), Contains("auth: must be an object"));
  CHECK_THAT(fault("{}"), Contains("auth: says neither `path` nor `type`"));
  CHECK_THAT(fault(R"({"path":"builtin:auth0","type":"jwt"})"), Contains("exclude each other"));
  CHECK_THAT(fault(R"({"path":"builtin:auth0","issuer":"x"})"), Contains("auth.issuer: comes from AUTH0_DOMAIN"));
  CHECK_THAT(fault(R"({"type":"jwks"})"), Contains(R"(auth.type: "jwks" is not known)"));
  CHECK_THAT(fault(R"({"type":"jwt","audience":"a"})"), Contains("auth.issuer: is missing"));
  CHECK_THAT(fault(R"({"type":"jwt","issuer":"https://i/"})"), Contains("auth.audience: is missing"));
  CHECK_THAT(fault(R"({"type":"jwt","issuer":"https://i/","audience":["a"]})"), Contains("auth.audience: must be"));
  CHECK_THAT(fault(R"({"type":"jwt","isuer":"x"})"), Contains("auth.isuer: no such key; did you mean `issuer`?"));
  const std::string good = R"("type":"jwt","issuer":"https://i/","audience":"a",)";
  for (const char* wrong : {"[]", R"(["HS256"])", R"(["none"])", R"("RS256")", "[7]"}) {
    CHECK_THAT(fault("{" + good + R"("algorithms":)" + wrong + "}"), Contains("auth.algorithms: must be a list"));
  }
  for (const char* wrong : {"-1", "601", "1.5", "\"60\""}) {
    CHECK_THAT(fault("{" + good + R"("leeway_seconds":)" + wrong + "}"), Contains("auth.leeway_seconds: must be"));
  }
  CHECK_THAT(fault("{" + good + R"("disable_studio_auth":"no"})"), Contains("auth.disable_studio_auth: must be"));
}

TEST_CASE_METHOD(AuthConfigurationFixture, "Studio may enter only if that is said in so many words") {
  CHECK_FALSE(load(R"({"path":"builtin:auth0","disable_studio_auth":true})")->studio_may_enter);
  CHECK_FALSE(load(R"({"path":"builtin:auth0","disable_studio_auth":null})")->studio_may_enter);
  CHECK(load(R"({"path":"builtin:auth0","disable_studio_auth":false})")->studio_may_enter);
}

TEST_CASE_METHOD(AuthConfigurationFixture, "Keys of the reference without effect here are listed") {
  load(R"({"path":"builtin:auth0","openapi":{},"cache":{"ttl_seconds":60},"allow_langsmith_api_keys":false})");
  CHECK(without_effect == std::vector<std::string>{"auth.openapi", "auth.cache", "auth.allow_langsmith_api_keys"});
}

}  // namespace
}  // namespace heddle::api
