#pragma once
// What the environment says about assistant0: the Auth0 tenant, the servers of third parties, and which tools it has.

#include <map>
#include <string>
#include <vector>

#include "graphs/ciba.h"
#include "graphs/device_flow.h"
#include "graphs/fga.h"
#include "graphs/token_vault.h"
#include "graphs/tools/fetch_url.h"
#include "graphs/vault_connection.h"

namespace heddle::graphs {

enum class ApprovalBy {
  page,    // the user decides in the page (graphs/approval.h), and may edit
  phone,   // graphs/ciba.h
  device,  // graphs/device_flow.h
};

// Moved, not copied, because of the secrets.
struct Assistant0Settings {
  TokenVaultSettings vault;
  VaultGeneration generation = VaultGeneration::federated;
  std::string gmail_url;
  std::string calendar_url;
  std::vector<std::string> tools;  // by name, in order
  // How permissions are asked for that the user does not give in the page, and which of them a mail needs.
  CibaSettings phone;  // by the web application
  DeviceFlowSettings device;
  std::string audience;  // of such a permission; may be empty
  ApprovalBy send_mail_approval = ApprovalBy::page;
  FgaSettings fga;                               // without store, id or secret: not configured
  std::vector<std::string> documents_namespace;  // of the store
  FetchUrlSettings fetch_url;                    // nothing is allowed if nothing is listed
};

// Reads AUTH0_DOMAIN (scheme and slash are dropped; https always), AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET,
// AUTH0_CUSTOM_API_CLIENT_ID, AUTH0_CUSTOM_API_CLIENT_SECRET, AUTH0_TOKEN_VAULT_GENERATION (federated, token_vault;
// default: token_vault if there is a custom API client), GMAIL_BASE_URL, GOOGLE_CALENDAR_BASE_URL, AUTH0_AUDIENCE,
// AUTH0_CIBA_SEND_MAIL and AUTH0_DEVICE_SEND_MAIL (0 or 1, not both 1), AUTH0_DEVICE_CLIENT_ID, FGA_STORE_ID,
// FGA_CLIENT_ID, FGA_CLIENT_SECRET, FGA_API_URL, FGA_API_TOKEN_ISSUER, FGA_API_AUDIENCE, ASSISTANT0_DOCUMENTS (labels
// of a namespace with dots between), FETCH_URL_ALLOW (servers), FETCH_URL_NETWORKS (networks that are not public and
// may be connected to all the same) and ASSISTANT0_TOOLS (default calculator,search_gmail). What is not set may stay
// so, but FETCH_URL_ALLOW for the tool fetch_url. Throws std::runtime_error that names the variable and what it may be.
Assistant0Settings assistant0_settings(const std::map<std::string, std::string>& environment);

// The environment lacks something for tools that are wanted: one line for the operator for tools that work in the
// user's name and one for get_context_documents, which name the variables. Empty if nothing is missing.
std::string missing_for_assistant0(const Assistant0Settings& settings);

// The variables that get_context_documents still needs.
std::vector<std::string> missing_for_fga(const FgaSettings& settings);

// The Google connection of the sample for these scopes; what differs between the generations is added.
VaultConnection google_connection(VaultGeneration generation, std::vector<std::string> scopes);

}  // namespace heddle::graphs
