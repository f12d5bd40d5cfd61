#include "graphs/embedder_choice.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "graphs/offline_embedder.h"
#include "graphs/openai_embedder.h"
#include "graphs/provider_client.h"
#include "runtime/secret.h"

namespace heddle::graphs {
namespace {

constexpr std::string_view kOpenAi = "openai:";
constexpr std::string_view kOffline = "offline";
constexpr std::int64_t kOfflineDims = 384;

// Of OpenAI's own models.
struct KnownModel {
  std::string_view name;
  std::int64_t dims;
  bool can_be_shorter;  // tells how many are wanted
};
constexpr std::array kModels = {KnownModel{"text-embedding-3-small", 1'536, true},
                                KnownModel{"text-embedding-3-large", 3'072, true},
                                KnownModel{"text-embedding-ada-002", 1'536, false}};

[[noreturn]] void refuse(const std::string& key, const std::string& text) {
  throw std::runtime_error(key + ": " + text);
}

std::string variable(const std::map<std::string, std::string>& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

// Sets dimensions, and whether the model is told.
void set_dimensions(std::int64_t dims, OpenAiEmbedderSettings& settings) {
  const auto known = std::ranges::find(kModels, std::string_view(settings.model), &KnownModel::name);
  if (known == kModels.end()) {
    if (dims == 0) {
      refuse("store.index.dims", "is missing; say how many numbers a vector of " + settings.model + " has");
    }
    settings.dimensions = static_cast<std::size_t>(dims);
    return;
  }
  const std::int64_t wanted = dims == 0 ? known->dims : dims;
  const bool is_possible = wanted == known->dims || (known->can_be_shorter && wanted < known->dims);
  if (!is_possible) {
    const std::string at_most = known->can_be_shorter ? " or less" : "";
    refuse("store.index.dims", std::to_string(wanted) + " is not possible; the vectors of " + settings.model +
                                   " have " + std::to_string(known->dims) + at_most);
  }
  settings.dimensions = static_cast<std::size_t>(wanted);
  settings.asks_for_dimensions = wanted != known->dims;
}

}  // namespace

bool is_known_embedder(std::string_view embed) {
  return embed == kOffline || (embed.starts_with(kOpenAi) && embed.size() > kOpenAi.size());
}

std::shared_ptr<const runtime::Embedder> choose_embedder(const std::string& embed, std::int64_t dims,
                                                         const std::map<std::string, std::string>& environment) {
  if (embed == kOffline) {
    return std::make_shared<OfflineEmbedder>(static_cast<std::size_t>(dims == 0 ? kOfflineDims : dims));
  }
  OpenAiEmbedderSettings settings;
  settings.model = embed.substr(std::min(kOpenAi.size(), embed.size()));
  const std::string base_url = variable(environment, "OPENAI_BASE_URL");
  std::string key = variable(environment, "OPENAI_API_KEY");
  if (base_url.empty() && key.empty()) {
    refuse("store.index.embed", "OPENAI_API_KEY must be set to ask " + host_of(settings.base_url) +
                                    ", or OPENAI_BASE_URL for a server of your own");
  }
  if (!base_url.empty()) settings.base_url = base_url;
  const bool has_scheme = settings.base_url.starts_with("http://") || settings.base_url.starts_with("https://");
  if (!has_scheme || host_of(settings.base_url).empty()) {
    runtime::wipe(key);
    refuse("OPENAI_BASE_URL", "must begin with http:// or https:// and a host, like https://api.openai.com/v1");
  }
  settings.api_key = runtime::Secret(std::move(key));
  set_dimensions(dims, settings);
  return std::make_shared<OpenAiEmbedder>(std::move(settings));
}

}  // namespace heddle::graphs
