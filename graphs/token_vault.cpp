#include "graphs/token_vault.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <utility>

#include "graphs/authorization_interrupt.h"
#include "runtime/error.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;
using runtime::Secret;
using runtime::SecretJson;

constexpr std::size_t kHashKeyBytes = 32;

Secret random_key() {
  std::string bytes(kHashKeyBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("the system gives no random bytes, which the Token Vault needs");
  }
  return Secret(std::move(bytes));
}

const SecretJson* find_secret(const runtime::RunConfig& config, std::string_view key) {
  if (config.secrets == nullptr) return nullptr;
  const auto found = config.secrets->find(key);
  return found == config.secrets->end() ? nullptr : &found->second;
}

// A text that is there and not empty.
const Secret* given_text(const SecretJson* value) {
  const Secret* text = value == nullptr ? nullptr : value->text();
  return text == nullptr || text->empty() ? nullptr : text;
}

// What proves to the tenant who the user is, from the request of this run and no other.
const Secret* subject_token(const runtime::RunConfig& config, VaultGeneration generation) {
  if (generation == VaultGeneration::token_vault) return given_text(find_secret(config, "langgraph_auth_token"));
  const SecretJson* credentials = find_secret(config, "_credentials");
  return credentials == nullptr ? nullptr : given_text(credentials->find("refreshToken"));
}

std::string_view name_of(VaultGeneration generation) {
  return generation == VaultGeneration::federated ? "federated" : "token_vault";
}

// Collects the parts of a key so that no two lists of parts give the same text.
class KeyText {
 public:
  ~KeyText() { runtime::wipe(text_); }
  KeyText() { text_.reserve(16 * 1024); }
  KeyText(const KeyText&) = delete;
  KeyText& operator=(const KeyText&) = delete;

  void add(std::string_view part) {
    text_ += std::to_string(part.size());
    text_ += ':';
    text_ += part;
  }
  std::string hashed(const Secret& key) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    const std::string_view bytes = key.reveal();
    const auto* data = reinterpret_cast<const unsigned char*>(text_.data());
    if (HMAC(EVP_sha256(), bytes.data(), static_cast<int>(bytes.size()), data, text_.size(), digest.data(), &size) ==
        nullptr) {
      throw std::runtime_error("OpenSSL cannot compute an HMAC-SHA256, which the Token Vault needs");
    }
    return std::string(reinterpret_cast<const char*>(digest.data()), size);
  }

 private:
  std::string text_;
};

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

// Another tool inside the vault.
class VaultTool final : public Tool {
 public:
  VaultTool(TokenVault& vault, VaultConnection connection, ToolPointer tool)
      : vault_(vault), connection_(std::move(connection)), tool_(std::move(tool)) {}

  const ToolDeclaration& declaration() const override { return tool_->declaration(); }
  std::optional<runtime::Probe> probe() const override { return tool_->probe(); }

  asio::awaitable<ToolResult> call(ToolContext& context, json::object arguments) const override {
    if (context.has_token()) {
      throw std::logic_error("the tool " + context.name() + " called " + declaration().name +
                             ": tools in the Token Vault cannot nest; let the model call them one after the other");
    }
    for (int attempt = 1;; ++attempt) {
      const TokenVault::Lent lent = co_await vault_.lend(context, connection_);
      ToolContext inside = context.with(*lent.token);
      Refused refused{};
      try {
        json::object given = arguments;
        ToolResult result = co_await tool_->call(inside, std::move(given));
        co_return result;
      } catch (const ThirdPartyRefusal& refusal) {
        refused = refusal.refused();
      }
      vault_.forget(lent);
      if (refused == Refused::scopes) vault_.ask(context, connection_, lent.token->scopes);
      if (attempt == 2) vault_.ask(context, connection_, std::nullopt);
    }
  }

 private:
  TokenVault& vault_;
  VaultConnection connection_;
  ToolPointer tool_;
};

}  // namespace

std::vector<std::string> missing_variables(const TokenVaultSettings& settings, VaultGeneration generation) {
  const bool federated = generation == VaultGeneration::federated;
  const VaultClient& client = federated ? settings.application : settings.custom_api;
  const std::string prefix = federated ? "AUTH0_CLIENT_" : "AUTH0_CUSTOM_API_CLIENT_";
  std::vector<std::string> missing;
  if (settings.exchange.base_url.empty()) missing.emplace_back("AUTH0_DOMAIN");
  if (client.id.empty()) missing.push_back(prefix + "ID");
  if (client.secret.empty()) missing.push_back(prefix + "SECRET");
  return missing;
}

TokenVault::TokenVault(HttpClient& client, const runtime::Clock& clock, runtime::Log& log, TokenVaultSettings settings)
    : log_(log),
      settings_(std::move(settings)),
      exchange_(client, settings_.exchange),
      cache_(clock, settings_.cache),
      hash_key_(random_key()) {}

const VaultClient& TokenVault::client_of(VaultGeneration generation) const {
  return generation == VaultGeneration::federated ? settings_.application : settings_.custom_api;
}

