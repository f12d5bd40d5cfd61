#pragma once
// The exchange of a caller's token for a third party's, at the tenant's token endpoint (auth0-token-vault.md 2.1, 2.2).

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graphs/http_client.h"
#include "graphs/third_party_token.h"
#include "graphs/vault_connection.h"
#include "runtime/secret.h"

namespace heddle::graphs {

// Moved, not copied, because of its secrets.
struct ExchangeRequest {
  std::string client_id;
  runtime::Secret client_secret;
  VaultGeneration generation = VaultGeneration::federated;  // decides what kind of token the subject is
  runtime::Secret subject_token;
  std::string connection;
  std::optional<std::string> login_hint;
};

// Only the user can help. `held`: the scopes of the token that there is and that are not enough; none: there is no
// token.
struct ConsentNeeded {
  std::optional<std::vector<std::string>> held;
};

// No consent helps. `name` is that of the error for clients: auth0_exchange_misconfigured, auth0_exchange_rate_limited,
// auth0_exchange_failed. `text` says what to do, and holds no secret and no part of the answer's body but its code.
struct ExchangeFailed {
  std::string name;
  std::string text;
};

using ExchangeOutcome = std::variant<TokenPointer, ConsentNeeded, ExchangeFailed>;

struct ExchangeSettings {
  std::string base_url{};                            // of the tenant, "https://tenant.auth0.com"
  std::chrono::milliseconds timeout{10'000};         // of one attempt; the reference sets none, and users wait
  std::chrono::milliseconds pause{250};              // before the one retry of a 5xx or of a cut connection
  std::chrono::milliseconds retry_after_max{5'000};  // a longer Retry-After ends the exchange: the user waits
  std::chrono::milliseconds retry_after{1'000};      // if a 429 names none
  int rate_limited_max = 2;                          // waits for a 429
};

// The JSON body, with the client's secret and the token in clear: wipe it.
std::string exchange_body(const ExchangeRequest& request);

// Immutable; any thread may call run() at any time.
class TokenExchange {
 public:
  // The client outlives the exchange.
  TokenExchange(HttpClient& client, ExchangeSettings settings);

  // Cancellable. Fails by its outcome, and throws only when it was cancelled.
  boost::asio::awaitable<ExchangeOutcome> run(ExchangeRequest request) const;

 private:
  struct Answer;
  boost::asio::awaitable<Answer> ask(const ExchangeRequest& request) const;
  std::optional<std::chrono::milliseconds> pause_before_retry(const Answer& answer, int retries, int limited) const;
  ExchangeOutcome read(Answer answer) const;
  ExchangeFailed failed(std::string name, const std::string& what) const;

  HttpClient& client_;
  ExchangeSettings settings_;
};

}  // namespace heddle::graphs
