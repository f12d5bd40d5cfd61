#include "graphs/openai_model.h"

#include <memory>
#include <utility>

#include "graphs/openai_wire.h"
#include "runtime/uuid.h"

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
  const bool is_given = has_header(endpoint.secret_headers, key.name);
  endpoint.has_key = is_given || !key.value.empty();
  if (!is_given && !key.value.empty()) endpoint.secret_headers.push_back(std::move(key));
  endpoint.body = std::move(settings.body);
  endpoint.refusal = openai_refusal;
  return endpoint;
}

}  // namespace

OpenAiModel::OpenAiModel(HttpClient& client, OpenAiSettings settings)
    : service_(settings.service),
      model_(settings.model),
      temperature_(settings.temperature),
      temperature_of_(settings.temperature_of),
      provider_(client, endpoint_of(settings), settings.limits) {}

asio::awaitable<Message> OpenAiModel::ask(runtime::NodeContext& context, std::vector<Value::Item> messages,
                                          ModelOptions options) const {
  if (temperature_of_ == TemperatureOf::settings || !options.temperature) options.temperature = temperature_;
  ProviderQuestion question;
  question.call.run_id = runtime::uuid4().text();
  const bool is_azure = service_ == OpenAiService::azure;
  question.call.class_name = is_azure ? "AzureChatOpenAI" : "ChatOpenAI";
  question.call.ls_metadata = {
      {"ls_provider", is_azure ? "azure" : "openai"}, {"ls_model_name", model_}, {"ls_model_type", "chat"}};
  if (options.temperature) question.call.ls_metadata["ls_temperature"] = *options.temperature;
  question.call.tags = options.tags;
  question.body = openai_request(model_, messages, options);
  question.new_reader = [] { return std::make_unique<OpenAiAnswer>(); };
  Message answer = co_await provider_.ask(context, messages, std::move(question));
  co_return answer;
}

}  // namespace heddle::graphs
