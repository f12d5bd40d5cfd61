#include "graphs/openai_model.h"

#include <memory>
#include <utility>

#include "graphs/openai_wire.h"

namespace heddle::graphs {

namespace asio = boost::asio;
using runtime::Message;
using runtime::Value;

namespace {

ProviderEndpoint endpoint_of(OpenAiSettings& settings) {
  std::string base = settings.base_url;
  while (base.ends_with('/')) base.pop_back();
  ProviderEndpoint endpoint;
  endpoint.url = base + "/chat/completions" + (settings.query.empty() ? "" : "?" + settings.query);
  const bool is_azure = settings.service == OpenAiService::azure;
  SecretHeader key{"Authorization", "Bearer ", std::move(settings.api_key)};
  if (is_azure) key = {"api-key", "", std::move(key.value)};
  endpoint.secret_headers = std::move(settings.headers);
  add_key(endpoint, std::move(key));
  endpoint.body = std::move(settings.body);
  endpoint.refusal = openai_refusal;
  return endpoint;
}

}  // namespace

OpenAiModel::OpenAiModel(HttpClient& client, OpenAiSettings settings)
    : service_(settings.service),
      model_(settings.model),
      temperature_{settings.temperature, settings.temperature_of},
      provider_(client, endpoint_of(settings), settings.limits) {}

asio::awaitable<Message> OpenAiModel::ask(runtime::NodeContext& context, runtime::ItemList messages,
                                          ModelOptions options) const {
  const bool is_azure = service_ == OpenAiService::azure;
  runtime::ModelCall call;
  call.class_name = is_azure ? "AzureChatOpenAI" : "ChatOpenAI";
  call.ls_metadata = {
      {"ls_provider", is_azure ? "azure" : "openai"}, {"ls_model_name", model_}, {"ls_model_type", "chat"}};
  ProviderQuestion question = question_with(std::move(call), options, temperature_);
  question.body = openai_request(model_, messages, options);
  question.new_reader = [] { return std::make_unique<OpenAiAnswer>(); };
  Message answer = co_await provider_.ask(context, messages, std::move(question));
  co_return answer;
}

}  // namespace heddle::graphs
