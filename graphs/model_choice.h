#pragma once
// Which model the agents ask, by the variables of the environment. docs/models.md tells users about them.
//
// HEDDLE_MODEL chooses: openai:NAME, anthropic:NAME, azure:DEPLOYMENT or offline. Without it the first of OpenAI, Azure
// and Anthropic that has a key or an address is asked, and the offline model answers if there is none. The variables of
// the providers are those of their own libraries; HEDDLE_MODEL_HEADERS, HEDDLE_MODEL_BODY and HEDDLE_MODEL_TEMPERATURE
// hold for whoever is asked, and the temperature also against the agent's own. An empty variable counts as not set.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "graphs/anthropic_model.h"
#include "graphs/chat_model.h"
#include "graphs/http_client.h"
#include "graphs/offline_model.h"
#include "graphs/openai_model.h"

namespace heddle::graphs {

// What an agent wants where the environment does not say.
struct ModelDefaults {
  std::string openai_model = "gpt-4o-mini";
  std::string anthropic_model = "claude-sonnet-4-6";
  std::optional<double> temperature;  // of OpenAI and Azure. Anthropic's newer models refuse any, so it is told none,
                                      // whatever the agent wants
};

// Checked, and nothing made of it yet. Moved, not copied, because of its secrets.
struct ModelChoice {
  std::variant<OfflineModelSettings, OpenAiSettings, AnthropicSettings> settings;
  std::string notice;  // one line for the start: who is asked; no secret
};

// Throws std::runtime_error for a value that cannot be, of any of the variables, whoever is chosen. The text is one
// line: the variable, what is allowed, never the value.
ModelChoice choose_model(const std::map<std::string, std::string>& environment, const ModelDefaults& defaults = {});

// `client` is asked for only if the model needs one, and outlives it.
std::shared_ptr<const ChatModel> make_model(ModelChoice choice, const std::function<HttpClient&()>& client);

// The variables above that begin with HEDDLE_.
const std::vector<std::string>& model_variables();

}  // namespace heddle::graphs
