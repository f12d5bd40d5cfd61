#pragma once
// Asking a user on their phone (CIBA, auth0-token-vault.md 8.1): the tenant sends a push message, and the user allows
// or denies.

#include <string>
#include <string_view>

#include "graphs/async_authorization.h"
#include "graphs/http_client.h"
#include "graphs/tenant_form.h"
#include "runtime/secret.h"

namespace heddle::graphs {

// Moved, not copied, because of the secret.
struct CibaSettings {
  TenantForms tenant{};
  std::string client_id{};
  runtime::Secret client_secret{};
};

// The characters that Auth0 takes in a binding message, 64 at most; others become dots.
std::string binding_text(std::string_view text);

// The run's user is asked: without authentication there is none, and a call fails. A restart loses nothing: who knows a
// request's id still needs the client's secret to ask for its answer, so the id may be kept and shown.
class Ciba final : public AsyncAuthorization {
 public:
  // Client and clock outlive it.
  Ciba(HttpClient& client, const runtime::Clock& clock, CibaSettings settings);

 protected:
  void check_configuration() const override;
  boost::asio::awaitable<std::optional<boost::json::object>> start(ToolContext& context, const PermissionWanted& wanted,
                                                                   const boost::json::object& arguments) const override;
  boost::asio::awaitable<PermissionAnswer> poll(std::string id) const override;
  bool knows(const std::string&) const override { return true; }
  boost::json::object told(PermissionState state, VaultGeneration generation,
                           const boost::json::value* request) const override;

 private:
  HttpClient& client_;
  CibaSettings settings_;
};

}  // namespace heddle::graphs
