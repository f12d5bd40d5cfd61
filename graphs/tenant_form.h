#pragma once
// Forms for the tenant, and what its answers to polls mean. What CIBA and the device flow have in common.

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graphs/async_authorization.h"
#include "graphs/http_client.h"
#include "runtime/run_config.h"

namespace heddle::graphs {

struct TenantForms {
  std::string base_url{};                     // of the tenant, "https://tenant.auth0.com"
  std::chrono::milliseconds timeout{10'000};  // of one request; the reference sets none, and users wait
};

struct TenantAnswer {
  int status = 0;           // 0: there was none
  boost::json::value body;  // null if it was no JSON; may hold a token: wipe it
  std::string error;        // its code
  std::optional<std::chrono::milliseconds> retry_after;

  bool is_good() const { return status >= 200 && status <= 299; }
  // The client is to blame, and asking again does not help.
  bool is_refused() const { return status >= 400 && status < 500 && status != 429; }
};

using FormFields = std::vector<std::pair<std::string, std::string>>;

// Fields are encoded; a secret among them is wiped with the body. Cancellable.
boost::asio::awaitable<TenantAnswer> post_form(HttpClient& client, std::string url, std::chrono::milliseconds timeout,
                                               FormFields fields);

// What a poll of the token endpoint was answered with. `no_device` stands for invalid_request.
PermissionAnswer permission_answer(const TenantAnswer& answer);

// {requestedAt, expiresIn, interval} of a request that was made at `asked_at`, with sound values whatever was answered.
boost::json::object times_of(const boost::json::value& answer, double asked_at, double expires_in);

// `openid` is first if nobody has named it.
std::string scope_text(std::vector<std::string> scopes);

// `sub` of the run's user; empty if the server knows none.
std::string user_of(const runtime::RunConfig& config);

}  // namespace heddle::graphs
