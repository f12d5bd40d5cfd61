#pragma once
// A chat model behind an OpenAI-compatible HTTP API.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graphs/chat_model.h"
#include "graphs/http_client.h"
#include "runtime/secret.h"

namespace heddle::graphs {

struct OpenAiSettings {
  runtime::Secret api_key;  // empty: no Authorization header (models on the own machine)
  std::string base_url = "https://api.openai.com/v1";
  std::string model;
  std::vector<HttpHeader> headers;         // further ones, no secrets
  std::optional<double> temperature;       // empty: the provider's; reasoning models refuse others
  int attempts_max = 4;                    // with the first; before the first piece of an answer only
  std::chrono::milliseconds backoff{500};  // before the second attempt, then doubled, with up to a quarter of jitter
  std::chrono::milliseconds backoff_max{8'000};
  std::chrono::milliseconds retry_after_max{60'000};  // a longer Retry-After of the provider ends the call at once
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{300'000};  // reasoning models are silent for minutes before their first piece
};

// Network errors, 408, 409, 429 and 5xx are retried. Fails with a GraphError that is called APIConnectionError,
// APIConnectionTimeoutError, AuthenticationError, PermissionDeniedError, NotFoundError, RateLimitError,
// BadRequestError, InternalServerError or APIError.
class OpenAiModel final : public ChatModel {
 public:
  // The client outlives the model.
  OpenAiModel(HttpClient& client, OpenAiSettings settings);

  boost::asio::awaitable<runtime::Message> ask(runtime::NodeContext& context,
                                               std::vector<runtime::Value::Item> messages,
                                               ModelOptions options) const override;

 private:
  struct Failure;
  struct Asking;
  boost::asio::awaitable<std::optional<Failure>> try_once(Asking& asking) const;
  boost::asio::awaitable<std::optional<Failure>> read_answer(HttpStream& stream, Asking& asking) const;
  HttpRequest request(const std::string& body) const;
  Failure refused(int status, const std::string& body, const HttpHead& head) const;
  std::chrono::milliseconds delay_before(int attempt, const Failure& failure) const;

  HttpClient& client_;
  OpenAiSettings settings_;
};

}  // namespace heddle::graphs
