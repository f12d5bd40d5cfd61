#include "graphs/assistant0_settings.h"

#include <catch2/catch.hpp>

#include "graphs/assistant0_tools.h"
#include "tests/graphs/vault_fixture.h"

using namespace heddle;
using namespace heddle::graphs;
using Texts = std::vector<std::string>;

TEST_CASE("Without any variable the agent has the sample's tools, and what is missing is said") {
  const Assistant0Settings settings = assistant0_settings({});
  CHECK(settings.tools == Texts{"calculator", "search_gmail"});
  CHECK(settings.gmail_url == "https://gmail.googleapis.com");
  CHECK(settings.generation == VaultGeneration::federated);
  CHECK(settings.vault.exchange.base_url.empty());
  CHECK(missing_for_assistant0(settings) ==
        "assistant0: search_gmail has no access to Google and says so; to give it some, set AUTH0_DOMAIN, "
        "AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET");
}

TEST_CASE("A domain loses its scheme and slash and is always reached by https") {
  for (const char* domain :
       {"t.auth0.com", "https://t.auth0.com", "https://t.auth0.com/", "http://t.auth0.com//", " t.auth0.com "}) {
    CHECK(assistant0_settings({{"AUTH0_DOMAIN", domain}}).vault.exchange.base_url == "https://t.auth0.com");
  }
  CHECK(assistant0_settings({{"AUTH0_DOMAIN", "localhost:4443"}}).vault.exchange.base_url == "https://localhost:4443");
  for (const char* wrong : {"t.auth0.com/oauth", "user@t.auth0.com", "a b"}) {
    CHECK_THROWS_WITH(assistant0_settings({{"AUTH0_DOMAIN", wrong}}), Catch::Contains("AUTH0_DOMAIN: must be"));
  }
}

TEST_CASE("The generation is named, or follows from the client that there is") {
  CHECK(assistant0_settings({{"AUTH0_CUSTOM_API_CLIENT_ID", "c"}}).generation == VaultGeneration::token_vault);
  CHECK(assistant0_settings({{"AUTH0_CUSTOM_API_CLIENT_ID", "c"}, {"AUTH0_TOKEN_VAULT_GENERATION", "federated"}})
            .generation == VaultGeneration::federated);
  CHECK(assistant0_settings({{"AUTH0_TOKEN_VAULT_GENERATION", "token_vault"}}).generation ==
        VaultGeneration::token_vault);
  CHECK_THROWS_WITH(assistant0_settings({{"AUTH0_TOKEN_VAULT_GENERATION", "old"}}),
                    "AUTH0_TOKEN_VAULT_GENERATION: must be federated or token_vault");
}

TEST_CASE("Only what this generation needs counts as missing, and nothing without a tool that needs it") {
  const std::map<std::string, std::string> partly = {{"AUTH0_DOMAIN", "t.auth0.com"},
                                                     {"AUTH0_CUSTOM_API_CLIENT_ID", "c"}};
  CHECK(missing_for_assistant0(assistant0_settings(partly)).ends_with("set AUTH0_CUSTOM_API_CLIENT_SECRET"));
  CHECK(missing_for_assistant0(
            assistant0_settings({{"AUTH0_DOMAIN", "t"}, {"AUTH0_CLIENT_ID", "c"}, {"AUTH0_CLIENT_SECRET", "s"}}))
            .empty());
  CHECK(missing_for_assistant0(assistant0_settings({{"ASSISTANT0_TOOLS", "calculator"}})).empty());
}

TEST_CASE("The current generation also wants openid of Google") {
  CHECK(google_connection(VaultGeneration::federated, {"s"}).scopes == Texts{"s"});
  CHECK(google_connection(VaultGeneration::token_vault, {"s"}).scopes == Texts{"openid", "s"});
}

TEST_CASE_METHOD(test::VaultFixture, "The tools are those that the environment names, in its order") {
  const auto vault = vault_at("");
  auto names = [&](const std::string& list) {
    std::string text;
    const Assistant0Settings settings = assistant0_settings({{"ASSISTANT0_TOOLS", list}});
    for (const ToolPointer& tool : assistant0_tools(settings, {client, clock, *vault})) {
      text += tool->declaration().name + " ";
    }
    return text;
  };
  CHECK(names("") == "calculator search_gmail ");
  CHECK(names(" current_time , ask_human,,calculator") == "current_time ask_human calculator ");
  CHECK_THROWS_WITH(names("calulator"),
                    "ASSISTANT0_TOOLS: no tool \"calulator\"; there are ask_human, calculator, current_time, "
                    "fetch_url, get_context_documents, list_calendar_events, search_gmail, send_mail, user_profile");
  CHECK_THROWS_WITH(names("ask_human,ask_human"), "ASSISTANT0_TOOLS: \"ask_human\" comes twice");
}

TEST_CASE("A base URL without a scheme is refused") {
  CHECK_THROWS_WITH(assistant0_settings({{"GMAIL_BASE_URL", "gmail"}}),
                    Catch::StartsWith("GMAIL_BASE_URL: must begin"));
  CHECK(assistant0_settings({{"GMAIL_BASE_URL", "http://127.0.0.1:1/"}}).gmail_url == "http://127.0.0.1:1");
}

