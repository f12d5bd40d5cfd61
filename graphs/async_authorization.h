#pragma once
// Asking a user on another device for permission (CIBA, auth0-token-vault.md 8.1).
//
// The tenant sends a push message, and the user allows or denies on their phone. A call that wants it does one poll
// each time it is made: while the user has said nothing the run is interrupted, and whoever resumes it polls again.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graphs/http_client.h"
#include "graphs/tool.h"
#include "graphs/vault_connection.h"
#include "runtime/clock.h"
#include "runtime/secret.h"

namespace heddle::graphs {

// Moved, not copied, because of the secret.
struct AsyncAuthorizationSettings {
  std::string base_url{};  // of the tenant, "https://tenant.auth0.com"
  std::string client_id{};
  runtime::Secret client_secret{};
  std::chrono::milliseconds timeout{10'000};  // of one request; the reference sets none, and users wait
};

// What one tool asks for.
struct PermissionWanted {
  std::vector<std::string> scopes{};
  std::string audience{};
  std::chrono::seconds requested_expiry{300};  // the reference's; how long the user has
  // What the phone shows, from the call's arguments; see binding_text().
  std::function<std::string(const boost::json::object&)> binding_message{};
  // Decides the codes: CIBA_... (federated) or ASYNC_AUTHORIZATION_... (token_vault).
  VaultGeneration generation = VaultGeneration::token_vault;
  // What has to be settled before anybody is asked, as in ApprovalOptions. May be empty.
  std::function<boost::asio::awaitable<void>(ToolContext&)> before{};
};

// The characters that Auth0 takes in a binding message, 64 at most; others become dots.
std::string binding_text(std::string_view text);

// Immutable; any thread may call.
class AsyncAuthorization {
 public:
  // Client and clock outlive it.
  AsyncAuthorization(HttpClient& client, const runtime::Clock& clock, AsyncAuthorizationSettings settings);

  // Nothing when the user has allowed it. {name, code, request, message} when it has come to nothing: denied, expired,
  // invalid, or the user has no device. Throws NodeInterrupted while it is open, and GraphError
  // (auth0_async_authorization_not_configured, _no_user, _misconfigured, _failed) when it cannot be asked for. What was
  // asked for, and that it was allowed, is kept with the task, so that a restart neither asks again nor forgets.
  // Cancellable.
  boost::asio::awaitable<std::optional<boost::json::object>> ask(ToolContext& context, const PermissionWanted& wanted,
                                                                 const boost::json::object& arguments) const;

 private:
  struct Answer;
  boost::asio::awaitable<Answer> post(const char* path, std::string form) const;
  boost::asio::awaitable<boost::json::object> start(ToolContext& context, const PermissionWanted& wanted,
                                                    const boost::json::object& arguments) const;
  double now() const;

  HttpClient& client_;
  const runtime::Clock& clock_;
  AsyncAuthorizationSettings settings_;
};

// The tool with name, description and schema of `tool`, which acts when the user has allowed it on their device. What
// came to nothing is the call's result, as JSON, for the model. The token that Auth0 gives for a permission is not
// kept: it is for tools that need the permission, and no token of it.
ToolPointer with_async_authorization(std::shared_ptr<const AsyncAuthorization> authorization, PermissionWanted wanted,
                                     ToolPointer tool);

}  // namespace heddle::graphs
