#pragma once
// Asking a user on any device with a browser (RFC 8628, auth0-token-vault.md 8.3): the interrupt shows a short code and
// an address, and the user allows or denies there. Needs no phone that is known to the tenant, and no client secret.

#include <map>
#include <memory>
#include <string>

#include "graphs/async_authorization.h"
#include "graphs/http_client.h"
#include "graphs/tenant_form.h"

namespace heddle::graphs {

struct DeviceFlowSettings {
  TenantForms tenant{};
  std::string client_id{};  // of a public client (native application) with the device code grant
};

// The interrupt's value has `response`: {userCode, verificationUri, verificationUriComplete, expiresIn, interval,
// requestedAt}. The device code, which is what proves to the tenant who asks, stays in the memory of this process: with
// it whoever reads the interrupt could fetch the token. After a restart the call therefore shows a new code. If the
// server knows the run's user, only that user can allow.
class DeviceFlow final : public AsyncAuthorization {
 public:
  // Client and clock outlive it.
  DeviceFlow(HttpClient& client, const runtime::Clock& clock, DeviceFlowSettings settings);
  ~DeviceFlow() override;

 protected:
  void check_configuration() const override;
  boost::asio::awaitable<std::optional<boost::json::object>> start(ToolContext& context, const PermissionWanted& wanted,
                                                                   const boost::json::object& arguments) const override;
  boost::asio::awaitable<PermissionAnswer> poll(std::string id) const override;
  bool knows(const std::string& id) const override;
  boost::json::object told(PermissionState state, VaultGeneration generation,
                           const boost::json::value* request) const override;

 private:
  class Codes;
  boost::asio::awaitable<std::string> endpoint() const;

  HttpClient& client_;
  DeviceFlowSettings settings_;
  const std::unique_ptr<Codes> codes_;
};

}  // namespace heddle::graphs
