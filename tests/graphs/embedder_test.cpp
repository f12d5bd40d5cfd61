#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "graphs/embedder_choice.h"
#include "graphs/offline_embedder.h"
#include "graphs/openai_embedder.h"
#include "runtime/json.h"
#include "tests/graphs/tiny_server.h"
#include "tests/support/run.h"

namespace heddle::graphs {
namespace {

namespace json = boost::json;
using runtime::EmbeddingError;
using test::http_answer;
using test::TinyConnection;
using test::TinyServer;
using Texts = std::vector<std::string>;
using Vectors = std::vector<std::vector<float>>;
using Environment = std::map<std::string, std::string>;

Vectors vectors_of(const runtime::Embedder& embedder, Texts texts) {
  // An embedder's client lets go of its callers' executors when it ends, so this one outlives them all.
  static boost::asio::io_context io;
  return test::run(io, embedder.embed(std::move(texts)));
}

double cosine(const std::vector<float>& one, const std::vector<float>& other) {
  double product = 0;
  double one_length = 0;
  double other_length = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    product += static_cast<double>(one[i]) * static_cast<double>(other[i]);
    one_length += static_cast<double>(one[i]) * static_cast<double>(one[i]);
    other_length += static_cast<double>(other[i]) * static_cast<double>(other[i]);
  }
  return product / std::sqrt(one_length * other_length);
}

// For each text a vector of two numbers: its length, and 1.
std::string lengths_of(const std::string& request) {
  const json::value body = runtime::parse_json(request.substr(request.find("\r\n\r\n") + 4));
  json::array data;
  for (const json::value& text : body.at("input").as_array()) {
    const json::array embedding{static_cast<double>(text.as_string().size()), 1};
    // The last one first: an answer need not be in order.
    data.insert(data.begin(), json::object{{"index", data.size()}, {"embedding", embedding}});
  }
  return runtime::to_text(json::object{{"data", data}});
}

OpenAiEmbedderSettings settings_for(const TinyServer& server) {
  OpenAiEmbedderSettings settings;
  settings.api_key = runtime::Secret(std::string("sk-very-secret"));
  settings.base_url = server.url("/v1/");
  settings.model = "m";
  settings.dimensions = 2;
  settings.limits.backoff = std::chrono::milliseconds{1};
  return settings;
}

std::string failure_of(const OpenAiEmbedder& embedder, EmbeddingError::Fault fault) {
  try {
    vectors_of(embedder, {"a prompt"});
  } catch (const EmbeddingError& error) {
    CHECK(error.fault() == fault);
    return error.what();
  }
  FAIL("it did not fail");
  return {};
}

}  // namespace

TEST_CASE("Without a model, texts with words in common are nearer than others, always the same way") {
  const OfflineEmbedder embedder(384);
  const Vectors vectors =
      vectors_of(embedder, {"the gears of the loom", "Gear and loom!", "soup with noodles", "", "?!"});
  for (const std::vector<float>& vector : vectors) CHECK(vector.size() == 384);
  CHECK(cosine(vectors[0], vectors[1]) > cosine(vectors[0], vectors[2]) + 0.2);
  CHECK(vectors_of(embedder, {"soup with noodles"}).front() == vectors[2]);
  CHECK(cosine(vectors[3], vectors[4]) == Approx(1));
  CHECK(embedder.name() == "offline/384");
}

TEST_CASE("A server is asked for the vectors of texts, which are given in the order of the texts") {
  TinyServer server([](TinyConnection& connection, const std::string& request) {
    connection.send(http_answer("200 OK", lengths_of(request)));
  });
  const OpenAiEmbedder embedder(settings_for(server));
  CHECK(vectors_of(embedder, {"a", "bcd"}) == Vectors{{1, 1}, {3, 1}});
  const std::string request = server.requests().at(0);
  CHECK(request.starts_with("POST /v1/embeddings "));
  CHECK(request.find("Authorization: Bearer sk-very-secret\r\n") != std::string::npos);
  CHECK(request.ends_with(R"({"model":"m","input":["a","bcd"],"encoding_format":"float"})"));
  CHECK(embedder.name() == "openai:m/2");
}

TEST_CASE("Many texts are asked for in portions, by count and by size") {
  TinyServer server([](TinyConnection& connection, const std::string& request) {
    connection.send(http_answer("200 OK", lengths_of(request)));
  });
  OpenAiEmbedderSettings settings = settings_for(server);
  settings.limits.texts_at_once = 2;
  settings.limits.bytes_at_once = 10;
  const OpenAiEmbedder embedder(std::move(settings));
  const Vectors vectors = vectors_of(embedder, {"a", "bb", "ccc", std::string(20, 'd'), "e"});
  CHECK(vectors == Vectors{{1, 1}, {2, 1}, {3, 1}, {20, 1}, {1, 1}});
  CHECK(server.requests().size() == 4);
}

