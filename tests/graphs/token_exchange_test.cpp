#include "graphs/token_exchange.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/graphs/vault_fixture.h"

using namespace heddle;
using namespace heddle::graphs;
using namespace std::chrono_literals;
using heddle::test::granted;
using heddle::test::http_answer;
using heddle::test::refusal;
using heddle::test::Scripted;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;

namespace {

ExchangeRequest request_of(VaultGeneration generation = VaultGeneration::federated) {
  ExchangeRequest request;
  request.client_id = "web-client";
  request.client_secret = runtime::Secret(std::string("s\"ecret"));
  request.generation = generation;
  request.subject_token = runtime::Secret(std::string("refresh-1"));
  request.connection = "google-oauth2";
  return request;
}

struct ExchangeFixture {
  boost::asio::io_context io;
  HttpClient client;
  ExchangeSettings settings{.pause = 1ms, .retry_after = 1ms};

  ExchangeOutcome exchange(const std::string& tenant_url) {
    settings.base_url = tenant_url;
    const TokenExchange exchange(client, settings);
    return test::run(io, exchange.run(request_of()));
  }
  // "token T", "consent", or the text of the failure.
  std::string outcome(const std::string& tenant_url) {
    const ExchangeOutcome result = exchange(tenant_url);
    if (const auto* token = std::get_if<TokenPointer>(&result)) {
      return "token " + std::string((*token)->access_token.reveal());
    }
    if (std::holds_alternative<ConsentNeeded>(result)) return "consent";
    return std::get<ExchangeFailed>(result).text;
  }
};

}  // namespace

TEST_CASE("The body of an exchange has exactly the fields of the reference") {
  CHECK(exchange_body(request_of()) ==
        R"({"grant_type":"urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",)"
        R"("client_id":"web-client","client_secret":"s\"ecret",)"
        R"("subject_token_type":"urn:ietf:params:oauth:token-type:refresh_token","subject_token":"refresh-1",)"
        R"("connection":"google-oauth2",)"
        R"("requested_token_type":"http://auth0.com/oauth/token-type/federated-connection-access-token"})");
}

TEST_CASE("An access token is exchanged as one, and a login hint is sent only when there is one") {
  ExchangeRequest request = request_of(VaultGeneration::token_vault);
  request.login_hint = "ada";
  const json::value body = runtime::parse_json(exchange_body(request));
  CHECK(body.at("subject_token_type") == "urn:ietf:params:oauth:token-type:access_token");
  CHECK(body.at("login_hint") == "ada");
  CHECK(body.as_object().size() == 8);
}

