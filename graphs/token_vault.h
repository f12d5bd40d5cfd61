#pragma once
// The Token Vault (auth0-token-vault.md 2 to 4): third parties' tokens for the user of a run.
//
// Whoever makes a tool that works in the user's name at a third party writes it as if it had a token
// (ToolContext::token()) and wraps it:
//
//   with_token_vault(vault, {.name = "google-oauth2", .scopes = {"https://www.googleapis.com/auth/gmail.readonly"}},
//                    search_gmail_tool(client))

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "graphs/http_client.h"
#include "graphs/third_party_token.h"
#include "graphs/token_cache.h"
#include "graphs/token_exchange.h"
#include "graphs/tool.h"
#include "graphs/vault_connection.h"
#include "runtime/clock.h"
#include "runtime/log.h"

namespace heddle::graphs {

// A client of the tenant. Moved, not copied, because of its secret.
struct VaultClient {
  std::string id;
  runtime::Secret secret;
};

struct TokenVaultSettings {
  ExchangeSettings exchange;  // without a base_url nothing is configured
  VaultClient application;    // exchanges refresh tokens (VaultGeneration::federated)
  VaultClient custom_api;     // exchanges access tokens (VaultGeneration::token_vault)
  TokenCacheSettings cache;
};

// The environment variables that are still to be set for connections of this generation; none: all is there.
std::vector<std::string> missing_variables(const TokenVaultSettings& settings, VaultGeneration generation);

// Shared by all tools and runs; any thread may call.
class TokenVault {
 public:
  // What was got, and where it is kept.
  struct Lent {
    TokenPointer token;
    std::string key;
  };

  // Client, clock and log outlive the vault, and the vault its tools.
  TokenVault(HttpClient& client, const runtime::Clock& clock, runtime::Log& log, TokenVaultSettings settings);

  // A token with all scopes of the connection, for the user whose credentials this very run has brought. A run that
  // the server lets go on (RunConfig::resumed_by_server) brings none, and gets the one that is kept of the run before,
  // if the server knows the user. Throws NodeInterrupted when the user has to consent, and GraphError when something
  // else is in the way: auth0_not_configured, auth0_exchange_misconfigured, auth0_exchange_rate_limited,
  // auth0_exchange_failed. Cancellable.
  boost::asio::awaitable<Lent> lend(ToolContext& context, const VaultConnection& connection);

  // The same without the token: returns when the user has consented.
  boost::asio::awaitable<void> check(ToolContext& context, const VaultConnection& connection);

  // The third party has refused the token: the next one who asks gets another.
  void forget(const Lent& lent);

  // Asks the user for consent. `held`: as in authorization_question().
  [[noreturn]] void ask(ToolContext& context, const VaultConnection& connection,
                        const std::optional<std::vector<std::string>>& held) const;

 private:
  const VaultClient& client_of(VaultGeneration generation) const;
  std::string key_of(ToolContext& context, const VaultConnection& connection, const runtime::Secret* subject) const;
  Lent find_kept(ToolContext& context, const VaultConnection& connection);
  void keep_for_resume(ToolContext& context, const VaultConnection& connection, const Lent& lent);
  boost::asio::awaitable<ExchangeOutcome> make(const VaultConnection& connection, const runtime::Secret& subject) const;

  runtime::Log& log_;
  TokenVaultSettings settings_;
  TokenExchange exchange_;
  TokenCache cache_;
  runtime::Secret hash_key_;  // of this process
};

// The tool with name, description and schema of `tool`, which finds a token in its context. When the third party
// refuses the token (ThirdPartyRefusal) the call is made once more with a new one; if that is refused too, or if its
// scopes are not enough, the user is asked. Throws std::logic_error if `tool` is wrapped already; a wrapped tool that
// calls another one fails.
ToolPointer with_token_vault(TokenVault& vault, VaultConnection connection, ToolPointer tool);

}  // namespace heddle::graphs
