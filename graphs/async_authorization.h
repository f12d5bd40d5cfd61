#pragma once
// Asking a user elsewhere for permission, while the run is interrupted (auth0-token-vault.md 8): on their phone
// (graphs/ciba.h), or on any device with a browser (graphs/device_flow.h).
//
// A call that wants permission asks for it once, and looks for the answer each time it is made: while the user has said
// nothing, the run is interrupted. Between its executions the server looks too (look(), by Tool::probe()) and lets the
// run go on when there is an answer; what look() has learned is kept for the execution that comes.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graphs/tool.h"
#include "graphs/vault_connection.h"
#include "runtime/awaited.h"
#include "runtime/clock.h"

namespace heddle::graphs {

// What one tool asks for.
struct PermissionWanted {
  std::vector<std::string> scopes{};
  std::string audience{};
  std::chrono::seconds requested_expiry{300};  // the reference's; how long the user has, if the flow lets one say it
  // What the phone shows, from the call's arguments; see binding_text(). Not every flow has a place for it.
  std::function<std::string(const boost::json::object&)> binding_message{};
  // Decides the codes of CIBA: CIBA_... (federated) or ASYNC_AUTHORIZATION_... (token_vault).
  VaultGeneration generation = VaultGeneration::token_vault;
  // What has to be settled before anybody is asked, as in ApprovalOptions. May be empty. Not called again for a call
  // whose permission has been asked for.
  std::function<boost::asio::awaitable<void>(ToolContext&)> before{};
};

enum class PermissionState {
  allowed,
  pending,
  slow_down,
  denied,
  expired,
  invalid_grant,
  no_device,
  troubled,       // the tenant could not be asked, and has not said no
  misconfigured,  // it cannot be asked so
};

// What the tenant said.
struct PermissionAnswer {
  PermissionState state = PermissionState::troubled;
  std::optional<std::chrono::milliseconds> retry_after{};  // of slow_down
  int status = 0;                                          // of misconfigured: that of HTTP
};

// Any thread may call.
class AsyncAuthorization {
 public:
  virtual ~AsyncAuthorization();
  AsyncAuthorization(const AsyncAuthorization&) = delete;
  AsyncAuthorization& operator=(const AsyncAuthorization&) = delete;

  // Nothing when the user has allowed it. {name, code, message, and what was asked} when it has come to nothing:
  // denied, expired, invalid, or the user cannot be asked. Throws NodeInterrupted while it is open, and GraphError
  // (auth0_async_authorization_not_configured, _no_user, _misconfigured, _failed) when it cannot be asked for. What was
  // asked for, and that it was allowed, is kept with the task, so that a restart neither asks again nor forgets.
  // Cancellable.
  boost::asio::awaitable<std::optional<boost::json::object>> ask(ToolContext& context, const PermissionWanted& wanted,
                                                                 const boost::json::object& arguments) const;

  // Whether there is an answer to the request that `subject` names: asks the tenant once. Cancellable.
  boost::asio::awaitable<runtime::Sign> look(boost::json::value subject) const;

 protected:
  // The clock outlives it.
  explicit AsyncAuthorization(const runtime::Clock& clock);

  // Throws GraphError if the operator has not said enough.
  virtual void check_configuration() const = 0;
  // Asks the user: {id, requestedAt, expiresIn, interval} in seconds, and what else is shown. Nothing if the user has
  // no device. Throws GraphError.
  virtual boost::asio::awaitable<std::optional<boost::json::object>> start(
      ToolContext& context, const PermissionWanted& wanted, const boost::json::object& arguments) const = 0;
  // Asks the tenant once for the answer to the request `id`.
  virtual boost::asio::awaitable<PermissionAnswer> poll(std::string id) const = 0;
  // Whether poll() can ask for it: what is kept in memory only is lost with the process.
  virtual bool knows(const std::string& id) const = 0;
  // {name, code, message, ...}, for an interrupt as for a result. `request`: null if there is none.
  virtual boost::json::object told(PermissionState state, VaultGeneration generation,
                                   const boost::json::value* request) const = 0;

  // Seconds since 1970, with a fraction, as the interrupts tell times.
  double now() const;

 private:
  class Found;
  boost::asio::awaitable<boost::json::value> request_of(ToolContext& context, const PermissionWanted& wanted,
                                                        const boost::json::object& arguments) const;
  boost::asio::awaitable<PermissionAnswer> answer_to(const boost::json::value& request) const;
  [[noreturn]] void interrupt(ToolContext& context, const PermissionAnswer& answer, VaultGeneration generation,
                              const boost::json::value& request) const;

  const runtime::Clock& clock_;
  const std::unique_ptr<Found> found_;  // by look(), and not asked for by ask() yet
};

// The tool with name, description and schema of `tool`, which acts when the user has allowed it elsewhere. What came to
// nothing is the call's result, as JSON, for the model. The token that Auth0 gives for a permission is not kept: it is
// for tools that need the permission, and no token of it.
ToolPointer with_async_authorization(std::shared_ptr<const AsyncAuthorization> authorization, PermissionWanted wanted,
                                     ToolPointer tool);

}  // namespace heddle::graphs
