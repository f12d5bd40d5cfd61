#include "graphs/openai_embedder.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "graphs/provider_client.h"
#include "graphs/retry_after.h"
#include "runtime/json.h"

namespace heddle::graphs {

namespace asio = boost::asio;
namespace json = boost::json;
using runtime::EmbeddingError;
using std::chrono::milliseconds;
using Vectors = std::vector<std::vector<float>>;

struct OpenAiEmbedder::Failure {
  EmbeddingError error;
  bool may_retry = false;
  std::optional<milliseconds> retry_after;
};

struct OpenAiEmbedder::Answer {
  Vectors vectors;
  std::optional<Failure> failure;
};

namespace {

EmbeddingError service_error(const std::string& text) {
  return {EmbeddingError::Fault::service, text};
}

HttpClientSettings client_settings(const EmbedderLimits& limits) {
  HttpClientSettings settings;
  settings.connections_max = limits.requests_at_once;
  settings.idle_connections_max = limits.requests_at_once;
  return settings;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

OpenAiEmbedder::OpenAiEmbedder(OpenAiEmbedderSettings settings)
    : settings_(std::move(settings)),
      name_("openai:" + settings_.model + "/" + std::to_string(settings_.dimensions)),
      url_(without_slash(settings_.base_url) + "/embeddings"),
      host_(host_of(url_)),
      client_(std::make_unique<HttpClient>(client_settings(settings_.limits))) {}

// In portions, one after the other: an item with many texts is rare, and must not take the turns of the others.
asio::awaitable<Vectors> OpenAiEmbedder::embed(std::vector<std::string> texts) const {
  Vectors vectors;
  vectors.reserve(texts.size());
  std::size_t begin = 0;
  while (begin < texts.size()) {
    std::vector<std::string> some;
    std::size_t bytes = 0;
    while (begin < texts.size() && some.size() < settings_.limits.texts_at_once) {
      bytes += texts[begin].size();
      if (!some.empty() && bytes > settings_.limits.bytes_at_once) break;
      some.push_back(std::move(texts[begin++]));
    }
    Vectors portion = co_await embed_some(std::move(some));
    for (std::vector<float>& vector : portion) vectors.push_back(std::move(vector));
  }
  co_return vectors;
}

asio::awaitable<Vectors> OpenAiEmbedder::embed_some(std::vector<std::string> texts) const {
  json::object question{
      {"model", settings_.model}, {"input", json::array(texts.begin(), texts.end())}, {"encoding_format", "float"}};
  if (settings_.asks_for_dimensions) question["dimensions"] = settings_.dimensions;
  const std::string body = runtime::to_text(question);
  milliseconds pause = settings_.limits.backoff;
  for (int attempt = 1;; ++attempt) {
    Answer answer = co_await try_once(body, texts.size());
    if (!answer.failure) co_return std::move(answer.vectors);
    const Failure& failure = *answer.failure;
    if (failure.retry_after) pause = *failure.retry_after;
    const bool ends = !failure.may_retry || attempt >= settings_.limits.attempts_max;
    if (ends || pause > settings_.limits.retry_after_max) throw failure.error;
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, pause);
    co_await timer.async_wait(asio::use_awaitable);
    pause *= 2;
  }
}

asio::awaitable<OpenAiEmbedder::Answer> OpenAiEmbedder::try_once(const std::string& body, std::size_t count) const {
  Answer answer;
  try {
    HttpRequest wanted = request(body);
    const HttpAnswer got = co_await client_->fetch(std::move(wanted));
    if (got.head.status == 200) {
      answer.vectors = vectors_in(got.body, count);
    } else {
      answer.failure = refused(got.head);
    }
  } catch (const HttpError& error) {
    const bool may_retry = error.kind() == HttpFailure::connection || error.kind() == HttpFailure::timeout;
    answer.failure = Failure{service_error(error.what()), may_retry, std::nullopt};
  } catch (const EmbeddingError& error) {
    answer.failure = Failure{error, false, std::nullopt};
  } catch (const runtime::JsonError&) {
    answer.failure =
        Failure{service_error(host_ + " did not answer a question for embeddings with JSON"), false, std::nullopt};
  }
  co_return answer;
}

HttpRequest OpenAiEmbedder::request(const std::string& body) const {
  HttpRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers = {{"Content-Type", "application/json"}};
  if (!settings_.api_key.empty()) {
    request.secret_headers.push_back({"Authorization", "Bearer ", settings_.api_key.clone()});
  }
  request.body = body;
  request.total_timeout = settings_.limits.timeout;
  request.body_bytes_max = 64UL << 20;  // 64 texts of 4096 numbers with 20 digits each are 6 MiB
  return request;
}

// The provider's own words are not repeated: they may quote the text.
OpenAiEmbedder::Failure OpenAiEmbedder::refused(const HttpHead& head) const {
  const int status = head.status;
  const std::string answered = host_ + " answered " + std::to_string(status) + " to a question for embeddings";
  if (status == 401 || status == 403) {
    const std::string why = settings_.api_key.empty() ? "it wants an API key, and OPENAI_API_KEY is not set"
                                                      : "it does not accept the API key of OPENAI_API_KEY";
    return {service_error(answered + ": " + why), false, std::nullopt};
  }
  if (status == 404) {
    return {service_error(answered + ": it does not know the model of store.index.embed, or has no embeddings"), false,
            std::nullopt};
  }
  if (status == 400 || status == 413 || status == 422) {
    return {EmbeddingError(EmbeddingError::Fault::texts, answered + ": a text may be too long for the model"), false,
            std::nullopt};
  }
  const bool may_retry = status == 408 || status == 425 || status == 429 || status >= 500;
  return {service_error(answered), may_retry, retry_after_of(head)};
}

Vectors OpenAiEmbedder::vectors_in(const std::string& body, std::size_t count) const {
  const EmbeddingError unreadable =
      service_error(host_ + " did not answer with as many embeddings as it was asked for");
  const json::object answer = runtime::parse_json_object(body);
  const json::array* data = runtime::find_array(answer, "data");
  if (data == nullptr || data->size() != count) throw unreadable;
  Vectors vectors(count);
  for (const json::value& entry : *data) {
    const json::value* index = runtime::find_member(entry, "index");
    const json::value* numbers = runtime::find_member(entry, "embedding");
    const bool is_readable = index != nullptr && index->is_int64() && numbers != nullptr && numbers->is_array();
    if (!is_readable) throw unreadable;
    const std::int64_t place = index->get_int64();
    if (place < 0 || static_cast<std::size_t>(place) >= count) throw unreadable;
    std::vector<float>& vector = vectors[static_cast<std::size_t>(place)];
    if (!vector.empty()) throw unreadable;
    const json::array& given = numbers->get_array();
    if (given.size() != settings_.dimensions) {
      throw service_error("the model of store.index.embed gives vectors of " + std::to_string(given.size()) +
                          " numbers, and store.index.dims says " + std::to_string(settings_.dimensions));
    }
    for (const json::value& number : given) {
      if (!number.is_number()) throw unreadable;
      vector.push_back(static_cast<float>(number.to_number<double>()));
    }
  }
  return vectors;
}

}  // namespace heddle::graphs
