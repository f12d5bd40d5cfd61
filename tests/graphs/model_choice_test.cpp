#include "graphs/model_choice.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/graphs/asking.h"

using namespace heddle;
using namespace heddle::graphs;
using Catch::Contains;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;

namespace {

using Environment = std::map<std::string, std::string>;

const Environment kAzure = {{"AZURE_OPENAI_API_KEY", "azure-key-value"},
                            {"AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com/"},
                            {"AZURE_OPENAI_DEPLOYMENT", "d-1"},
                            {"OPENAI_API_VERSION", "2024-10-21"}};

OpenAiSettings openai(const Environment& environment, const ModelDefaults& defaults = {}) {
  return std::get<OpenAiSettings>(choose_model(environment, defaults).settings);
}

AnthropicSettings anthropic(const Environment& environment, const ModelDefaults& defaults = {}) {
  return std::get<AnthropicSettings>(choose_model(environment, defaults).settings);
}

std::string fault(const Environment& environment) {
  try {
    choose_model(environment);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

Environment with(Environment environment, const std::string& name, const std::string& value) {
  environment[name] = value;
  return environment;
}

}  // namespace

TEST_CASE("Without any variable the offline model answers, and says how to get another") {
  const ModelChoice choice = choose_model({{"OPENAI_API_KEY", ""}});
  CHECK(std::holds_alternative<OfflineModelSettings>(choice.settings));
  CHECK_THAT(choice.notice, Contains("offline model") && Contains("OPENAI_API_KEY"));
}

TEST_CASE("A key of OpenAI is enough to ask the agent's own model there") {
  const OpenAiSettings settings = openai({{"OPENAI_API_KEY", "sk-1"}});
  CHECK(settings.model == "gpt-4o-mini");
  CHECK(settings.base_url == "https://api.openai.com/v1");
  CHECK(settings.api_key.reveal() == "sk-1");
  CHECK_FALSE(settings.temperature);
  CHECK(choose_model({{"OPENAI_API_KEY", "sk-1"}}).notice == "model: openai at api.openai.com");
}

TEST_CASE("An agent's own model and temperature hold where the environment says nothing") {
  ModelDefaults defaults;
  defaults.openai_model = "gpt-4o";
  defaults.temperature = 0;
  const Environment key = {{"OPENAI_API_KEY", "sk-1"}};
  CHECK(openai(key, defaults).model == "gpt-4o");
  CHECK(openai(key, defaults).temperature == 0.0);
  CHECK(openai(with(key, "OPENAI_MODEL", "x"), defaults).model == "x");
  CHECK(openai(with(key, "HEDDLE_MODEL_TEMPERATURE", "0.5"), defaults).temperature == 0.5);
  CHECK_FALSE(openai(with(key, "HEDDLE_MODEL_TEMPERATURE", "none"), defaults).temperature);
  CHECK_FALSE(anthropic({{"ANTHROPIC_API_KEY", "sk-ant-1"}}, defaults).temperature);
}

TEST_CASE("A server of one's own needs an address and no key") {
  const Environment ollama = {{"OPENAI_BASE_URL", "http://localhost:11434/v1/"},
                              {"HEDDLE_MODEL", "openai:llama3.2:3b"}};
  CHECK(openai(ollama).base_url == "http://localhost:11434/v1");
  CHECK(openai(ollama).model == "llama3.2:3b");
  CHECK(openai(ollama).api_key.empty());
  CHECK(choose_model(ollama).notice == "model: openai:llama3.2:3b at localhost:11434");
}

TEST_CASE("Azure is asked by deployment and version") {
  const OpenAiSettings settings = openai(kAzure);
  CHECK(settings.service == OpenAiService::azure);
  CHECK(settings.base_url == "https://r.openai.azure.com/openai/deployments/d-1");
  CHECK(settings.query == "api-version=2024-10-21");
  CHECK(settings.model == "d-1");
  CHECK(openai(with(kAzure, "HEDDLE_MODEL", "azure:other")).model == "other");
}

TEST_CASE("Anthropic is asked with its key, and where its address says") {
  const Environment key = {{"ANTHROPIC_API_KEY", "sk-ant-1"}};
  CHECK(anthropic(key).base_url == "https://api.anthropic.com");
  CHECK_FALSE(anthropic(key).model.empty());
  CHECK(anthropic(with(key, "ANTHROPIC_BASE_URL", "https://proxy/x/")).base_url == "https://proxy/x");
  CHECK(anthropic(with(key, "HEDDLE_MODEL", "anthropic:claude-x")).model == "claude-x");
}

TEST_CASE("Of several providers HEDDLE_MODEL chooses, and without it the notice says so") {
  Environment all = kAzure;
  all["OPENAI_API_KEY"] = "sk-1";
  all["ANTHROPIC_API_KEY"] = "sk-ant-1";
  CHECK_THAT(choose_model(all).notice, Contains("model: openai at") && Contains("anthropic is set too"));
  CHECK(choose_model(with(all, "HEDDLE_MODEL", "anthropic:c")).notice == "model: anthropic:c at api.anthropic.com");
  CHECK(choose_model(with(all, "HEDDLE_MODEL", "azure:d")).notice == "model: azure:d at r.openai.azure.com");
  CHECK(std::holds_alternative<OfflineModelSettings>(choose_model(with(all, "HEDDLE_MODEL", "offline")).settings));
}

TEST_CASE("Further headers and members reach whoever is asked") {
  for (Environment environment :
       {Environment{{"OPENAI_API_KEY", "k"}}, kAzure, Environment{{"ANTHROPIC_API_KEY", "k"}}}) {
    environment["HEDDLE_MODEL_HEADERS"] = R"({"X-Title": "t"})";
    environment["HEDDLE_MODEL_BODY"] = R"({"top_p": 0.5, "stream_options": null})";
    const ModelChoice choice = choose_model(environment);
    auto look = [](const auto& settings) {
      REQUIRE(settings.headers.size() == 1);
      CHECK(settings.headers[0].value.reveal() == "t");
      CHECK(settings.body.size() == 2);
    };
    if (const auto* asked = std::get_if<OpenAiSettings>(&choice.settings)) {
      look(*asked);
    } else {
      look(std::get<AnthropicSettings>(choice.settings));
    }
  }
}

TEST_CASE("A header may be the key") {
  const std::string bearer = R"({"authorization": "Bearer t"})";
  CHECK(fault({{"HEDDLE_MODEL", "openai:m"}, {"HEDDLE_MODEL_HEADERS", bearer}}) == "none");
  CHECK(fault({{"HEDDLE_MODEL", "anthropic:m"}, {"HEDDLE_MODEL_HEADERS", bearer}}) == "none");
  Environment azure = with(kAzure, "HEDDLE_MODEL_HEADERS", bearer);
  azure.erase("AZURE_OPENAI_API_KEY");
  CHECK(fault(azure) == "none");
}

TEST_CASE("A wrong value is an error of one line that names the variable and not the value") {
  struct Row {
    Environment environment;
    std::string variable;
    std::string says;
  };
  const Environment key = {{"OPENAI_API_KEY", "k"}};
  std::vector<Row> rows;
  for (const char* wrong : {"s3cret", "openai", "openai:", "gpt:s3cret", "openai:s3 cret", "Offline"}) {
    rows.push_back(
        {{{"HEDDLE_MODEL", wrong}}, "HEDDLE_MODEL", "openai:NAME, anthropic:NAME, azure:DEPLOYMENT or offline"});
  }
  for (const char* wrong : {"s3cret", "ftp://s3cret", "https://", "https:///v1", "https://u:s3cret@h/v1",
                            "https://h/v1?k=s3cret", "https://h/s3 cret"}) {
    rows.push_back({with(key, "OPENAI_BASE_URL", wrong), "OPENAI_BASE_URL", "must"});
    rows.push_back({{{"ANTHROPIC_BASE_URL", wrong}}, "ANTHROPIC_BASE_URL", "must"});
    rows.push_back({with(kAzure, "AZURE_OPENAI_ENDPOINT", wrong), "AZURE_OPENAI_ENDPOINT", "must"});
  }
  for (const char* wrong :
       {"s3cret", "[\"s3cret\"]", "{\"A\": 1}", "{\"A\": \"s3cret\\r\\nB: c\"}", "{\"s3 cret\": \"x\"}",
        "{\"content-Type\": \"s3cret\"}", "{\"A\": \"s3cret\", \"a\": \"s3cret\"}"}) {
    rows.push_back({{{"HEDDLE_MODEL_HEADERS", wrong}}, "HEDDLE_MODEL_HEADERS", ""});
    rows.push_back({with(key, "HEDDLE_MODEL_HEADERS", wrong), "HEDDLE_MODEL_HEADERS", ""});
  }
  for (const char* wrong :
       {"s3cret", "[1]", R"({"messages": ["s3cret"]})", R"({"tools": []})", R"({"model": "s3cret"})"}) {
    rows.push_back({with(kAzure, "HEDDLE_MODEL_BODY", wrong), "HEDDLE_MODEL_BODY", ""});
  }
  for (const char* wrong : {"s3cret", "-1", "2.5", "nan", "1x", "1e999"}) {
    rows.push_back({with(key, "HEDDLE_MODEL_TEMPERATURE", wrong), "HEDDLE_MODEL_TEMPERATURE", "from 0 to 2, or none"});
  }
  rows.push_back(
      {{{"ANTHROPIC_API_KEY", "k"}, {"HEDDLE_MODEL_TEMPERATURE", "1.5"}}, "HEDDLE_MODEL_TEMPERATURE", "0 to 1"});
  for (const char* variable : {"OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "ANTHROPIC_API_KEY"}) {
    Environment environment = with({}, variable, "s3cret\n");
    if (std::string(variable).starts_with("AZURE")) environment = with(kAzure, variable, "s3cret\n");
    rows.push_back({environment, variable, "no key has"});
  }
  rows.push_back({{{"HEDDLE_MODEL", "openai:m"}}, "OPENAI_API_KEY", "must be set"});
  rows.push_back({{{"HEDDLE_MODEL", "anthropic:m"}}, "ANTHROPIC_API_KEY", "must be set"});
  rows.push_back({{{"HEDDLE_MODEL", "azure:m"}}, "AZURE_OPENAI_ENDPOINT", "must be set"});
  rows.push_back({with(kAzure, "AZURE_OPENAI_API_KEY", ""), "AZURE_OPENAI_API_KEY", "must be set"});
  rows.push_back({with(kAzure, "OPENAI_API_VERSION", ""), "OPENAI_API_VERSION", "2024-10-21"});
  rows.push_back({with(kAzure, "OPENAI_API_VERSION", "1&s3cret"), "OPENAI_API_VERSION", "2024-10-21"});
  rows.push_back({with(kAzure, "AZURE_OPENAI_DEPLOYMENT", ""), "AZURE_OPENAI_DEPLOYMENT", "deployment"});
  rows.push_back({with(kAzure, "HEDDLE_MODEL", "azure:a/b"), "HEDDLE_MODEL", "deployment"});
  for (const Row& row : rows) {
    const std::string told = fault(row.environment);
    INFO(row.variable << " -> " << told);
    CHECK(told.starts_with(row.variable + ": "));
    CHECK_THAT(told, Contains(row.says));
    CHECK(told.find("s3") == std::string::npos);
    CHECK(told.find('\n') == std::string::npos);
  }
}

TEST_CASE_METHOD(test::AskingFixture, "A model is made of the choice, and the HTTP client only if it needs one") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(test::http_answer("200 OK",
                                      R"({"id":"c","choices":[{"message":{"content":"made"},"finish_reason":"stop"}]})",
                                      "Content-Type: application/json\r\n"));
  });
  auto network = [this]() -> HttpClient& { return client; };
  const auto asked = make_model(choose_model({{"OPENAI_BASE_URL", server.url("/v1")}}), network);
  CHECK(ask(*asked).at("content") == "made");
  auto none = []() -> HttpClient& { throw std::logic_error("no client is needed"); };
  CHECK(make_model(choose_model({}), none) != nullptr);
}

TEST_CASE_METHOD(test::AskingFixture,
                 "The user's temperature counts and not the agent's, and Anthropic is sent no other") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(test::http_answer("400 Bad Request", "{}"));
  });
  auto network = [this]() -> HttpClient& { return client; };
  options.temperature = 0;
  auto sent = [&](const std::string& variable, const std::string& temperature) {
    const Environment environment = {{variable, server.url("")}, {"HEDDLE_MODEL_TEMPERATURE", temperature}};
    failure(*make_model(choose_model(environment), network));
    const runtime::json::value body = test::body_of(server.requests().back());
    const runtime::json::value* value = runtime::find_member(body, "temperature");
    return value == nullptr ? std::string("none") : runtime::to_text(*value);
  };
  CHECK(sent("OPENAI_BASE_URL", "") == "0");
  CHECK(sent("OPENAI_BASE_URL", "0.7") == "0.7");
  CHECK(sent("OPENAI_BASE_URL", "none") == "none");
  CHECK(sent("ANTHROPIC_BASE_URL", "") == "none");
  CHECK(sent("ANTHROPIC_BASE_URL", "0.7") == "0.7");
}
