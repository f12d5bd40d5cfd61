#include "graphs/authorization_interrupt.h"

#include <catch2/catch.hpp>

#include "runtime/json.h"
#include "runtime/uuid.h"
#include "tests/graphs/vault_fixture.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::test::FakeContext;
using heddle::test::FakeTask;
using Texts = std::vector<std::string>;

namespace {

std::string question(VaultGeneration generation, const std::optional<Texts>& held) {
  VaultConnection connection = test::gmail_connection(generation);
  if (generation == VaultGeneration::token_vault) connection.scopes.insert(connection.scopes.begin(), "openid");
  return runtime::to_text(authorization_question(connection, held));
}

}  // namespace

TEST_CASE("Scopes are split at every comma and blank, and an empty text holds one empty scope") {
  CHECK(held_scopes("a b") == Texts{"a", "b"});
  CHECK(held_scopes("a,b") == Texts{"a", "b"});
  CHECK(held_scopes("a, b") == Texts{"a", "", "b"});
  CHECK(held_scopes("") == Texts{""});
}

TEST_CASE("Scopes are compared letter by letter, and what is missing keeps the wanted order") {
  CHECK(missing_scopes({"c", "a", "b"}, {"a"}) == Texts{"c", "b"});
  CHECK(missing_scopes({"https://x/mail"}, {"https://x/mail.readonly", "https://x/Mail"}) == Texts{"https://x/mail"});
  CHECK(missing_scopes({}, {""}).empty());
}

TEST_CASE("Without a token the older generation asks for its connection") {
  CHECK(question(VaultGeneration::federated, std::nullopt) ==
        R"({"name":"AUTH0_AI_INTERRUPT","code":"FEDERATED_CONNECTION_ERROR","connection":"google-oauth2",)"
        R"("scopes":["https://www.googleapis.com/auth/gmail.readonly"],)"
        R"("requiredScopes":["https://www.googleapis.com/auth/gmail.readonly"],"behavior":"resume",)"
        R"("message":"Authorization required to access the Federated Connection: google-oauth2"})");
}

TEST_CASE("With too few scopes the older generation asks for what is held and for all that is wanted") {
  CHECK(question(VaultGeneration::federated, Texts{"openid", "https://www.googleapis.com/auth/userinfo.email"}) ==
        R"({"name":"AUTH0_AI_INTERRUPT","code":"FEDERATED_CONNECTION_ERROR","connection":"google-oauth2",)"
        R"("scopes":["https://www.googleapis.com/auth/gmail.readonly"],)"
        R"("requiredScopes":["openid","https://www.googleapis.com/auth/userinfo.email",)"
        R"("https://www.googleapis.com/auth/gmail.readonly"],"behavior":"resume",)"
        R"("message":"Authorization required to access the Federated Connection: google-oauth2. )"
        R"(Missing scopes: https://www.googleapis.com/auth/gmail.readonly"})");
}

TEST_CASE("Without a token the current generation asks with its parameters") {
  CHECK(question(VaultGeneration::token_vault, std::nullopt) ==
        R"({"name":"AUTH0_AI_INTERRUPT","code":"TOKEN_VAULT_ERROR","connection":"google-oauth2",)"
        R"("scopes":["openid","https://www.googleapis.com/auth/gmail.readonly"],)"
        R"("requiredScopes":["openid","https://www.googleapis.com/auth/gmail.readonly"],)"
        R"("authorizationParams":{},"behavior":"resume",)"
        R"("message":"Authorization required to access the Token Vault: google-oauth2"})");
}

TEST_CASE("With too few scopes the current generation asks for what is held and for what is missing") {
  CHECK(question(VaultGeneration::token_vault, Texts{"openid", "email"}) ==
        R"({"name":"AUTH0_AI_INTERRUPT","code":"TOKEN_VAULT_ERROR","connection":"google-oauth2",)"
        R"("scopes":["openid","https://www.googleapis.com/auth/gmail.readonly"],)"
        R"("requiredScopes":["openid","email","https://www.googleapis.com/auth/gmail.readonly"],)"
        R"("authorizationParams":{},"behavior":"resume",)"
        R"("message":"Authorization required to access the Token Vault: google-oauth2. )"
        R"(Authorized scopes: openid, email. Missing scopes: https://www.googleapis.com/auth/gmail.readonly"})");
}

TEST_CASE("Scopes that are granted and refused all the same are asked for again") {
  CHECK(question(VaultGeneration::federated, Texts{test::kGmailScope}).find("Missing scopes: " + test::kGmailScope) !=
        std::string::npos);
}

TEST_CASE("A question for consent has a stable id, takes no number and no answer of another question") {
  FakeTask task;
  task.answers.emplace_back("meant for somebody else");
  FakeContext node(task, runtime::State());
  ToolContext context(node, "t", "1", "k");
  auto id_of = [&](std::string_view what) {
    try {
      ask_to_authorize(context, what, json::object{{"a", 1}});
    } catch (const runtime::NodeInterrupted& asked) {
      CHECK(asked.interrupt.value == json::object{{"a", 1}});
      return asked.interrupt.id;
    }
  };
  const std::string id = id_of("google-oauth2");
  CHECK(id.size() == 32);
  CHECK(id == id_of("google-oauth2"));
  CHECK(id != id_of("slack"));
  CHECK(id != runtime::interrupt_id(node.checkpoint_ns()));
  CHECK(context.interrupt("mine") == "meant for somebody else");
}