// Holds nothing that can be read. Two users never have the same key: the authenticated subject is part of it if there
// is one, and so is a refresh token, since those who have it may have come through one authenticated client. Without a
// `subject`: the key for runs that the server lets go on, which belong to whoever asked before.
std::string TokenVault::key_of(ToolContext& context, const VaultConnection& connection, const Secret* subject) const {
  const runtime::RunConfig& config = context.node().config();
  KeyText key;
  key.add(name_of(connection.generation));
  key.add(connection.name);
  key.add(std::to_string(connection.scopes.size()));
  for (const std::string& scope : connection.scopes) key.add(scope);
  key.add(connection.login_hint ? "+" + *connection.login_hint : "");

  const Secret* user = given_text(find_secret(config, "langgraph_auth_user_id"));
  const bool with_token =
      subject != nullptr && (user == nullptr || connection.generation == VaultGeneration::federated);
  key.add(user == nullptr ? std::string_view() : user->reveal());
  key.add(with_token ? subject->reveal() : std::string_view());

  std::string place;
  if (config.thread_id) {
    place = "thread " + config.thread_id->text();
  } else if (config.run_id) {
    place = "run " + config.run_id->text();
  }
  const CredentialsContext shared_by = connection.shared_by;
  const bool by_call = shared_by == CredentialsContext::tool_call;
  key.add(shared_by == CredentialsContext::agent ? "agent" : place);
  key.add(by_call || shared_by == CredentialsContext::tool ? context.name() : "");
  // A model may repeat the id of a call; the key of the call within its task does not repeat.
  key.add(by_call ? context.idempotency_key() : "");
  return key.hashed(hash_key_);
}

// An exchange whose token has all scopes, or what is in the way of it.
asio::awaitable<ExchangeOutcome> TokenVault::make(const VaultConnection& connection, const Secret& subject) const {
  const VaultClient& client = client_of(connection.generation);
  ExchangeRequest request;
  request.client_id = client.id;
  request.client_secret = client.secret.clone();
  request.generation = connection.generation;
  request.subject_token = subject.clone();
  request.connection = connection.name;
  request.login_hint = connection.login_hint;
  ExchangeOutcome outcome = co_await exchange_.run(std::move(request));
  if (const ExchangeFailed* failed = std::get_if<ExchangeFailed>(&outcome)) {
    log_.error(failed->text, {{"connection", connection.name}});
  }
  if (const TokenPointer* token = std::get_if<TokenPointer>(&outcome)) {
    std::vector<std::string> held = (*token)->scopes;
    if (!missing_scopes(connection.scopes, held).empty()) outcome = ConsentNeeded{std::move(held)};
  }
  co_return outcome;
}

asio::awaitable<TokenVault::Lent> TokenVault::lend(ToolContext& context, const VaultConnection& connection) {
  const std::vector<std::string> missing = missing_variables(settings_, connection.generation);
  if (!missing.empty()) {
    throw runtime::GraphError("auth0_not_configured", "this server has no access to " + connection.name +
                                                          ": its operator has not set " + listed(missing));
  }
  const Secret* subject = subject_token(context.node().config(), connection.generation);
  if (subject == nullptr && context.node().config().resumed_by_server) {
    Lent kept = find_kept(context, connection);
    if (kept.token != nullptr) co_return kept;
  }
  if (subject == nullptr) {
    const bool federated = connection.generation == VaultGeneration::federated;
    log_.info(federated ? "the run brought no _credentials.refreshToken, so the user is asked to log in"
                        : "the run has no verified access token, so the user is asked to log in; is auth configured?",
              {{"connection", connection.name}});
    ask(context, connection, std::nullopt);
  }
  Lent lent;
  lent.key = key_of(context, connection, subject);
  TokenCache::Make exchange = [this, &connection, subject] { return make(connection, *subject); };
  ExchangeOutcome outcome = co_await cache_.get(lent.key, std::move(exchange));
  if (const ConsentNeeded* consent = std::get_if<ConsentNeeded>(&outcome)) ask(context, connection, consent->held);
  if (const ExchangeFailed* failed = std::get_if<ExchangeFailed>(&outcome)) {
    throw runtime::GraphError(failed->name, failed->text);
  }
  lent.token = std::get<TokenPointer>(std::move(outcome));
  keep_for_resume(context, connection, lent);
  co_return lent;
}

// A run that the server lets go on has no credentials. It may work with the token that the run before it has got for
// the same user at the same place, as long as that is kept.
TokenVault::Lent TokenVault::find_kept(ToolContext& context, const VaultConnection& connection) {
  Lent kept;
  if (given_text(find_secret(context.node().config(), "langgraph_auth_user_id")) == nullptr) return kept;
  kept.key = key_of(context, connection, nullptr);
  kept.token = cache_.find(kept.key);
  return kept;
}

// A key with a refresh token in it cannot be made without one.
void TokenVault::keep_for_resume(ToolContext& context, const VaultConnection& connection, const Lent& lent) {
  if (given_text(find_secret(context.node().config(), "langgraph_auth_user_id")) == nullptr) return;
  const std::string key = key_of(context, connection, nullptr);
  if (key != lent.key) cache_.keep_same(lent.key, key);
}

asio::awaitable<void> TokenVault::check(ToolContext& context, const VaultConnection& connection) {
  const Lent lent = co_await lend(context, connection);
  static_cast<void>(lent);
}

void TokenVault::forget(const Lent& lent) {
  cache_.forget(lent.key, lent.token);
}

void TokenVault::ask(ToolContext& context, const VaultConnection& connection,
                     const std::optional<std::vector<std::string>>& held) const {
  ask_to_authorize(context, connection.name, authorization_question(connection, held));
}

ToolPointer with_token_vault(TokenVault& vault, VaultConnection connection, ToolPointer tool) {
  if (std::dynamic_pointer_cast<const VaultTool>(tool) != nullptr) {
    throw std::logic_error("the tool " + tool->declaration().name +
                           " is in the Token Vault already; tools in it cannot nest");
  }
  return std::make_shared<const VaultTool>(vault, std::move(connection), std::move(tool));
}

}  // namespace heddle::graphs
