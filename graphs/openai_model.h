#pragma once
// A chat model behind an OpenAI-compatible HTTP API.

#include <optional>
#include <string>
#include <vector>

#include "graphs/chat_model.h"
#include "graphs/provider_client.h"
#include "runtime/secret.h"

namespace heddle::graphs {

struct OpenAiSettings {
  runtime::Secret api_key;  // empty: no Authorization header (models on the own machine)
  std::string base_url = "https://api.openai.com/v1";
  std::string model;
  std::vector<HttpHeader> headers;    // further ones, no secrets
  std::optional<double> temperature;  // empty: the provider's; reasoning models refuse others
  ProviderLimits limits;
};

// Attempts and errors: see ProviderClient.
class OpenAiModel final : public ChatModel {
 public:
  // The client outlives the model.
  OpenAiModel(HttpClient& client, OpenAiSettings settings);

  boost::asio::awaitable<runtime::Message> ask(runtime::NodeContext& context,
                                               std::vector<runtime::Value::Item> messages,
                                               ModelOptions options) const override;

 private:
  std::string model_;
  std::optional<double> temperature_;
  ProviderClient provider_;
};

}  // namespace heddle::graphs
