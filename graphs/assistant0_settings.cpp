#include "graphs/assistant0_settings.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "graphs/tools/list_calendar_events.h"
#include "graphs/tools/search_gmail.h"

namespace heddle::graphs {
namespace {

using Environment = std::map<std::string, std::string>;

constexpr std::array<std::string_view, 3> kToolsInVault = {"search_gmail", "list_calendar_events", "send_mail"};

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// "https://" and the host that a variable names, with its port if it has one; empty if none is named.
std::string https_url(const Environment& environment, const std::string& name, const std::string& like) {
  std::string domain = trimmed(variable(environment, name));
  const std::size_t scheme = domain.find("://");
  if (scheme != std::string::npos) domain.erase(0, scheme + 3);
  while (domain.ends_with('/')) domain.pop_back();
  if (domain.empty()) return "";
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == ':' || c == '_' || c == '[' || c == ']';
  };
  if (!std::ranges::all_of(domain, allowed)) {
    throw std::runtime_error(name + ": must be the name of the tenant's host, like " + like);
  }
  return "https://" + domain;
}

std::string url_of(const Environment& environment, const std::string& name, const std::string& otherwise) {
  std::string url = trimmed(variable(environment, name));
  if (url.empty()) return otherwise;
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    throw std::runtime_error(name + ": must begin with http:// or https://, like " + otherwise);
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

VaultClient client_of(const Environment& environment, const std::string& prefix) {
  return {trimmed(variable(environment, prefix + "ID")), runtime::Secret(variable(environment, prefix + "SECRET"))};
}

VaultGeneration generation_of(const Environment& environment) {
  const std::string named = trimmed(variable(environment, "AUTH0_TOKEN_VAULT_GENERATION"));
  if (named == "federated") return VaultGeneration::federated;
  if (named == "token_vault") return VaultGeneration::token_vault;
  if (!named.empty()) throw std::runtime_error("AUTH0_TOKEN_VAULT_GENERATION: must be federated or token_vault");
  return variable(environment, "AUTH0_CUSTOM_API_CLIENT_ID").empty() ? VaultGeneration::federated
                                                                     : VaultGeneration::token_vault;
}

bool switch_of(const Environment& environment, const std::string& name) {
  const std::string value = trimmed(variable(environment, name));
  if (value.empty() || value == "0") return false;
  if (value == "1") return true;
  throw std::runtime_error(name + ": must be 0 or 1");
}

ApprovalBy approval_of(const Environment& environment) {
  const bool by_phone = switch_of(environment, "AUTH0_CIBA_SEND_MAIL");
  const bool by_device = switch_of(environment, "AUTH0_DEVICE_SEND_MAIL");
  if (by_phone && by_device) {
    throw std::runtime_error("AUTH0_DEVICE_SEND_MAIL: must not be 1 together with AUTH0_CIBA_SEND_MAIL; take one out");
  }
  if (by_device && trimmed(variable(environment, "AUTH0_DEVICE_CLIENT_ID")).empty()) {
    throw std::runtime_error(
        "AUTH0_DEVICE_CLIENT_ID: must be set with AUTH0_DEVICE_SEND_MAIL, to the id of a native application with the "
        "device code grant");
  }
  if (by_phone) return ApprovalBy::phone;
  return by_device ? ApprovalBy::device : ApprovalBy::page;
}

FgaSettings fga_of(const Environment& environment) {
  FgaSettings fga;
  fga.api_url = url_of(environment, "FGA_API_URL", "https://api.us1.fga.dev");
  fga.issuer_url = https_url(environment, "FGA_API_TOKEN_ISSUER", "auth.fga.dev");
  if (fga.issuer_url.empty()) fga.issuer_url = "https://auth.fga.dev";
  fga.audience = trimmed(variable(environment, "FGA_API_AUDIENCE"));
  if (fga.audience.empty()) fga.audience = "https://api.us1.fga.dev/";
  fga.store_id = trimmed(variable(environment, "FGA_STORE_ID"));
  fga.client_id = trimmed(variable(environment, "FGA_CLIENT_ID"));
  fga.client_secret = runtime::Secret(variable(environment, "FGA_CLIENT_SECRET"));
  return fga;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// About the tools that work in the user's name.
std::string missing_for_vault(const Assistant0Settings& settings) {
  std::vector<std::string> tools;
  auto in_vault = [](const std::string& name) { return std::ranges::find(kToolsInVault, name) != kToolsInVault.end(); };
  std::ranges::copy_if(settings.tools, std::back_inserter(tools), in_vault);
  const std::vector<std::string> missing = missing_variables(settings.vault, settings.generation);
  if (tools.empty() || missing.empty()) return "";
  const bool one = tools.size() == 1;
  return "assistant0: " + joined(tools) +
         (one ? " has no access to Google and says so; to give it some, set "
              : " have no access to Google and say so; to give them some, set ") +
         joined(missing);
}

std::vector<std::string> listed(const std::string& text, char separator = ',') {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(separator, begin), text.size());
    std::string name = trimmed(std::string_view(text).substr(begin, comma - begin));
    if (!name.empty()) names.push_back(std::move(name));
    begin = comma + 1;
  }
  return names;
}

FetchUrlSettings fetch_url_of(const Environment& environment) {
  FetchUrlSettings fetch_url;
  for (const std::string& entry : listed(variable(environment, "FETCH_URL_ALLOW"))) {
    try {
      fetch_url.allowed.push_back(AllowedOrigin::parse(entry));
    } catch (const std::invalid_argument& error) {
      throw std::runtime_error(std::string("FETCH_URL_ALLOW: ") + error.what());
    }
  }
  for (const std::string& entry : listed(variable(environment, "FETCH_URL_NETWORKS"))) {
    const std::optional<Network> network = Network::parse(entry);
    if (!network) {
      throw std::runtime_error("FETCH_URL_NETWORKS: \"" + entry + "\" is no network; write one like 10.1.0.0/16");
    }
    fetch_url.networks.push_back(*network);
  }
  return fetch_url;
}

}  // namespace

