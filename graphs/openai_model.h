#pragma once
// A chat model behind an OpenAI-compatible HTTP API.

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "graphs/chat_model.h"
#include "graphs/provider_client.h"
#include "runtime/secret.h"

namespace heddle::graphs {

enum class OpenAiService {
  openai,  // and whoever speaks as OpenAI does
  azure,   // the key goes in a header `api-key`, and clients see the names of Azure's class and provider
};

// Moved, not copied, because of its secrets.
struct OpenAiSettings {
  OpenAiService service = OpenAiService::openai;
  runtime::Secret api_key;                             // empty: no header with a key (models on the own machine)
  std::string base_url = "https://api.openai.com/v1";  // "/chat/completions" is appended
  std::string query;                                   // after "?", like api-version=2024-10-21; empty: none
  std::string model;
  std::vector<SecretHeader> headers;  // further ones; one that has the name of the key's takes its place
  boost::json::object body;           // members of every request: they replace its own, null takes one out
  std::optional<double> temperature;  // empty: the provider's; reasoning models refuse others
  TemperatureOf temperature_of = TemperatureOf::agent;
  ProviderLimits limits;
};

// Attempts and errors: see ProviderClient.
class OpenAiModel final : public ChatModel {
 public:
  // The client outlives the model.
  OpenAiModel(HttpClient& client, OpenAiSettings settings);

  boost::asio::awaitable<runtime::Message> ask(runtime::NodeContext& context, runtime::ItemList messages,
                                               ModelOptions options) const override;

 private:
  OpenAiService service_;
  std::string model_;
  ModelTemperature temperature_;
  ProviderClient provider_;
};

}  // namespace heddle::graphs
