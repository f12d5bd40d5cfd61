#pragma once
// Vectors of an OpenAI-compatible embeddings API.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "graphs/http_client.h"
#include "runtime/embedder.h"
#include "runtime/secret.h"

namespace heddle::graphs {

struct EmbedderLimits {
  std::size_t texts_at_once = 64;           // of one request; providers take 2048, but not so many long ones
  std::size_t bytes_at_once = 512UL << 10;  // of the texts of one request; one text may be longer
  std::size_t requests_at_once = 8;         // of the whole process; further ones wait
  // With the first. Few and short, because a request of a client or a node waits meanwhile.
  int attempts_max = 3;
  std::chrono::milliseconds backoff{500};            // before the second attempt, then doubled
  std::chrono::milliseconds retry_after_max{5'000};  // a longer Retry-After ends the call at once
  std::chrono::milliseconds timeout{30'000};         // of one attempt, the wait for its turn included
};

// Moved, not copied, because of its secrets.
struct OpenAiEmbedderSettings {
  runtime::Secret api_key;                             // empty: none (models on the own machine)
  std::string base_url = "https://api.openai.com/v1";  // "/embeddings" is appended
  std::string model;
  std::size_t dimensions = 0;        // of every answer
  bool asks_for_dimensions = false;  // whether the model is told; few models can be
  EmbedderLimits limits;
};

// Has an HTTP client of its own, so that a provider that is slow keeps no other call waiting.
class OpenAiEmbedder final : public runtime::Embedder {
 public:
  explicit OpenAiEmbedder(OpenAiEmbedderSettings settings);

  boost::asio::awaitable<std::vector<std::vector<float>>> embed(std::vector<std::string> texts) const override;
  std::size_t dimensions() const override { return settings_.dimensions; }
  const std::string& name() const override { return name_; }

 private:
  struct Failure;
  struct Answer;
  HttpRequest request(const std::string& body) const;
  boost::asio::awaitable<std::vector<std::vector<float>>> embed_some(std::vector<std::string> texts) const;
  boost::asio::awaitable<Answer> try_once(const std::string& body, std::size_t count) const;
  Failure refused(const HttpHead& head) const;
  std::vector<std::vector<float>> vectors_in(const std::string& body, std::size_t count) const;

  OpenAiEmbedderSettings settings_;
  std::string name_;
  std::string url_;
  std::string host_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace heddle::graphs
