#include "api/auth/authenticator.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "api/auth/api_keys.h"
#include "api/services/api_error.h"
#include "runtime/json.h"
#include "tests/api/auth/test_key.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::TestKey;

Headers headers_of(std::initializer_list<std::pair<std::string, std::string>> fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

std::string found(std::initializer_list<std::pair<std::string, std::string>> fields) {
  const Headers headers = headers_of(fields);
  return std::string(bearer_token(headers).value_or("nothing"));
}

struct AuthenticatorFixture {
  asio::io_context io;
  test::ManualClock clock;
  runtime::Log log{clock, runtime::LogLevel::error, [](std::string_view) {}};
  const TestKey& key = TestKey::for_algorithm(JwtAlgorithm::es256);
  std::string published = test::key_set(key.jwk("k1"));
  bool is_down = false;
  int asked = 0;
  std::string peer = "203.0.113.7";
  AuthSettings settings;
  Jwks jwks{io.get_executor(), [this] { return fetch(); }, clock, log};
  Authenticator authenticator{settings, &jwks, clock};

  AuthenticatorFixture() {
    settings.tokens.issuer = "https://issuer.example/";
    settings.tokens.audience = "api";
    settings.auth_type = "auth0";
    settings.jwks_url = "https://issuer.example/keys";
  }

  asio::awaitable<std::string> fetch() {
    ++asked;
    if (is_down) throw std::runtime_error("no answer");
    co_return published;
  }

  std::string token(const std::string& more = "", const std::string& kid = "k1") const {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count();
    const std::string claims = R"({"iss":"https://issuer.example/","aud":"api","sub":"auth0|ann","exp":)" +
                               std::to_string(now + 3600) + more + "}";
    return test::token(key, JwtAlgorithm::es256, R"({"alg":"ES256","kid":")" + kid + "\"}", claims);
  }
  Caller caller(const Headers& headers) { return test::run(io, authenticator.caller(headers, peer)); }
  Caller caller_with(const std::string& token) { return caller(headers_of({{"authorization", "Bearer " + token}})); }
  ApiError refusal(const Headers& headers) {
    try {
      (void)caller(headers);
    } catch (const ApiError& error) {
      return error;
    }
    FAIL("was let in");
    return {0, ""};
  }
  ApiError refusal_of(const std::string& token) { return refusal(headers_of({{"authorization", "Bearer " + token}})); }
};

TEST_CASE("A token is found after its scheme in any case, and bare") {
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER ", "bEaReR   ", "", "Bearer\t"}) {
    INFO(scheme);
    CHECK(found({{"authorization", scheme + std::string("a.b.c")}}) == "a.b.c");
    CHECK(found({{"x-api-key", scheme + std::string("a.b.c")}}) == "a.b.c");
  }
  CHECK(found({{"authorization", "  Bearer a.b.c  "}}) == "a.b.c");
  CHECK(found({}) == "nothing");
  CHECK(found({{"authorization", ""}}) == "nothing");
  CHECK(found({{"cookie", "a.b.c"}}) == "nothing");
}

TEST_CASE("An API key comes first if it is a token, and counts as absent if it is empty or something else") {
  const std::string authorization = "Bearer d.e.f";
  CHECK(found({{"x-api-key", "a.b.c"}, {"authorization", authorization}}) == "a.b.c");
  CHECK(found({{"x-api-key", ""}, {"authorization", authorization}}) == "d.e.f");
  CHECK(found({{"x-api-key", "  "}, {"authorization", authorization}}) == "d.e.f");
  CHECK(found({{"x-api-key", "lsv2_pt_0123"}, {"authorization", authorization}}) == "d.e.f");
  CHECK(found({{"x-api-key", "lsv2_pt_0123"}}) == "nothing");
  CHECK(found({{"x-api-key", ""}, {"x-api-key", "a.b.c"}}) == "a.b.c");
}

TEST_CASE("Another scheme, and a header that says two things, are refused without repeating them") {
  for (const Headers& headers : {headers_of({{"authorization", "Basic canary"}}),
                                 headers_of({{"authorization", "Bearer a.b.c"}, {"authorization", "Bearer canary"}}),
                                 headers_of({{"x-api-key", "a.b.c"}, {"x-api-key", "d.e.canary"}})}) {
    try {
      (void)bearer_token(headers);
      FAIL("was taken");
    } catch (const ApiError& error) {
      CHECK(error.status() == 401);
      CHECK(std::string(error.what()).find("canary") == std::string::npos);
    }
  }
}

