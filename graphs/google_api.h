#pragma once
// One call of a Google API in the user's name, for tools inside with_token_vault().

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include "graphs/http_client.h"
#include "graphs/third_party_token.h"

namespace heddle::graphs {

struct GoogleCall {
  std::string method = "GET";
  std::string url;
  std::string body;                                  // JSON; empty: none
  std::string idempotency_key{};                     // sent as X-Idempotency-Key; empty: none
  std::chrono::milliseconds timeout{30'000};         // from start to the last byte; a user waits for it
  std::size_t answer_bytes_max = 4UL * 1024 * 1024;  // large attachments are not part of an answer
};

// Google refused for another reason than the token. The text holds status and Google's code of the reason, and no
// other part of the answer.
class GoogleError : public std::runtime_error {
 public:
  GoogleError(int status, const std::string& text) : std::runtime_error(text), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

// The answer's JSON; null for an empty one (204). Throws ThirdPartyRefusal for a token that is not accepted (401) or
// whose scopes are not enough (403), GoogleError for any other refusal and for an answer that is no JSON, HttpError
// without an answer. Cancellable.
boost::asio::awaitable<boost::json::value> call_google(HttpClient& client, const ThirdPartyToken& token,
                                                       GoogleCall call);

// As a part of a path or of a query.
std::string url_encoded(std::string_view text);

}  // namespace heddle::graphs
