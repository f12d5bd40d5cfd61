#include "graphs/async_authorization.h"

#include <catch2/catch.hpp>

#include "graphs/ciba.h"
#include "graphs/google_api.h"
#include "tests/graphs/permission_fixture.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::test::http_answer;
using heddle::test::refusal;
using heddle::test::Scripted;

namespace {

const std::string kStarted = http_answer("200 OK", R"({"auth_req_id":"r1","expires_in":300,"interval":7})");
const std::string kPending = refusal("400 Bad Request", "authorization_pending");
const std::string kAllowed = http_answer("200 OK", R"({"access_token":"private","expires_in":60})");

struct CibaFixture : test::PermissionFixture {
  int made = 0;
  CibaFixture() {
    wanted.binding_message = [](const json::object&) { return std::string("Pay 5 \u20ac & go"); };
  }

  ToolPointer tool_at(const std::string& tenant_url) {
    CibaSettings settings;
    settings.tenant.base_url = tenant_url;
    settings.client_id = "web client";
    settings.client_secret = runtime::Secret(std::string("web&secret"));
    auto authorization = std::make_shared<const Ciba>(client, clock, std::move(settings));
    const ToolPointer pay = make_tool({"pay", "Pays.", parameters({})}, [this](ToolContext&, const json::object&) {
      ++made;
      return ToolResult("paid");
    });
    return with_async_authorization(authorization, wanted, pay);
  }
  using PermissionFixture::call;
  // One with a tool of its own, as after a restart.
  std::string call(const std::string& tenant_url) { return call(tool_at(tenant_url)); }
  // What the second execution gives when the poll is answered so, after a first one that was pending.
  std::string polled(const std::string& answer) {
    task = {};
    const Scripted tenant({kStarted, kPending, answer});
    CHECK(call(tenant.url()).starts_with("asks "));
    std::string text = call(tenant.url());
    CHECK(tenant.asked() == 3);
    const std::size_t at = text.find("\"requestedAt\":");
    if (at != std::string::npos) text.erase(at, text.find(',', at) + 1 - at);
    return text;
  }
};

}  // namespace

TEST_CASE_METHOD(CibaFixture, "The user is asked once, and each execution polls once until there is an answer") {
  const Scripted tenant({kStarted, kPending, kPending, kAllowed});
  const json::object first = value_of(call(tenant.url()));
  CHECK(first.at("name") == "AUTH0_AI_INTERRUPT");
  CHECK(first.at("code") == "ASYNC_AUTHORIZATION_AUTHORIZATION_PENDING");
  CHECK(first.at("request").at("id") == "r1");
  CHECK(runtime::equal_json(first.at("request").at("expiresIn"), 300));
  CHECK(runtime::equal_json(first.at("request").at("interval"), 7));
  const double now = std::chrono::duration<double>(clock.now().time_since_epoch()).count();
  CHECK(first.at("request").at("requestedAt").to_number<double>() == now);
  CHECK(first.size() == 4);
  CHECK(value_of(call(tenant.url())) == first);
  CHECK(made == 0);
  CHECK(call(tenant.url()) == "paid");
  const std::vector<std::string> bodies = tenant.bodies();
  REQUIRE(bodies.size() == 4);
  const std::string start = tenant.server().requests()[0];
  CHECK(start.starts_with("POST /bc-authorize HTTP/1.1\r\n"));
  CHECK(start.find("Content-Type: application/x-www-form-urlencoded\r\n") != std::string::npos);
  const std::string issuer = url_encoded(tenant.url() + "/");
  CHECK(bodies[0] ==
        "scope=openid&audience=&requested_expiry=300&binding_message=Pay%205%20...%20.%20go&login_hint=%7B%22format%22"
        "%3A%22iss_sub%22%2C%22iss%22%3A%22" +
            issuer + "%22%2C%22sub%22%3A%22auth0%7Cada%22%7D&client_id=web%20client&client_secret=web%26secret");
  CHECK(tenant.server().requests()[1].starts_with("POST /oauth/token HTTP/1.1\r\n"));
  CHECK(bodies[1] ==
        "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id=r1&client_id=web%20client&client_secret="
        "web%26secret");
}

