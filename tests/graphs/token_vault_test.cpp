#include "graphs/token_vault.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include "runtime/error.h"
#include "tests/graphs/vault_fixture.h"

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::graphs;
using namespace std::chrono_literals;
using heddle::test::Caller;
using heddle::test::gmail_connection;
using heddle::test::granted;
using heddle::test::refusal;
using heddle::test::Scripted;
using heddle::test::show_token;
using heddle::test::VaultFixture;

namespace {

const std::string kConsentFederated =
    R"(asks {"name":"AUTH0_AI_INTERRUPT","code":"FEDERATED_CONNECTION_ERROR","connection":"google-oauth2",)"
    R"("scopes":["https://www.googleapis.com/auth/gmail.readonly"],)"
    R"("requiredScopes":["https://www.googleapis.com/auth/gmail.readonly"],"behavior":"resume",)"
    R"("message":"Authorization required to access the Federated Connection: google-oauth2"})";

VaultConnection shared_by(CredentialsContext context) {
  VaultConnection connection = gmail_connection();
  connection.shared_by = context;
  return connection;
}

// A third party that refuses the first tokens it sees.
ToolPointer refusing(int times, Refused what) {
  auto left = std::make_shared<int>(times);
  auto body = [left, what](ToolContext& context, const json::object&) -> ToolResult {
    if (*left == 0) return "took " + std::string(context.token().access_token.reveal());
    --*left;
    throw ThirdPartyRefusal(what, "no");
  };
  return make_tool({"refusing", "", parameters({})}, body);
}

}  // namespace

TEST_CASE_METHOD(VaultFixture, "A wrapped tool has the name, description and schema of the tool inside") {
  const Scripted tenant({granted("g1")});
  const auto vault = vault_at(tenant.url());
  const ToolPointer tool = with_token_vault(*vault, gmail_connection(), show_token());
  CHECK(tool->declaration().name == "show_token");
  CHECK(tool->declaration().description == "Shows it.");
  CHECK(tool->declaration().parameters == show_token()->declaration().parameters);
}

TEST_CASE_METHOD(VaultFixture, "The older generation exchanges the run's refresh token with the web application") {
  const Scripted tenant({granted("g1")});
  const auto vault = vault_at(tenant.url());
  CHECK(call(with_token_vault(*vault, gmail_connection(), show_token())) == "g1");
  const json::value body = runtime::parse_json(tenant.bodies().at(0));
  CHECK(body.at("client_id") == "web-client");
  CHECK(body.at("client_secret") == "web-secret");
  CHECK(body.at("subject_token") == "refresh-1");
}

TEST_CASE_METHOD(VaultFixture,
                 "The current generation exchanges the verified access token with the custom API client") {
  const Scripted tenant({granted("g1")});
  const auto vault = vault_at(tenant.url());
  caller.access_token = "jwt-1";
  caller.user = "auth0|ada";
  CHECK(call(with_token_vault(*vault, gmail_connection(VaultGeneration::token_vault), show_token())) == "g1");
  const json::value body = runtime::parse_json(tenant.bodies().at(0));
  CHECK(body.at("client_id") == "api-client");
  CHECK(body.at("client_secret") == "api-secret");
  CHECK(body.at("subject_token") == "jwt-1");
}

TEST_CASE_METHOD(VaultFixture, "Without the user's token nothing is asked but the user") {
  const Scripted tenant({granted("g1")});
  const auto vault = vault_at(tenant.url());
  caller.refresh_token = "";
  CHECK(call(with_token_vault(*vault, gmail_connection(), show_token())) == kConsentFederated);
  const std::string current =
      call(with_token_vault(*vault, gmail_connection(VaultGeneration::token_vault), show_token()));
  CHECK(current.starts_with(R"(asks {"name":"AUTH0_AI_INTERRUPT","code":"TOKEN_VAULT_ERROR")"));
  CHECK(tenant.asked() == 0);
}

TEST_CASE_METHOD(VaultFixture, "Without a tenant the tool says what the operator has to set") {
  TokenVaultSettings settings;
  settings.application.id = "web-client";
  TokenVault vault(client, clock, log, std::move(settings));
  CHECK(call(with_token_vault(vault, gmail_connection(), show_token())) ==
        "fails this server has no access to google-oauth2: its operator has not set AUTH0_DOMAIN and "
        "AUTH0_CLIENT_SECRET");
  CHECK(call(with_token_vault(vault, gmail_connection(VaultGeneration::token_vault), show_token()))
            .ends_with("AUTH0_DOMAIN, AUTH0_CUSTOM_API_CLIENT_ID and AUTH0_CUSTOM_API_CLIENT_SECRET"));
}