TEST_CASE("A server that is overloaded is asked again, three times in all") {
  TinyServer server([](TinyConnection& connection, const std::string& request) {
    const bool is_well = connection.number() == 3;
    connection.send(is_well ? http_answer("200 OK", lengths_of(request)) : http_answer("503 Busy", ""));
  });
  const OpenAiEmbedder embedder(settings_for(server));
  CHECK(vectors_of(embedder, {"a"}) == Vectors{{1, 1}});
  TinyServer broken([](TinyConnection& connection, const std::string&) { connection.send(http_answer("500 No", "")); });
  const OpenAiEmbedder failing(settings_for(broken));
  CHECK_THAT(failure_of(failing, EmbeddingError::Fault::service), Catch::Contains("answered 500"));
  CHECK(broken.requests().size() == 3);
}

TEST_CASE("A server that wants to be left alone for long is not waited for") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(http_answer("429 Slow", "", "Retry-After: 60\r\n"));
  });
  const OpenAiEmbedder embedder(settings_for(server));
  failure_of(embedder, EmbeddingError::Fault::service);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("A refusal is told once, by whose fault it is, without key, text and the provider's words") {
  struct Refusal {
    std::string status;
    EmbeddingError::Fault fault;
    std::string says;
  };
  const std::vector<Refusal> refusals = {{"401 No", EmbeddingError::Fault::service, "API key"},
                                         {"404 No", EmbeddingError::Fault::service, "store.index.embed"},
                                         {"400 No", EmbeddingError::Fault::texts, "too long"}};
  for (const Refusal& refusal : refusals) {
    INFO(refusal.status);
    TinyServer server([&](TinyConnection& connection, const std::string&) {
      connection.send(http_answer(refusal.status, R"({"error":{"message":"sk-very-secret said a prompt"}})"));
    });
    const OpenAiEmbedder embedder(settings_for(server));
    const std::string text = failure_of(embedder, refusal.fault);
    CHECK_THAT(text, Catch::Contains(refusal.says));
    CHECK(text.find("secret") == std::string::npos);
    CHECK(text.find("prompt") == std::string::npos);
    CHECK(server.requests().size() == 1);
  }
}

TEST_CASE("An answer that does not fit is an error, and wrong dimensions say which are right") {
  const auto failure = [](const std::string& body) {
    TinyServer server(
        [&](TinyConnection& connection, const std::string&) { connection.send(http_answer("200 OK", body)); });
    const OpenAiEmbedder embedder(settings_for(server));
    return failure_of(embedder, EmbeddingError::Fault::service);
  };
  CHECK_THAT(failure(R"({"data":[{"index":0,"embedding":[1,2,3]}]})"),
             Catch::Contains("vectors of 3 numbers, and store.index.dims says 2"));
  for (const char* const body :
       {"", "x", "[]", "{}", R"({"data":[]})", R"({"data":[{"embedding":[1,2]}]})", R"({"data":[1]})",
        R"({"data":[{"index":1,"embedding":[1,2]}]})", R"({"data":[{"index":0,"embedding":"AAAA"}]})",
        R"({"data":[{"index":0,"embedding":[1,"x"]}]})"}) {
    INFO(body);
    CHECK_FALSE(failure(body).empty());
  }
}

TEST_CASE("What is configured is checked before anybody is asked") {
  const Environment with_key{{"OPENAI_API_KEY", "k"}};
  const Environment own_server{{"OPENAI_BASE_URL", "http://localhost:1/v1"}};
  const auto fault = [](const std::string& embed, std::int64_t dims, const Environment& environment) {
    try {
      choose_embedder(embed, dims, environment);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(choose_embedder("offline", 0, {})->dimensions() == 384);
  CHECK(choose_embedder("offline", 16, {})->dimensions() == 16);
  CHECK(choose_embedder("openai:text-embedding-3-small", 0, with_key)->dimensions() == 1'536);
  CHECK(choose_embedder("openai:text-embedding-3-large", 256, with_key)->dimensions() == 256);
  CHECK(choose_embedder("openai:nomic-embed-text", 768, own_server)->name() == "openai:nomic-embed-text/768");
  CHECK_THAT(fault("openai:text-embedding-3-small", 3'072, with_key), Catch::Contains("have 1536 or less"));
  CHECK_THAT(fault("openai:text-embedding-ada-002", 256, with_key), Catch::Contains("have 1536"));
  CHECK_THAT(fault("openai:nomic-embed-text", 0, own_server), Catch::StartsWith("store.index.dims: is missing"));
  CHECK_THAT(fault("openai:m", 1, {}), Catch::Contains("OPENAI_API_KEY"));
  CHECK_THAT(fault("openai:m", 1, {{"OPENAI_BASE_URL", "localhost"}}), Catch::StartsWith("OPENAI_BASE_URL"));
  CHECK(is_known_embedder("openai:m"));
  for (const char* const unknown : {"", "openai", "openai:", "cohere:x", "./embed.py:embed", "Offline"}) {
    INFO(unknown);
    CHECK_FALSE(is_known_embedder(unknown));
  }
}

}  // namespace heddle::graphs
