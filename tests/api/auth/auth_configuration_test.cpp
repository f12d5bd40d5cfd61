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
  std::map<std::string, std::string> files;

  std::optional<AuthSettings> load(const std::string& text) {
    const ReadFile read_file = [this](const std::string& name) { return files.at(name); };
    return auth_settings_from(runtime::parse_json(text), environment, without_effect, read_file);
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

const std::string kHash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string kKey = R"({"id":"a","identity":"ann","sha256":")" + kHash + "\"}";

TEST_CASE_METHOD(AuthConfigurationFixture,
                 "Keys are known by their hashes, in the configuration or in a file of their own") {
  const AuthSettings settings = load(R"({"type":"api_keys","keys":[{"id":"a","identity":"ann","sha256":")" + kHash +
                                     R"(","permissions":["p","q"],"claims":{"team":7}}]})")
                                    .value();
  REQUIRE(settings.keys.size() == 1);
  CHECK(settings.keys[0].id == "a");
  CHECK(settings.keys[0].identity == "ann");
  CHECK(settings.keys[0].hash[0] == 0xba);
  CHECK(settings.keys[0].permissions == std::vector<std::string>{"p", "q"});
  CHECK(settings.keys[0].claims_json == R"({"team":7})");
  CHECK_FALSE(settings.takes_tokens());
  files["keys.json"] = R"({"keys":[)" + kKey + "]}";
  CHECK(load(R"({"type":"api_keys","keys_file":"keys.json"})")->keys.at(0).identity == "ann");
}

TEST_CASE_METHOD(AuthConfigurationFixture, "What is wrong with a key is told by its place, without its hash") {
  const auto with_key = [&](const std::string& key) { return fault(R"({"type":"api_keys","keys":[)" + key + "]}"); };
  CHECK_THAT(fault(R"({"type":"api_keys"})"), Contains("auth.keys: is missing") && Contains("sha256"));
  CHECK_THAT(fault(R"({"type":"api_keys","keys":[]})"), Contains("auth.keys: must be a list of keys"));
  CHECK_THAT(fault(R"({"type":"api_keys","keys":[],"keys_file":"x"})"), Contains("auth.keys_file: stands beside"));
  CHECK_THAT(fault(R"({"type":"api_keys","key":[]})"), Contains("auth.key: no such key; did you mean `keys`?"));
  CHECK_THAT(fault(R"({"type":"api_keys","keys":[],"issuer":"x"})"), Contains("auth.issuer: no such key"));
  CHECK_THAT(with_key("7"), Contains("auth.keys[0]: must be an object"));
  CHECK_THAT(with_key(R"({"id":"a","identity":"b","sha":"c"})"), Contains("auth.keys[0].sha: no such key"));
  CHECK_THAT(with_key(R"({"id":"a","sha256":")" + kHash + "\"}"), Contains("auth.keys[0].identity: is missing"));
  CHECK_THAT(with_key(R"({"id":"a","identity":"x\ty","sha256":")" + kHash + "\"}"),
             Contains("auth.keys[0].identity: must be"));
  CHECK_THAT(with_key(kKey + "," + kKey), Contains(R"(auth.keys[1].id: "a" comes twice)"));
  CHECK_THAT(with_key(kKey + R"(,{"id":"b","identity":"ben","sha256":")" + kHash + "\"}"),
             Contains(R"(auth.keys[1].sha256: is that of "a", too)"));
  const std::string told = with_key(R"({"id":"a","identity":"b","sha256":"the key itself"})");
  CHECK_THAT(told, Contains("auth.keys[0].sha256: must be") && Contains("heddle key") && !Contains("the key itself"));
  files["keys.json"] = "[]";
  CHECK_THAT(fault(R"({"type":"api_keys","keys_file":"keys.json"})"),
             Contains(R"(auth.keys_file "keys.json": must be)"));
  files["keys.json"] = R"({"keys":[{}]})";
  CHECK_THAT(fault(R"({"type":"api_keys","keys_file":"keys.json"})"),
             Contains(R"(auth.keys_file "keys.json".keys[0].id: is missing)"));
}

TEST_CASE_METHOD(AuthConfigurationFixture, "A proxy has a header of its own, and addresses that it comes from") {
  const ProxySettings proxy = load(R"({"type":"proxy","header":"X-Forwarded-User","from":["10.0.0.0/8","127.0.0.1"],
      "email_header":"x-forwarded-email","permissions_header":"x-groups"})")
                                  ->proxy.value();
  CHECK(proxy.header == "x-forwarded-user");
  CHECK(proxy.from.size() == 2);
  CHECK(proxy.email_header == "x-forwarded-email");
  CHECK(proxy.permissions_header == "x-groups");
  const auto with = [&](const std::string& rest) { return fault(R"({"type":"proxy",)" + rest + "}"); };
  CHECK_THAT(with(R"("from":["::1"])"), Contains("auth.header: is missing"));
  CHECK_THAT(with(R"("header":"x-user")"), Contains("auth.from: must name the addresses"));
  CHECK_THAT(with(R"("header":"x-user","from":["proxy.example"])"), Contains("auth.from") && Contains("no address"));
  CHECK_THAT(with(R"("header":"x-user","from":["0.0.0.0/0"])"), Contains("would let anybody say who they are"));
  CHECK_THAT(with(R"("header":"x-user","from":["::/0"])"), Contains("would let anybody say who they are"));
  for (const char* wrong : {"authorization", "x-api-key", "cookie", "a b", "x:y"}) {
    CHECK_THAT(with(R"("header":")" + std::string(wrong) + R"(","from":["::1"])"), Contains("auth.header: must be"));
  }
}

TEST_CASE_METHOD(AuthConfigurationFixture, "Several kinds stand in `any`, one of each") {
  const std::string keys = R"({"type":"api_keys","keys":[)" + kKey + "]}";
  const AuthSettings settings =
      load(R"({"any":[{"path":"builtin:auth0","leeway_seconds":5},)" + keys +
           R"(,{"type":"proxy","header":"x-user","from":["::1"]}],"rules":[],"disable_studio_auth":true})")
          .value();
  CHECK(settings.takes_tokens());
  CHECK(settings.tokens.leeway == std::chrono::seconds{5});
  CHECK(settings.keys.size() == 1);
  CHECK(settings.proxy.has_value());
  CHECK_THAT(fault(R"({"any":[]})"), Contains("auth.any: must be a list"));
  CHECK_THAT(fault(R"({"any":[7]})"), Contains("auth.any[0]: must be an object"));
  CHECK_THAT(fault(R"({"any":[)" + keys + "," + keys + "]}"), Contains("auth.any[1]: is the second of its kind"));
  CHECK_THAT(fault(R"({"any":[{"type":"none"}]})"), Contains(R"(auth.any[0].type: "none")"));
  CHECK_THAT(fault(R"({"any":[)" + keys + R"(],"type":"jwt"})"), Contains("auth.type: no such key"));
  CHECK_THAT(fault(R"({"any":[{"type":"jwt","issuer":"https://i/"}]})"), Contains("auth.any[0].audience: is missing"));
  CHECK_THAT(fault(R"({"any":[{"path":"builtin:auth0","rules":[]}]})"), Contains("auth.any[0].rules: no such key"));
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
