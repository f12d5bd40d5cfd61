#include "graphs/fga.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/graphs/vault_fixture.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::test::http_answer;
using heddle::test::Scripted;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;
using heddle::test::VaultFixture;

namespace {

std::string token(const std::string& text, int expires_in = 3600) {
  return http_answer("200 OK", R"({"access_token":")" + text + R"(","expires_in":)" + std::to_string(expires_in) + "}");
}

// A store in which everything whose object begins with "doc:mine" is allowed.
struct FgaFixture : VaultFixture {
  Scripted issuer{{token("t1"), token("t2"), token("t3")}};
  std::size_t forgotten = 0;  // results that are left out, from the front
  TinyServer store{[this](TinyConnection& connection, const std::string& request) {
    const json::value body = runtime::parse_json(test::text_of_body(request));
    json::object result;
    std::size_t left_out = forgotten;
    for (const json::value& check : body.at("checks").as_array()) {
      if (left_out > 0) {
        --left_out;
        continue;
      }
      const bool allowed = check.at("tuple_key").at("object").as_string().starts_with("doc:mine");
      result[check.at("correlation_id").as_string()] = json::object{{"allowed", allowed}};
    }
    connection.send(http_answer("200 OK", runtime::to_text(json::object{{"result", result}})));
  }};

  std::shared_ptr<Fga> fga_at(const std::string& api_url) {
    FgaSettings settings;
    settings.api_url = api_url;
    settings.issuer_url = issuer.url();
    settings.audience = "https://api/";
    settings.store_id = "S1";
    settings.client_id = "c d";
    settings.client_secret = runtime::Secret(std::string("s&s"));
    return std::make_shared<Fga>(client, clock, std::move(settings));
  }
  static FgaCheck view(const std::string& object) { return {"user:ada@x.org", "can_view", object}; }
  std::string one(Fga& fga) {
    try {
      return test::run(io, fga.check(view("doc:1"))) ? "yes" : "no";
    } catch (const std::exception& error) {
      return error.what();
    }
  }
};

}  // namespace

TEST_CASE_METHOD(FgaFixture, "Equal checks are sent once, and results come in the order of the checks") {
  const auto fga = fga_at(store.url(""));
  const std::vector<bool> found =
      test::run(io, fga->allowed({view("doc:b"), view("doc:mine1"), view("doc:b"), view("doc:mine2")}));
  CHECK(found == std::vector<bool>{false, true, false, true});
  REQUIRE(store.requests().size() == 1);
  const std::string request = store.requests()[0];
  CHECK(request.starts_with("POST /stores/S1/batch-check HTTP/1.1\r\n"));
  CHECK(request.find("Authorization: Bearer t1\r\n") != std::string::npos);
  const json::object body = runtime::parse_json(test::text_of_body(request)).as_object();
  CHECK(body.at("checks").as_array().size() == 3);
  CHECK(runtime::to_text(body.at("checks").at(0).at("tuple_key")) ==
        R"({"user":"user:ada@x.org","relation":"can_view","object":"doc:b"})");
  CHECK(body.at("consistency") == "HIGHER_CONSISTENCY");
  CHECK(issuer.bodies()[0] ==
        "client_id=c%20d&client_secret=s%26s&audience=https%3A%2F%2Fapi%2F&grant_type=client_credentials");
  CHECK(test::run(io, fga->allowed({})).empty());
  CHECK(store.requests().size() == 1);
}

TEST_CASE_METHOD(FgaFixture, "Many checks go in requests of fifty, and what has no result is denied") {
  std::vector<FgaCheck> checks;
  for (int i = 0; i < 120; ++i) checks.push_back(view("doc:mine" + std::to_string(i)));
  const auto fga = fga_at(store.url(""));
  std::vector<bool> found = test::run(io, fga->allowed(checks));
  CHECK(std::ranges::count(found, true) == 120);
  CHECK(store.requests().size() == 3);
  forgotten = 2;
  found = test::run(io, fga->allowed(checks));
  CHECK(std::ranges::count(found, true) == 114);
  CHECK(issuer.asked() == 1);
}

TEST_CASE_METHOD(FgaFixture, "Odd answers allow nothing") {
  for (const char* odd : {"{}", "[]", "null", R"({"allowed":"true"})", R"({"allowed":1})", R"({"result":7})"}) {
    const Scripted api({http_answer("200 OK", odd)});
    const auto fga = fga_at(api.url());
    CHECK(one(*fga) == "no");
    CHECK(test::run(io, fga->allowed({view("doc:mine")})) == std::vector<bool>{false});
  }
}

