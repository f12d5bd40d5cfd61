#include "graphs/authorization_interrupt.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/uuid.h"

namespace heddle::graphs {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : ", ") + words[i];
  return text;
}

json::array list_of(const std::vector<std::string>& words) {
  return json::array(words.begin(), words.end());
}

}  // namespace

std::vector<std::string> held_scopes(std::string_view scope) {
  std::vector<std::string> scopes(1);
  for (const char c : scope) {
    if (c == ' ' || c == ',') {
      scopes.emplace_back();
    } else {
      scopes.back().push_back(c);
    }
  }
  return scopes;
}

std::vector<std::string> missing_scopes(const std::vector<std::string>& wanted, const std::vector<std::string>& held) {
  std::vector<std::string> missing;
  auto is_missing = [&](const std::string& scope) { return std::ranges::find(held, scope) == held.end(); };
  std::ranges::copy_if(wanted, std::back_inserter(missing), is_missing);
  return missing;
}

json::object authorization_question(const VaultConnection& connection,
                                    const std::optional<std::vector<std::string>>& held) {
  const bool federated = connection.generation == VaultGeneration::federated;
  std::string message = federated ? "Authorization required to access the Federated Connection: "
                                  : "Authorization required to access the Token Vault: ";
  message += connection.name;
  std::vector<std::string> required = connection.scopes;
  if (held) {
    // The third party may refuse a token that has all wanted scopes on paper.
    std::vector<std::string> missing = missing_scopes(connection.scopes, *held);
    if (missing.empty()) missing = connection.scopes;
    if (!federated) message += ". Authorized scopes: " + joined(*held);
    message += ". Missing scopes: " + joined(missing);
    const std::vector<std::string>& added = federated ? connection.scopes : missing;
    required = *held;
    required.insert(required.end(), added.begin(), added.end());
  }
  json::object question;
  question["name"] = "AUTH0_AI_INTERRUPT";
  question["code"] = federated ? "FEDERATED_CONNECTION_ERROR" : "TOKEN_VAULT_ERROR";
  question["connection"] = connection.name;
  question["scopes"] = list_of(connection.scopes);
  question["requiredScopes"] = list_of(required);
  if (!federated) question["authorizationParams"] = connection.authorization_params;
  question["behavior"] = "resume";
  question["message"] = std::move(message);
  return question;
}

void ask_to_authorize(ToolContext& context, std::string_view what, json::value question,
                      std::shared_ptr<const runtime::Awaited> awaited) {
  std::string place = context.node().checkpoint_ns() + "|authorization|";
  place += what;
  throw runtime::NodeInterrupted{{runtime::interrupt_id(place), std::move(question), std::move(awaited)}};
}

}  // namespace heddle::graphs