TEST_CASE_METHOD(VaultFixture, "A refused exchange asks the user, and nothing of it is kept") {
  const Scripted tenant({refusal("401 Unauthorized", "federated_connection_refresh_token_not_found"), granted("g1")});
  const auto vault = vault_at(tenant.url());
  const ToolPointer tool = with_token_vault(*vault, gmail_connection(), show_token());
  CHECK(call(tool) == kConsentFederated);
  CHECK(call(tool) == "g1");
}

TEST_CASE_METHOD(VaultFixture, "A token with too few scopes is thrown away and asks the user") {
  const Scripted tenant({granted("poor", "3600", "openid"), granted("rich", "3600", "openid " + test::kGmailScope)});
  const auto vault = vault_at(tenant.url());
  const ToolPointer tool = with_token_vault(*vault, gmail_connection(), show_token());
  CHECK(call(tool).find(R"("requiredScopes":["openid","https://www.googleapis.com/auth/gmail.readonly"])") !=
        std::string::npos);
  CHECK(call(tool) == "rich");
}

TEST_CASE_METHOD(VaultFixture, "A failure that no consent mends is an error, logged without a secret") {
  const Scripted tenant({refusal("401 Unauthorized", "access_denied")});
  const auto vault = vault_at(tenant.url());
  const std::string told = call(with_token_vault(*vault, gmail_connection(), show_token()));
  CHECK(told.starts_with("fails auth0_exchange_misconfigured: "));
  CHECK(log_text.find("auth0_exchange_misconfigured") != std::string::npos);
  CHECK(log_text.find("google-oauth2") != std::string::npos);
  for (const char* secret : {"refresh-1", "web-secret", "private words"}) {
    CHECK(log_text.find(secret) == std::string::npos);
    CHECK(told.find(secret) == std::string::npos);
  }
}

TEST_CASE_METHOD(VaultFixture, "A thread shares one token, and another thread has its own") {
  const Scripted tenant({granted("g1"), granted("g2")});
  const auto vault = vault_at(tenant.url());
  const ToolPointer tool = with_token_vault(*vault, gmail_connection(), show_token());
  CHECK(call(tool) == "g1");
  CHECK(call(tool, {}, "call-2") == "g1");
  caller.thread = "0199a000-0000-7000-8000-000000000002";
  CHECK(call(tool) == "g2");
}

TEST_CASE_METHOD(VaultFixture, "Each context shares as much as its name says") {
  const std::string other = "0199a000-0000-7000-8000-000000000002";
  const ToolPointer sibling = make_tool({"sibling", "", parameters({})}, [](ToolContext& context, const json::object&) {
    return ToolResult(std::string(context.token().access_token.reveal()));
  });
  struct Row {
    CredentialsContext context;
    const char* same_call;
    const char* other_call;
    const char* other_tool;
    const char* other_thread;
  };
  const std::vector<Row> rows = {
      {CredentialsContext::tool_call, "g1", "g2", "g3", "g4"},
      {CredentialsContext::tool, "g1", "g1", "g2", "g3"},
      {CredentialsContext::thread, "g1", "g1", "g1", "g2"},
      {CredentialsContext::agent, "g1", "g1", "g1", "g1"},
  };
  for (const Row& row : rows) {
    const Scripted tenant({granted("g1"), granted("g2"), granted("g3"), granted("g4"), granted("g5")});
    const auto vault = vault_at(tenant.url());
    const ToolPointer tool = with_token_vault(*vault, shared_by(row.context), show_token());
    const ToolPointer wrapped_sibling = with_token_vault(*vault, shared_by(row.context), sibling);
    caller.thread = Caller().thread;
    CHECK(call(tool) == "g1");
    CHECK(call(tool) == row.same_call);
    CHECK(call(tool, {}, "call-2") == row.other_call);
    CHECK(call(wrapped_sibling) == row.other_tool);
    caller.thread = other;
    CHECK(call(tool) == row.other_thread);
  }
}

TEST_CASE_METHOD(VaultFixture, "No user is ever given another user's token, whatever is shared") {
  for (const CredentialsContext context : {CredentialsContext::tool_call, CredentialsContext::tool,
                                           CredentialsContext::thread, CredentialsContext::agent}) {
    const Scripted tenant({granted("g1"), granted("g2"), granted("g3"), granted("g4")});
    const auto vault = vault_at(tenant.url());
    const ToolPointer tool = with_token_vault(*vault, shared_by(context), show_token());
    caller = {.refresh_token = "of-ada"};
    CHECK(call(tool) == "g1");
    caller = {.refresh_token = "of-bob"};
    CHECK(call(tool) == "g2");
    // Both came through one authenticated client.
    caller = {.refresh_token = "of-ada", .user = "service"};
    CHECK(call(tool) == "g3");
    caller = {.refresh_token = "of-bob", .user = "service"};
    CHECK(call(tool) == "g4");
  }
}

TEST_CASE_METHOD(VaultFixture, "An authenticated user keeps the token when the access token is renewed") {
  const Scripted tenant({granted("g1"), granted("g2")});
  const auto vault = vault_at(tenant.url());
  const ToolPointer tool = with_token_vault(*vault, gmail_connection(VaultGeneration::token_vault), show_token());
  caller = {.access_token = "jwt-1", .user = "auth0|ada"};
  CHECK(call(tool) == "g1");
  caller.access_token = "jwt-2";
  CHECK(call(tool) == "g1");
  caller = {.access_token = "jwt-3", .user = "auth0|bob"};
  CHECK(call(tool) == "g2");
}

TEST_CASE_METHOD(VaultFixture, "Tools with other scopes have tokens of their own") {
  const std::string both = test::kGmailScope + " calendar";
  const Scripted tenant({granted("g1", "3600", both), granted("g2", "3600", both)});
  const auto vault = vault_at(tenant.url());
  VaultConnection calendar = gmail_connection();
  calendar.scopes = {"calendar"};
  CHECK(call(with_token_vault(*vault, gmail_connection(), show_token())) == "g1");
  CHECK(call(with_token_vault(*vault, calendar, show_token())) == "g2");
}

TEST_CASE_METHOD(VaultFixture, "A token is renewed half a minute before it ends") {
  const Scripted tenant({granted("g1", "100"), granted("g2")});
  const auto vault = vault_at(tenant.url());
  const ToolPointer tool = with_token_vault(*vault, gmail_connection(), show_token());
  CHECK(call(tool) == "g1");
  clock.advance(69s);
  CHECK(call(tool) == "g1");
  clock.advance(1s);
  CHECK(call(tool) == "g2");
}

TEST_CASE_METHOD(VaultFixture,
                 "A token that the third party refuses is exchanged once more, and the call made once more") {
  const Scripted tenant({granted("g1"), granted("g2")});
  const auto vault = vault_at(tenant.url());
  const ToolPointer tool = with_token_vault(*vault, gmail_connection(), refusing(1, Refused::token));
  CHECK(call(tool) == "took g2");
  CHECK(call(tool) == "took g2");
  CHECK(tenant.asked() == 2);
}

TEST_CASE_METHOD(VaultFixture, "A token that is refused twice asks the user and is not kept") {
  const Scripted tenant({granted("g1"), granted("g2"), granted("g3")});
  const auto vault = vault_at(tenant.url());
  const ToolPointer tool = with_token_vault(*vault, gmail_connection(), refusing(2, Refused::token));
  CHECK(call(tool) == kConsentFederated);
  CHECK(tenant.asked() == 2);
  CHECK(call(tool) == "took g3");
}

TEST_CASE_METHOD(VaultFixture, "A token whose scopes the third party finds too few asks the user at once") {
  const Scripted tenant({granted("g1"), granted("g2")});
  const auto vault = vault_at(tenant.url());
  const ToolPointer tool = with_token_vault(*vault, gmail_connection(), refusing(1, Refused::scopes));
  CHECK(call(tool).find(". Missing scopes: " + test::kGmailScope) != std::string::npos);
  CHECK(tenant.asked() == 1);
  CHECK(call(tool) == "took g2");
}

TEST_CASE_METHOD(VaultFixture, "Two calls at a time exchange once") {
  const Scripted tenant({granted("g1"), granted("g2")});
  const auto vault = vault_at(tenant.url());
  const ToolPointer tool = with_token_vault(*vault, gmail_connection(), show_token());
  test::FakeTask task;
  test::FakeContext node(task, runtime::State());
  node.run_config.secrets = test::secrets_of(caller);
  ToolContext one(node, "show_token", "1", "k1");
  ToolContext two(node, "show_token", "2", "k2");
  auto both = [&]() -> asio::awaitable<std::string> {
    const auto executor = co_await asio::this_coro::executor;
    auto first = asio::co_spawn(executor, test::text_of_call(tool, one, {}), asio::deferred);
    auto second = asio::co_spawn(executor, test::text_of_call(tool, two, {}), asio::deferred);
    auto group = asio::experimental::make_parallel_group(std::move(first), std::move(second));
    auto ended = co_await group.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    co_return std::get<2>(ended) + " " + std::get<4>(ended);
  };
  CHECK(test::run(io, both()) == "g1 g1");
  CHECK(tenant.asked() == 1);
}

TEST_CASE_METHOD(VaultFixture, "Tools in the vault cannot nest") {
  const Scripted tenant({granted("g1")});
  const auto vault = vault_at(tenant.url());
  const ToolPointer inner = with_token_vault(*vault, gmail_connection(), show_token());
  CHECK_THROWS_WITH(with_token_vault(*vault, gmail_connection(), inner),
                    "the tool show_token is in the Token Vault already; tools in it cannot nest");
  auto calls_inner = [inner](ToolContext& context, json::object) { return inner->call(context, {}); };
  const ToolPointer outer =
      with_token_vault(*vault, gmail_connection(), make_waiting_tool({"outer", "", parameters({})}, calls_inner));
  CHECK(call(outer) ==
        "fails the tool outer called show_token: tools in the Token Vault cannot nest; let the model call them one "
        "after the other");
}

TEST_CASE_METHOD(VaultFixture, "A tool that wants a token and is not wrapped says so") {
  CHECK(call(show_token()) == "fails the tool show_token needs a token; wrap it in with_token_vault()");
}

TEST_CASE_METHOD(VaultFixture, "A run that the server lets go on gets the token that is kept for its user and thread") {
  for (const VaultGeneration generation : {VaultGeneration::federated, VaultGeneration::token_vault}) {
    const Scripted tenant({granted("g1")});
    const auto vault = vault_at(tenant.url());
    const ToolPointer tool = with_token_vault(*vault, test::gmail_connection(generation), show_token());
    const Caller server{.user = "auth0|ada", .is_server = true};
    caller = server;
    CHECK(call(tool).starts_with("asks "));
    caller = {.refresh_token = "r1", .access_token = "a1", .user = "auth0|ada"};
    CHECK(call(tool) == "g1");
    caller = server;
    CHECK(call(tool) == "g1");
    CHECK(tenant.asked() == 1);

    caller = server;
    caller.user = "auth0|ben";
    CHECK(call(tool).starts_with("asks "));
    caller = server;
    caller.thread = "0199a000-0000-7000-8000-000000000002";
    CHECK(call(tool).starts_with("asks "));
    // A run of a client that brings nothing gets nothing.
    caller = {.user = "auth0|ada"};
    CHECK(call(tool).starts_with("asks "));
    clock.advance(std::chrono::hours(1));
    caller = server;
    CHECK(call(tool).starts_with("asks "));
    CHECK(tenant.asked() == 1);
  }
}

TEST_CASE_METHOD(VaultFixture, "Without a known user nothing is kept for runs without a request") {
  const Scripted tenant({granted("g1")});
  const auto vault = vault_at(tenant.url());
  const ToolPointer tool = with_token_vault(*vault, test::gmail_connection(), show_token());
  CHECK(call(tool) == "g1");
  caller = {.is_server = true};
  CHECK(call(tool).starts_with("asks "));
}

TEST_CASE_METHOD(VaultFixture, "A kept token that the third party refuses is not used again") {
  const Scripted tenant({granted("g1")});
  const auto vault = vault_at(tenant.url());
  int refused = 0;
  const ToolPointer refusing = make_tool({"refused", "Is refused.", parameters({})},
                                         [&refused](ToolContext& context, const json::object&) -> ToolResult {
                                           if (context.node().config().resumed_by_server) {
                                             ++refused;
                                             throw ThirdPartyRefusal(Refused::token, "no");
                                           }
                                           return "done";
                                         });
  const ToolPointer tool = with_token_vault(*vault, test::gmail_connection(), refusing);
  caller.user = "auth0|ada";
  CHECK(call(tool) == "done");
  caller = {.user = "auth0|ada", .is_server = true};
  CHECK(call(tool).starts_with("asks "));
  CHECK(refused == 1);
}