TEST_CASE_METHOD(CibaFixture, "What came to nothing is the result, by the codes of both generations") {
  struct Row {
    std::string answer;
    const char* current;
    const char* older;
  };
  const std::vector<Row> rows = {
      {refusal("403 Forbidden", "access_denied"), "ASYNC_AUTHORIZATION_ACCESS_DENIED", "CIBA_ACCESS_DENIED"},
      {refusal("400 Bad", "expired_token"), "ASYNC_AUTHORIZATION_AUTHORIZATION_REQUEST_EXPIRED",
       "CIBA_AUTHORIZATION_REQUEST_EXPIRED"},
      {refusal("400 Bad", "invalid_grant"), "ASYNC_AUTHORIZATION_INVALID_GRANT", "CIBA_AUTHORIZATION_POLLING_ERROR"},
      {refusal("400 Bad", "invalid_request"), "ASYNC_AUTHORIZATION_USER_DOES_NOT_HAVE_PUSH_NOTIFICATIONS",
       "CIBA_USER_DOES_NOT_HAVE_PUSH_NOTIFICATIONS"},
  };
  for (const Row& row : rows) {
    for (const VaultGeneration generation : {VaultGeneration::token_vault, VaultGeneration::federated}) {
      wanted.generation = generation;
      const std::string text = polled(row.answer);
      REQUIRE(text.starts_with("{"));
      const json::object value = runtime::parse_json(text).as_object();
      CHECK(value.at("code") == (generation == VaultGeneration::federated ? row.older : row.current));
      CHECK(value.contains("request") == (row.answer.find("invalid_request") == std::string::npos));
      CHECK(text.find("private words") == std::string::npos);
    }
  }
  CHECK(made == 0);
}

TEST_CASE_METHOD(CibaFixture, "A user without a device is told of as the result, without a poll") {
  const Scripted tenant({refusal("400 Bad Request", "invalid_request")});
  CHECK(runtime::parse_json(call(tenant.url())).at("code") ==
        "ASYNC_AUTHORIZATION_USER_DOES_NOT_HAVE_PUSH_NOTIFICATIONS");
  CHECK(tenant.asked() == 1);
}

TEST_CASE_METHOD(CibaFixture, "Polling too fast interrupts with the pause that the tenant wants") {
  const json::object value = value_of(polled(refusal("400 Bad", "slow_down", "Retry-After: 9\r\n")));
  CHECK(value.at("code") == "ASYNC_AUTHORIZATION_AUTHORIZATION_POLLING_ERROR");
  CHECK(runtime::equal_json(value.at("retryAfter"), 9));
  wanted.generation = VaultGeneration::federated;
  const json::object older = value_of(polled(refusal("400 Bad", "slow_down", "Retry-After: 9\r\n")));
  CHECK(older.at("code") == "CIBA_AUTHORIZATION_POLLING_ERROR");
  CHECK_FALSE(older.contains("retryAfter"));
}

TEST_CASE_METHOD(CibaFixture, "A request that has expired by the own clock is not polled, and another call asks anew") {
  const Scripted tenant({kStarted, kPending, kStarted, kPending});
  CHECK(call(tenant.url()).starts_with("asks "));
  clock.advance(std::chrono::seconds(300));
  CHECK(runtime::parse_json(call(tenant.url())).at("code") == "ASYNC_AUTHORIZATION_AUTHORIZATION_REQUEST_EXPIRED");
  CHECK(tenant.asked() == 2);
  CHECK(call(tenant.url()).starts_with("asks "));
  CHECK(tenant.asked() == 4);
}

TEST_CASE_METHOD(CibaFixture, "A tenant in trouble has not said no") {
  for (const std::string& answer : {refusal("503 Down", "x"), http_answer("429 Too Many", ""), std::string()}) {
    CHECK(value_of(polled(answer)).at("code") == "ASYNC_AUTHORIZATION_AUTHORIZATION_PENDING");
  }
}

TEST_CASE_METHOD(CibaFixture, "A permission that was given is not asked for again by the same call") {
  const Scripted tenant({kStarted, kAllowed});
  CHECK(call(tenant.url()) == "paid");
  CHECK(call(tenant.url()) == "paid");
  CHECK(tenant.asked() == 2);
  for (const auto& [key, kept] : task.finished) CHECK(runtime::to_text(kept).find("private") == std::string::npos);
}

