#pragma once
// What a tool wants of a connection to a third party in the Token Vault (auth0-token-vault.md 1 and 2.4).

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

namespace heddle::graphs {

// Decides whose token proves the user, which client exchanges it, and how consent is asked for.
enum class VaultGeneration {
  federated,    // the refresh token in `_credentials`, the web application, FEDERATED_CONNECTION_ERROR
  token_vault,  // the verified access token of the request, the custom API client, TOKEN_VAULT_ERROR
};

// Which calls of one user share a token. Calls of different users never do.
enum class CredentialsContext { tool_call, tool, thread, agent };

struct VaultConnection {
  std::string name;                 // "google-oauth2"
  std::vector<std::string> scopes;  // all of them must have been granted
  VaultGeneration generation = VaultGeneration::federated;
  CredentialsContext shared_by = CredentialsContext::thread;
  std::optional<std::string> login_hint;       // of several identities of one user
  boost::json::object authorization_params{};  // further ones for the page that asks for consent; token_vault only
};

}  // namespace heddle::graphs