TEST_CASE_METHOD(FgaFixture, "One check has the form of the guard") {
  const Scripted api({http_answer("200 OK", R"({"allowed":true})")});
  CHECK(one(*fga_at(api.url())) == "yes");
  CHECK(api.server().requests()[0].starts_with("POST /stores/S1/check HTTP/1.1\r\n"));
  CHECK(api.bodies()[0] == R"({"tuple_key":{"user":"user:ada@x.org","relation":"can_view","object":"doc:1"},)"
                           R"("contextual_tuples":{"tuple_keys":[]},"consistency":"HIGHER_CONSISTENCY"})");
}

TEST_CASE_METHOD(FgaFixture, "The token is renewed before its end, and once when it is refused") {
  const std::string yes = http_answer("200 OK", R"({"allowed":true})");
  const std::string refused = http_answer("401 Unauthorized", "{}");
  const Scripted api({yes, yes, refused, yes, refused, refused});
  const auto fga = fga_at(api.url());
  CHECK(one(*fga) == "yes");
  clock.advance(std::chrono::seconds(3569));
  CHECK(issuer.asked() == 1);
  clock.advance(std::chrono::seconds(1));
  CHECK(one(*fga) == "yes");
  CHECK(issuer.asked() == 2);
  CHECK(one(*fga) == "yes");
  CHECK(issuer.asked() == 3);
  CHECK(one(*fga).starts_with("FGA answered 401; check FGA_STORE_ID"));
}

TEST_CASE_METHOD(FgaFixture, "Trouble is an error and never a yes, and its text holds no secret") {
  for (const std::string& answer :
       {http_answer("500 Oops", "private"), http_answer("429 Many", "private"), http_answer("400 Bad", "private"),
        http_answer("200 OK", "<html>"), std::string()}) {
    const Scripted api({answer});
    const std::string text = one(*fga_at(api.url()));
    CHECK(text.find("FGA") != std::string::npos);
    CHECK(text.find("private") == std::string::npos);
    CHECK(text.find("t1") == std::string::npos);
  }
}

TEST_CASE_METHOD(FgaFixture, "A guarded tool acts for those who may") {
  const Scripted api({http_answer("200 OK", R"({"allowed":false})"), http_answer("200 OK", R"({"allowed":true})")});
  int made = 0;
  const ToolPointer inner = make_tool({"buy", "Buys.", parameters({})}, [&](ToolContext&, const json::object&) {
    ++made;
    return ToolResult("bought");
  });
  bool known = true;
  FgaCheckOf check_of = [&](ToolContext&, const json::object&) -> std::optional<FgaCheck> {
    if (!known) return std::nullopt;
    return view("doc:1");
  };
  const ToolPointer tool = with_fga(fga_at(api.url()), check_of, inner);
  CHECK(call(tool) == "The user is not allowed to perform the action.");
  CHECK(made == 0);
  CHECK(call(tool) == "bought");
  known = false;
  CHECK(call(tool) == "The user is not allowed to perform the action.");
  CHECK(api.asked() == 2);
}

TEST_CASE("The user of FGA is the authenticated one with an address that is not said to be unverified") {
  auto user_with = [](const char* key, const char* value) {
    runtime::RunConfig config;
    auto secrets = std::make_shared<runtime::Secrets>();
    secrets->emplace(key, runtime::SecretJson::take(runtime::parse_json(value)));
    config.secrets = secrets;
    return fga_user(config).value_or("nobody");
  };
  CHECK(fga_user(runtime::RunConfig()) == std::nullopt);
  CHECK(user_with("langgraph_auth_user", R"({"email":"ada@x.org"})") == "user:ada@x.org");
  CHECK(user_with("langgraph_auth_user", R"({"email":"ada@x.org","email_verified":true})") == "user:ada@x.org");
  CHECK(user_with("langgraph_auth_user", R"({"email":"ada@x.org","email_verified":false})") == "nobody");
  CHECK(user_with("langgraph_auth_user", R"({"email":"ada@x.org","email_verified":"false"})") == "nobody");
  CHECK(user_with("langgraph_auth_user", R"({"sub":"1"})") == "nobody");
  CHECK(user_with("langgraph_auth_user", R"({"email":""})") == "nobody");
  CHECK(user_with("_credentials", R"({"user":{"email":"ada@x.org"}})") == "nobody");
}
