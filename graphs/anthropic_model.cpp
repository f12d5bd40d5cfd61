#include "graphs/anthropic_model.h"

#include <memory>
#include <string_view>
#include <utility>

#include "graphs/anthropic_wire.h"

namespace heddle::graphs {

namespace asio = boost::asio;
using runtime::Message;
using runtime::Value;

namespace {

ProviderEndpoint endpoint_of(AnthropicSettings& settings) {
  constexpr std::string_view kVersion = "/v1";
  std::string base = settings.base_url;
  while (base.ends_with('/')) base.pop_back();
  if (base.ends_with(kVersion)) base.resize(base.size() - kVersion.size());
  ProviderEndpoint endpoint;
  endpoint.url = base + "/v1/messages";
  endpoint.secret_headers = std::move(settings.headers);
  if (!has_header(endpoint.secret_headers, "anthropic-version")) {
    endpoint.headers.push_back({"anthropic-version", "2023-06-01"});
  }
  add_key(endpoint, {"x-api-key", "", std::move(settings.api_key)}, "authorization");
  endpoint.body = std::move(settings.body);
  endpoint.refusal = anthropic_refusal;
  return endpoint;
}

}  // namespace

AnthropicModel::AnthropicModel(HttpClient& client, AnthropicSettings settings)
    : model_(settings.model),
      max_tokens_(settings.max_tokens),
      temperature_{settings.temperature, settings.temperature_of},
      provider_(client, endpoint_of(settings), settings.limits) {}

asio::awaitable<Message> AnthropicModel::ask(runtime::NodeContext& context, runtime::ItemList messages,
                                             ModelOptions options) const {
  runtime::ModelCall call;
  call.class_name = "ChatAnthropic";
  call.ls_metadata = {{"ls_provider", "anthropic"},
                      {"ls_model_name", model_},
                      {"ls_model_type", "chat"},
                      {"ls_max_tokens", max_tokens_}};
  ProviderQuestion question = question_with(std::move(call), options, temperature_);
  question.body = anthropic_request(model_, max_tokens_, messages, options);
  question.new_reader = [] { return std::make_unique<AnthropicAnswer>(); };
  Message answer = co_await provider_.ask(context, messages, std::move(question));
  co_return answer;
}

}  // namespace heddle::graphs