TEST_CASE("Whether a mail needs permission on a device is said by 0 or 1") {
  CHECK(assistant0_settings({}).send_mail_approval == ApprovalBy::page);
  CHECK(assistant0_settings({{"AUTH0_CIBA_SEND_MAIL", "0"}}).send_mail_approval == ApprovalBy::page);
  CHECK_THROWS_WITH(assistant0_settings({{"AUTH0_CIBA_SEND_MAIL", "yes"}}), "AUTH0_CIBA_SEND_MAIL: must be 0 or 1");
  const Assistant0Settings settings = assistant0_settings({{"AUTH0_CIBA_SEND_MAIL", "1"},
                                                           {"AUTH0_DOMAIN", "t"},
                                                           {"AUTH0_CLIENT_ID", "c"},
                                                           {"AUTH0_CLIENT_SECRET", "s"},
                                                           {"AUTH0_AUDIENCE", "a"}});
  CHECK(settings.send_mail_approval == ApprovalBy::phone);
  CHECK(settings.phone.tenant.base_url == "https://t");
  CHECK(settings.phone.client_id == "c");
  CHECK(settings.phone.client_secret.reveal() == "s");
  CHECK(settings.audience == "a");
}

TEST_CASE("A mail is approved in one place, and the device flow needs a client of its own") {
  CHECK_THROWS_WITH(assistant0_settings({{"AUTH0_DEVICE_SEND_MAIL", "1"}}),
                    Catch::StartsWith("AUTH0_DEVICE_CLIENT_ID: must be set"));
  CHECK_THROWS_WITH(assistant0_settings({{"AUTH0_DEVICE_SEND_MAIL", "1"}, {"AUTH0_CIBA_SEND_MAIL", "1"}}),
                    Catch::StartsWith("AUTH0_DEVICE_SEND_MAIL: must not be 1"));
  const Assistant0Settings settings = assistant0_settings(
      {{"AUTH0_DEVICE_SEND_MAIL", "1"}, {"AUTH0_DEVICE_CLIENT_ID", "native"}, {"AUTH0_DOMAIN", "t"}});
  CHECK(settings.send_mail_approval == ApprovalBy::device);
  CHECK(settings.device.client_id == "native");
  CHECK(settings.device.tenant.base_url == "https://t");
}

TEST_CASE_METHOD(test::VaultFixture, "Documents are offered only with FGA, and what is missing is said") {
  const auto vault = vault_at("");
  std::map<std::string, std::string> environment = {{"ASSISTANT0_TOOLS", "get_context_documents"},
                                                    {"FGA_STORE_ID", "s"}};
  const Assistant0Settings without = assistant0_settings(environment);
  CHECK(assistant0_tools(without, {client, clock, *vault}).empty());
  CHECK(missing_for_assistant0(without) ==
        "assistant0: get_context_documents is not offered; to offer it, set FGA_CLIENT_ID, FGA_CLIENT_SECRET");
  environment.insert({{"FGA_CLIENT_ID", "c"}, {"FGA_CLIENT_SECRET", "x"}, {"ASSISTANT0_DOCUMENTS", "docs.team"}});
  const Assistant0Settings with = assistant0_settings(environment);
  CHECK(assistant0_tools(with, {client, clock, *vault}).size() == 1);
  CHECK(missing_for_assistant0(with).empty());
  CHECK(with.fga.api_url == "https://api.us1.fga.dev");
  CHECK(with.fga.issuer_url == "https://auth.fga.dev");
  CHECK(with.fga.audience == "https://api.us1.fga.dev/");
  CHECK(with.documents_namespace == Texts{"docs", "team"});
  CHECK(without.documents_namespace == Texts{"documents"});
}

TEST_CASE_METHOD(test::VaultFixture, "Pages are fetched only from servers that are listed, and a list there must be") {
  const auto vault = vault_at("");
  CHECK_THROWS_WITH(assistant0_settings({{"ASSISTANT0_TOOLS", "fetch_url"}}),
                    Catch::StartsWith("FETCH_URL_ALLOW: must list the servers"));
  CHECK_THROWS_WITH(assistant0_settings({{"FETCH_URL_ALLOW", "a.example/path"}}),
                    Catch::StartsWith("FETCH_URL_ALLOW: \"a.example/path\" is no host"));
  CHECK_THROWS_WITH(assistant0_settings({{"FETCH_URL_NETWORKS", "inside"}}),
                    Catch::StartsWith("FETCH_URL_NETWORKS: \"inside\" is no network"));
  const Assistant0Settings settings = assistant0_settings({{"ASSISTANT0_TOOLS", "fetch_url"},
                                                           {"FETCH_URL_ALLOW", "docs.example.com, *.example.org:8443"},
                                                           {"FETCH_URL_NETWORKS", "10.1.0.0/16"}});
  REQUIRE(settings.fetch_url.allowed.size() == 2);
  CHECK(settings.fetch_url.networks.size() == 1);
  const std::vector<ToolPointer> tools = assistant0_tools(settings, {client, clock, *vault});
  REQUIRE(tools.size() == 1);
  CHECK(tools[0]->declaration().description.ends_with("docs.example.com, *.example.org"));
}
