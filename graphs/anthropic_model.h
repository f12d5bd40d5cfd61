#pragma once
// A chat model behind Anthropic's messages API.

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graphs/chat_model.h"
#include "graphs/provider_client.h"
#include "runtime/secret.h"

namespace heddle::graphs {

// Moved, not copied, because of its secrets.
struct AnthropicSettings {
  runtime::Secret api_key;                             // header x-api-key; empty: none
  std::string base_url = "https://api.anthropic.com";  // "/v1/messages" is appended; a "/v1" at its end is no harm
  std::string model;
  std::int64_t max_tokens = 8192;  // of an answer, which the provider wants to be told; all its current models allow it
  std::vector<SecretHeader> headers;  // further ones; one that has the name of ours takes its place
  boost::json::object body;           // members of every request: they replace its own, null takes one out
  std::optional<double> temperature;  // 0 to 1; empty: the provider's; thinking refuses others
  TemperatureOf temperature_of = TemperatureOf::agent;
  ProviderLimits limits;
};

// Attempts and errors: see ProviderClient. Asks for version 2023-06-01 of the API unless a header says otherwise.
class AnthropicModel final : public ChatModel {
 public:
  // The client outlives the model.
  AnthropicModel(HttpClient& client, AnthropicSettings settings);

  boost::asio::awaitable<runtime::Message> ask(runtime::NodeContext& context, runtime::ItemList messages,
                                               ModelOptions options) const override;

 private:
  std::string model_;
  std::int64_t max_tokens_;
  ModelTemperature temperature_;
  ProviderClient provider_;
};

}  // namespace heddle::graphs