TEST_CASE_METHOD(ExchangeFixture, "An exchange is one JSON request to the tenant's token endpoint") {
  const Scripted tenant({granted("google-1", "3600", "openid profile")});
  const ExchangeOutcome result = exchange(tenant.url());
  const TokenPointer token = std::get<TokenPointer>(result);
  CHECK(token->access_token.reveal() == "google-1");
  CHECK(token->scopes == std::vector<std::string>{"openid", "profile"});
  CHECK(token->expires_in == 3600s);
  REQUIRE(tenant.asked() == 1);
  const std::string sent = tenant.server().requests()[0];
  CHECK(sent.starts_with("POST /oauth/token HTTP/1.1\r\n"));
  CHECK(sent.find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(sent.find("Authorization:") == std::string::npos);
  CHECK(tenant.bodies()[0] == exchange_body(request_of()));
}

TEST_CASE_METHOD(ExchangeFixture, "A token without a lifetime, or with none left to count, does not end by itself") {
  for (const char* lifetime : {"0", "null", "-5", "\"soon\""}) {
    INFO(lifetime);
    const Scripted tenant({granted("t", lifetime)});
    const ExchangeOutcome result = exchange(tenant.url());
    CHECK_FALSE(std::get<TokenPointer>(result)->expires_in);
  }
}

TEST_CASE_METHOD(ExchangeFixture, "What consent mends asks for consent") {
  struct Row {
    const char* status;
    const char* code;
  };
  const std::vector<Row> rows = {
      {"401 Unauthorized", "federated_connection_refresh_token_not_found"},
      {"401 Unauthorized", "federated_connection_refresh_token_flow_failed"},
      {"403 Forbidden", "federated_connection_refresh_token_flow_failed"},
      {"403 Forbidden", "invalid_grant"},
      {"400 Bad Request", "invalid_grant"},
  };
  for (const Row& row : rows) {
    INFO(row.status << " " << row.code);
    const Scripted tenant({refusal(row.status, row.code)});
    CHECK(outcome(tenant.url()) == "consent");
    CHECK(tenant.asked() == 1);
  }
}

TEST_CASE_METHOD(ExchangeFixture,
                 "What only the operator mends is an error, which shows code and status and no word more") {
  struct Row {
    const char* status;
    const char* code;
  };
  const std::vector<Row> rows = {
      {"401 Unauthorized", "invalid_token"},
      {"401 Unauthorized", "access_denied"},
      {"400 Bad Request", "invalid_request"},
      {"400 Bad Request", "unsupported_grant_type"},
      {"400 Bad Request", "unauthorized_client"},
      {"403 Forbidden", "something_new"},
      {"404 Not Found", "not_found"},
      {"302 Found", "elsewhere"},
  };
  for (const Row& row : rows) {
    const Scripted tenant({refusal(row.status, row.code, "Location: http://127.0.0.1:1/\r\n")});
    const std::string text = outcome(tenant.url());
    INFO(text);
    CHECK(text.starts_with("auth0_exchange_misconfigured: "));
    CHECK(text.find(std::string(row.status).substr(0, 3) + " " + row.code) != std::string::npos);
    CHECK(text.find("private") == std::string::npos);
    CHECK(text.find("refresh-1") == std::string::npos);
    CHECK(tenant.asked() == 1);
  }
}

TEST_CASE_METHOD(ExchangeFixture, "A code that is none is not shown") {
  const Scripted tenant({refusal("400 Bad Request", "Dear operator, refresh-1")});
  const std::string text = outcome(tenant.url());
  CHECK(text.find("Dear") == std::string::npos);
  CHECK(text.find("with 400;") != std::string::npos);
}

TEST_CASE_METHOD(ExchangeFixture, "A tenant that is asked too often is asked again when it says, for a short while") {
  const std::string wait = refusal("429 Too Many Requests", "too_many_requests", "Retry-After: 0\r\n");
  const Scripted relenting({wait, wait, granted("t")});
  CHECK(outcome(relenting.url()) == "token t");
  const Scripted unrelenting({wait});
  CHECK(outcome(unrelenting.url()).starts_with("auth0_exchange_rate_limited: "));
  CHECK(unrelenting.asked() == 3);
  const Scripted patient({refusal("429 Too Many Requests", "too_many_requests", "Retry-After: 60\r\n")});
  CHECK(outcome(patient.url()).starts_with("auth0_exchange_rate_limited: "));
  CHECK(patient.asked() == 1);
}

TEST_CASE_METHOD(ExchangeFixture, "A tenant in trouble is asked once more") {
  const Scripted recovering({refusal("503 Down", "x"), granted("t")});
  CHECK(outcome(recovering.url()) == "token t");
  const Scripted down({refusal("500 Oops", "server_error")});
  CHECK(
      outcome(down.url()).starts_with("auth0_exchange_failed: the Auth0 tenant answered the token exchange with 500"));
  CHECK(down.asked() == 2);
}

TEST_CASE_METHOD(ExchangeFixture, "A connection that is cut before any byte is made once more, a later cut is not") {
  const Scripted recovering({"", granted("t")});
  CHECK(outcome(recovering.url()) == "token t");
  const Scripted cut({""});
  CHECK(outcome(cut.url()).starts_with("auth0_exchange_failed: the Auth0 tenant cannot be reached: POST http://127.0"));
  CHECK(cut.asked() == 2);
  const Scripted halved({"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"access"});
  CHECK(outcome(halved.url()).starts_with("auth0_exchange_failed: "));
  CHECK(halved.asked() == 1);
}

TEST_CASE_METHOD(ExchangeFixture, "A tenant that does not answer in time is given up and not asked again") {
  settings.timeout = 50ms;
  TinyServer silent([](TinyConnection& connection, const std::string&) { connection.wait_until_closed(); });
  CHECK(outcome(silent.url("")).starts_with("auth0_exchange_failed: "));
  CHECK(silent.requests().size() == 1);
}

TEST_CASE_METHOD(ExchangeFixture, "An answer that is no token is an error that does not show it") {
  for (const std::string body :
       {"<html>refresh-1</html>", "[]", R"({"access_token":7})", R"({"access_token":""})", R"({"token":"private"})"}) {
    INFO(body);
    const Scripted tenant({http_answer("200 OK", body)});
    CHECK(outcome(tenant.url()) ==
          "auth0_exchange_failed: the Auth0 tenant answered the token exchange with something that is no token");
  }
}

TEST_CASE_METHOD(ExchangeFixture, "An answer without end is not read to its end") {
  const std::string head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
  const Scripted tenant({head + std::string(2UL * 1024 * 1024, ' ')});
  CHECK(outcome(tenant.url()).find("more than 1 MiB") != std::string::npos);
}