TEST_CASE_METHOD(AuthenticatorFixture, "A good token makes a caller with its subject as owner") {
  const std::string sent =
      token(R"(,"email":"ann@example.com","scope":"read:mail  send:mail","https://x/role":"admin")");
  const Caller known = caller_with(sent);
  CHECK(known.owner.text == "auth0|ann");
  REQUIRE(known.identity);
  CHECK(known.identity->id == "auth0|ann");
  CHECK(known.identity->permissions == std::vector<std::string>{"read:mail", "send:mail"});
  CHECK(known.identity->token.reveal() == sent);
  const boost::json::value user = known.identity->user.reveal();
  CHECK(user.at("identity") == "auth0|ann");
  CHECK(user.at("display_name") == "auth0|ann");
  CHECK(user.at("email") == "ann@example.com");
  CHECK(user.at("permissions") == boost::json::array{"read:mail", "send:mail"});
  CHECK(user.at("auth_type") == "auth0");
  CHECK(user.at("is_authenticated") == true);
  CHECK(user.at("https://x/role") == "admin");
  CHECK(user.at("aud") == "api");
}

TEST_CASE_METHOD(AuthenticatorFixture, "A claim cannot take the place of what the server says about a user") {
  const Caller known = caller_with(token(
      R"(,"identity":"ben","is_authenticated":false,"auth_type":"none","display_name":"Ann","permissions":["p"])"));
  CHECK(known.owner.text == "auth0|ann");
  const boost::json::value user = known.identity->user.reveal();
  CHECK(user.at("identity") == "auth0|ann");
  CHECK(user.at("is_authenticated") == true);
  CHECK(user.at("auth_type") == "auth0");
  CHECK(user.at("display_name") == "Ann");
  CHECK(known.identity->permissions == std::vector<std::string>{"p"});
  const Caller other = caller_with(token(R"(,"permissions":"all","scope":"s")"));
  CHECK(other.identity->permissions == std::vector<std::string>{"s"});
  CHECK(caller_with(token()).identity->permissions.empty());
}

TEST_CASE_METHOD(AuthenticatorFixture, "Without a good token the answer is 401 with a challenge and a reason") {
  CHECK(std::string(refusal({}).what()).find("send a token") != std::string::npos);
  const std::string good = token();
  for (const std::string& bad : {std::string("x"), std::string("a.b.c"), good + "x", good.substr(0, good.size() - 4),
                                 token(R"(,"nbf":99999999999)")}) {
    const ApiError error = refusal_of(bad);
    CHECK(error.status() == 401);
    CHECK(error.headers().find("www-authenticate") == "Bearer");
    CHECK(std::string(error.what()).starts_with("Unauthorized: the token "));
  }
  // A bad token in x-api-key beats a good one in authorization.
  CHECK(refusal(headers_of({{"x-api-key", "a.b.c"}, {"authorization", "Bearer " + good}})).status() == 401);
  CHECK(caller(headers_of({{"x-api-key", ""}, {"authorization", "Bearer " + good}})).owner.text == "auth0|ann");
}

TEST_CASE_METHOD(AuthenticatorFixture, "An issuer that cannot be reached makes the answer 503, not 401") {
  is_down = true;
  const ApiError error = refusal_of(token());
  CHECK(error.status() == 503);
  CHECK(error.headers().find("retry-after") == "1");
  CHECK_FALSE(error.headers().find("www-authenticate"));
  is_down = false;
  clock.advance(1s);
  CHECK(caller_with(token()).owner.text == "auth0|ann");
}

TEST_CASE_METHOD(AuthenticatorFixture, "What no key could make good is refused without asking the issuer") {
  is_down = true;
  CHECK(refusal_of("garbage").status() == 401);
  CHECK(refusal_of(test::hmac_token("x", R"({"alg":"HS256","kid":"k1"})", "{}")).status() == 401);
  CHECK(refusal({}).status() == 401);
  CHECK(asked == 0);
}

TEST_CASE_METHOD(AuthenticatorFixture, "A key that the issuer has begun to use is fetched when a token names it") {
  CHECK(caller_with(token()).owner.text == "auth0|ann");
  CHECK(refusal_of(token("", "k2")).status() == 401);
  CHECK(asked == 1);
  clock.advance(30s);
  published = test::key_set(key.jwk("k2"));
  CHECK(caller_with(token("", "k2")).owner.text == "auth0|ann");
  CHECK(asked == 2);
  CHECK(refusal_of(token("", "k1")).status() == 401);
  clock.advance(30s);
  is_down = true;
  CHECK(refusal_of(token("", "k1")).status() == 503);
  CHECK(caller_with(token("", "k2")).owner.text == "auth0|ann");
}

struct KeysFixture : AuthenticatorFixture {
  const std::string robot = "heddle_0123456789012345678901234567890123456789012";

  KeysFixture() {
    ApiKey robots;
    robots.id = "robot-2026";
    robots.identity = "robot";
    robots.hash = api_key_hash(robot);
    robots.permissions = {"threads:read"};
    robots.claims_json = R"({"team":"mail","identity":"ann","api_key_id":"other","is_authenticated":false})";
    settings.keys = {robots};
  }
};

TEST_CASE_METHOD(KeysFixture, "A key makes a caller with its identity, permissions and claims, and is told to nobody") {
  for (const Headers& shown : {headers_of({{"x-api-key", robot}}), headers_of({{"x-api-key", "Bearer " + robot}}),
                               headers_of({{"authorization", "Bearer " + robot}})}) {
    const Caller known = caller(shown);
    CHECK(known.owner.text == "robot");
    CHECK(known.identity->permissions == std::vector<std::string>{"threads:read"});
    CHECK(known.identity->token.empty());
    const boost::json::value user = known.identity->user.reveal();
    CHECK(user.at("team") == "mail");
    CHECK(user.at("identity") == "robot");
    CHECK(user.at("api_key_id") == "robot-2026");
    CHECK(user.at("auth_type") == "api_key");
    CHECK(user.at("is_authenticated") == true);
    CHECK(user.at("display_name") == "robot");
    CHECK(runtime::to_text(user).find(robot) == std::string::npos);
  }
}

TEST_CASE_METHOD(KeysFixture, "A key and a token may come together, and the token says who it is") {
  const std::string bearer = "Bearer " + token();
  CHECK(caller(headers_of({{"x-api-key", robot}, {"authorization", bearer}})).owner.text == "auth0|ann");
  CHECK(caller(headers_of({{"x-api-key", ""}, {"authorization", bearer}})).owner.text == "auth0|ann");
  CHECK(caller(headers_of({{"x-api-key", "lsv2_pt_of_something_else"}, {"authorization", bearer}})).owner.text ==
        "auth0|ann");
  CHECK(caller(headers_of({{"x-api-key", token()}})).owner.text == "auth0|ann");
  CHECK(caller(headers_of({{"x-api-key", robot}, {"authorization", ""}})).owner.text == "robot");
  CHECK(caller(headers_of({{"x-api-key", robot}, {"authorization", "Basic eDp5"}})).owner.text == "robot");
  // A token that is wrong is not made good by a key.
  CHECK(refusal(headers_of({{"x-api-key", robot}, {"authorization", bearer + "x"}})).status() == 401);
}

TEST_CASE_METHOD(KeysFixture, "A key that is not known is refused without repeating it, and the issuer is not asked") {
  is_down = true;
  const std::string other = robot.substr(0, robot.size() - 1) + "x";
  for (const Headers& shown :
       {headers_of({{"x-api-key", other}}), headers_of({{"authorization", "Bearer " + other}}),
        headers_of({{"x-api-key", "robot"}}), headers_of({{"authorization", "Basic " + robot}})}) {
    const ApiError error = refusal(shown);
    CHECK(error.status() == 401);
    CHECK(std::string(error.what()) == "Unauthorized: the key is not known");
    CHECK(error.headers().find("www-authenticate") == "Bearer");
  }
  CHECK(refusal({}).status() == 401);
  CHECK(refusal(headers_of({{"x-api-key", robot}, {"x-api-key", other}})).status() == 401);
  CHECK(asked == 0);
}

TEST_CASE_METHOD(KeysFixture, "Without an issuer a token is no credential, and does not stand in a key's way") {
  settings.jwks_url.clear();
  const Authenticator keys_only(settings, nullptr, clock);
  const auto ask = [&](const Headers& headers) { return test::run(io, keys_only.caller(headers, peer)); };
  CHECK(ask(headers_of({{"x-api-key", robot}, {"authorization", "Bearer " + token()}})).owner.text == "robot");
  CHECK_THROWS_AS(ask(headers_of({{"authorization", "Bearer " + token()}})), ApiError);
  CHECK(asked == 0);
}

struct ProxyFixture : AuthenticatorFixture {
  ProxyFixture() {
    settings.proxy.emplace();
    settings.proxy->from = {*graphs::Network::parse("10.0.0.0/8"), *graphs::Network::parse("::1")};
    settings.proxy->header = "x-forwarded-user";
    settings.proxy->email_header = "x-forwarded-email";
    settings.proxy->permissions_header = "x-forwarded-groups";
    peer = "10.1.2.3";
  }
};

TEST_CASE_METHOD(ProxyFixture, "What a trusted proxy says in its headers is who is calling") {
  const Headers told = headers_of(
      {{"x-forwarded-user", "ann"}, {"x-forwarded-email", "ann@example.com"}, {"x-forwarded-groups", "mail, admin"}});
  for (const char* trusted : {"10.1.2.3", "::1", "::ffff:10.9.9.9"}) {
    peer = trusted;
    const Caller known = caller(told);
    CHECK(known.owner.text == "ann");
    CHECK(known.identity->permissions == std::vector<std::string>{"mail", "admin"});
    CHECK(known.identity->token.empty());
    const boost::json::value user = known.identity->user.reveal();
    CHECK(user.at("email") == "ann@example.com");
    CHECK(user.at("auth_type") == "proxy");
  }
}

TEST_CASE_METHOD(ProxyFixture, "From any other address the proxy's header says nothing") {
  const Headers told = headers_of({{"x-forwarded-user", "ann"}, {"x-forwarded-for", "10.1.2.3"}});
  for (const char* stranger : {"11.0.0.1", "127.0.0.1", "::2", "fe80::1%eth0", "", "10.0.0"}) {
    peer = stranger;
    CHECK(refusal(told).status() == 401);
  }
  // Other credentials count, as if the header were not there.
  peer = "203.0.113.7";
  CHECK(caller(headers_of({{"x-forwarded-user", "ben"}, {"authorization", "Bearer " + token()}})).owner.text ==
        "auth0|ann");
}

TEST_CASE_METHOD(ProxyFixture, "A proxy that names nobody, or two, lets nobody in") {
  CHECK(refusal({}).status() == 401);
  CHECK(refusal(headers_of({{"x-forwarded-user", "  "}})).status() == 401);
  CHECK(refusal(headers_of({{"x-forwarded-user", "ann"}, {"x-forwarded-user", "ben"}})).status() == 401);
  CHECK(refusal(headers_of({{"x-forwarded-user", "a\tb"}})).status() == 401);
  CHECK(refusal(headers_of({{"x-forwarded-user", std::string(1025, 'a')}})).status() == 401);
  // What the proxy says goes before what the client sent through it.
  CHECK(caller(headers_of({{"x-forwarded-user", "ben"}, {"authorization", "Bearer " + token()}})).owner.text == "ben");
}

TEST_CASE_METHOD(AuthenticatorFixture, "The header of Studio lets nobody in unless that is configured") {
  const Headers studio = headers_of({{"x-auth-scheme", "langsmith"}});
  CHECK(refusal(studio).status() == 401);
  settings.studio_may_enter = true;
  const Caller known = caller(studio);
  CHECK(known.owner.text == "langgraph-studio-user");
  CHECK(known.identity->user.reveal().at("kind") == "StudioUser");
  CHECK(known.identity->token.empty());
  CHECK(refusal(headers_of({{"x-auth-scheme", "LangSmith"}})).status() == 401);
}

TEST_CASE_METHOD(AuthenticatorFixture, "The secrets of a run are the server's, whatever stood under their names") {
  const std::string sent = token(R"(,"scope":"a b")");
  const Caller known = caller_with(sent);
  runtime::Secrets secrets;
  secrets.emplace("langgraph_auth_user_id", runtime::SecretJson::take(boost::json::value("ben")));
  add_identity(*known.identity, secrets);
  CHECK(secrets.at("langgraph_auth_user_id").reveal() == "auth0|ann");
  CHECK(secrets.at("langgraph_auth_user").reveal().at("identity") == "auth0|ann");
  CHECK(secrets.at("langgraph_auth_permissions").reveal() == boost::json::array{"a", "b"});
  CHECK(secrets.at("langgraph_auth_token").text()->reveal() == sent);
  runtime::Secrets left;
  add_owner(known.owner, left);
  CHECK(left.size() == 1);
  CHECK(left.at("langgraph_auth_user_id").reveal() == "auth0|ann");
}

}  // namespace
}  // namespace heddle::api
