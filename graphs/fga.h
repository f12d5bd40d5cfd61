#pragma once
// Auth0 FGA (OpenFGA): who may do what with which object (auth0-token-vault.md 9).

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <compare>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "graphs/http_client.h"
#include "graphs/tool.h"
#include "runtime/clock.h"
#include "runtime/run_config.h"
#include "runtime/secret.h"

namespace heddle::graphs {

// Moved, not copied, because of the secret.
struct FgaSettings {
  std::string api_url{};     // "https://api.us1.fga.dev"
  std::string issuer_url{};  // of tokens for it, "https://auth.fga.dev"
  std::string audience{};    // "https://api.us1.fga.dev/"
  std::string store_id{};
  std::string client_id{};
  runtime::Secret client_secret{};
  std::chrono::milliseconds timeout{10'000};  // of one request; users wait
};

// "user:ada@example.com" "can_view" "doc:plan"
struct FgaCheck {
  std::string user;
  std::string relation;
  std::string object;
  auto operator<=>(const FgaCheck&) const = default;
};

// Any thread may call. Keeps the token of its own client in memory and renews it 30 s before its end.
class Fga {
 public:
  // Client and clock outlive it.
  Fga(HttpClient& client, const runtime::Clock& clock, FgaSettings settings);

  // For each check, in their order, whether it is allowed. Equal ones are sent once, 50 in a request; what the answer
  // does not name is denied. Throws GraphError (fga_misconfigured, fga_failed) and never guesses. Cancellable.
  boost::asio::awaitable<std::vector<bool>> allowed(std::vector<FgaCheck> checks);
  // The same for one.
  boost::asio::awaitable<bool> check(FgaCheck check);

 private:
  struct Token;
  boost::asio::awaitable<std::shared_ptr<const Token>> token();
  boost::asio::awaitable<boost::json::value> ask(std::string path, boost::json::object body);

  HttpClient& client_;
  const runtime::Clock& clock_;
  FgaSettings settings_;
  std::mutex mutex_;  // of token_ only; runs of several threads share it, and none waits while it is held
  std::shared_ptr<const Token> token_;
};

// "user:<email>" of the authenticated user; nothing without one, and for an address that is said to be unverified.
// What a client says about its user is not believed.
std::optional<std::string> fga_user(const runtime::RunConfig& config);

// What a call needs; nothing: there is no user who could be allowed.
using FgaCheckOf = std::function<std::optional<FgaCheck>(ToolContext&, const boost::json::object& arguments)>;

// The tool with name, description and schema of `tool`, which acts for users who may. For others the result is "The
// user is not allowed to perform the action."
ToolPointer with_fga(std::shared_ptr<Fga> fga, FgaCheckOf check_of, ToolPointer tool);

}  // namespace heddle::graphs