TEST_CASE_METHOD(CibaFixture, "A wrong set-up and an unknown user are told as such") {
  for (const std::string& answer :
       {refusal("401 Unauthorized", "invalid_client"), refusal("403 No", "unauthorized_client")}) {
    task = {};
    const Scripted at_start({answer});
    CHECK(call(at_start.url()).starts_with("fails the Auth0 tenant refused to ask the user with 40"));
    const Scripted at_poll({kStarted, answer});
    CHECK(call(at_poll.url()).starts_with("fails the Auth0 tenant refused to tell what the user said with 40"));
  }
  task = {};
  for (const std::string& answer : {refusal("500 Oops", "x"), http_answer("200 OK", "{}"), std::string()}) {
    const Scripted tenant({answer});
    CHECK(call(tenant.url()) == "fails the Auth0 tenant could not ask the user; try again later");
  }
  CHECK(call("").find("AUTH0_DOMAIN, AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET") != std::string::npos);
  caller.user = "";
  const Scripted tenant({kStarted});
  CHECK(call(tenant.url()).find("the run is not authenticated") != std::string::npos);
  CHECK(tenant.asked() == 0);
  CHECK(made == 0);
}

TEST_CASE_METHOD(CibaFixture, "An interrupt says what the server can look for by itself, and until when") {
  const Scripted tenant({kStarted, kPending, refusal("400 Bad", "slow_down")});
  const ToolPointer tool = tool_at(tenant.url());
  call(tool);
  REQUIRE(awaited != nullptr);
  CHECK(awaited->probe == "pay");
  CHECK(awaited->subject == json::value{{"id", "r1"}});
  CHECK(awaited->interval == std::chrono::seconds(7));
  CHECK(awaited->until == clock.now() + std::chrono::seconds(300));
  call(tool);
  CHECK(awaited->interval == std::chrono::seconds(12));
}

TEST_CASE_METHOD(CibaFixture, "An answer that comes between two executions is there for the next one, unasked") {
  const Scripted tenant({kStarted, kPending, kPending, kAllowed});
  const ToolPointer tool = tool_at(tenant.url());
  call(tool);
  CHECK_FALSE(look(tool).has_come);
  CHECK(look(tool).has_come);
  CHECK(look(tool).has_come);
  CHECK(tenant.asked() == 4);
  CHECK(made == 0);
  CHECK(call(tool) == "paid");
  CHECK(tenant.asked() == 4);
  for (const std::string error : {"access_denied", "expired_token", "invalid_grant", "invalid_client"}) {
    task = {};
    const Scripted refusing({kStarted, kPending, refusal("400 Bad", error)});
    const ToolPointer other = tool_at(refusing.url());
    call(other);
    CHECK(look(other).has_come);
    const std::string text = call(other);
    CHECK((text.starts_with("{") || text.starts_with("fails ")));
    CHECK(refusing.asked() == 3);
  }
}

TEST_CASE_METHOD(CibaFixture, "Who looks too often, or in vain, is told to wait longer, or looks again") {
  const Scripted tenant({kStarted, kPending, refusal("429 Slow", "slow_down", "Retry-After: 9\r\n"),
                         refusal("400 Bad", "slow_down"), refusal("503 Down", "x"), std::string(), kAllowed});
  const ToolPointer tool = tool_at(tenant.url());
  call(tool);
  CHECK(look(tool).longer_by == std::chrono::seconds(9));
  CHECK(look(tool).longer_by == std::chrono::seconds(5));
  for (int i = 0; i < 2; ++i) {
    const runtime::Sign sign = look(tool);
    CHECK_FALSE(sign.has_come);
    CHECK(sign.longer_by == std::chrono::seconds(0));
  }
  CHECK(look(tool).has_come);
}

TEST_CASE_METHOD(CibaFixture, "What has to be settled first is not asked for again once the user has been asked") {
  int settled = 0;
  wanted.before = [&settled](ToolContext&) -> boost::asio::awaitable<void> {
    ++settled;
    co_return;
  };
  const Scripted tenant({kStarted, kPending, kAllowed});
  CHECK(call(tenant.url()).starts_with("asks "));
  CHECK(call(tenant.url()) == "paid");
  CHECK(settled == 1);
}

TEST_CASE("A binding message has the characters that Auth0 takes, and 64 of them") {
  CHECK(binding_text("Pay 5: a@x.org, #7_+-") == "Pay 5: a.x.org, #7_+-");
  CHECK(binding_text(std::string(100, 'a')) == std::string(64, 'a'));
}