Assistant0Settings assistant0_settings(const Environment& environment) {
  Assistant0Settings settings;
  settings.vault.exchange.base_url = https_url(environment, "AUTH0_DOMAIN", "tenant.eu.auth0.com");
  settings.vault.application = client_of(environment, "AUTH0_CLIENT_");
  settings.vault.custom_api = client_of(environment, "AUTH0_CUSTOM_API_CLIENT_");
  settings.generation = generation_of(environment);
  settings.gmail_url = url_of(environment, "GMAIL_BASE_URL", kGmailUrl);
  settings.calendar_url = url_of(environment, "GOOGLE_CALENDAR_BASE_URL", kCalendarUrl);
  settings.phone.tenant.base_url = settings.vault.exchange.base_url;
  settings.phone.client_id = settings.vault.application.id;
  settings.phone.client_secret = settings.vault.application.secret.clone();
  settings.device.tenant.base_url = settings.vault.exchange.base_url;
  settings.device.client_id = trimmed(variable(environment, "AUTH0_DEVICE_CLIENT_ID"));
  settings.audience = trimmed(variable(environment, "AUTH0_AUDIENCE"));
  settings.send_mail_approval = approval_of(environment);
  settings.fga = fga_of(environment);
  settings.documents_namespace = listed(variable(environment, "ASSISTANT0_DOCUMENTS"), '.');
  if (settings.documents_namespace.empty()) settings.documents_namespace = {"documents"};
  settings.tools = listed(variable(environment, "ASSISTANT0_TOOLS"));
  if (settings.tools.empty()) settings.tools = {"calculator", "search_gmail"};
  settings.fetch_url = fetch_url_of(environment);
  const bool fetches = std::ranges::find(settings.tools, "fetch_url") != settings.tools.end();
  if (fetches && settings.fetch_url.allowed.empty()) {
    throw std::runtime_error(
        "FETCH_URL_ALLOW: must list the servers that the tool fetch_url may ask, like docs.example.com,*.example.org; "
        "or take fetch_url out of ASSISTANT0_TOOLS");
  }
  return settings;
}

std::vector<std::string> missing_for_fga(const FgaSettings& settings) {
  std::vector<std::string> missing;
  if (settings.store_id.empty()) missing.emplace_back("FGA_STORE_ID");
  if (settings.client_id.empty()) missing.emplace_back("FGA_CLIENT_ID");
  if (settings.client_secret.empty()) missing.emplace_back("FGA_CLIENT_SECRET");
  return missing;
}

std::string missing_for_assistant0(const Assistant0Settings& settings) {
  std::string text = missing_for_vault(settings);
  const bool reads_documents = std::ranges::find(settings.tools, "get_context_documents") != settings.tools.end();
  const std::vector<std::string> missing = missing_for_fga(settings.fga);
  if (!reads_documents || missing.empty()) return text;
  if (!text.empty()) text += "\n";
  return text + "assistant0: get_context_documents is not offered; to offer it, set " + joined(missing);
}

VaultConnection google_connection(VaultGeneration generation, std::vector<std::string> scopes) {
  VaultConnection connection;
  connection.name = "google-oauth2";
  connection.generation = generation;
  if (generation == VaultGeneration::token_vault) scopes.insert(scopes.begin(), "openid");
  connection.scopes = std::move(scopes);
  return connection;
}

}  // namespace heddle::graphs
