#include "api/runs/run_request.h"

#include <catch2/catch.hpp>

#include "api/services/api_error.h"
#include "runtime/json.h"

using namespace heddle;
using api::run_request_from;

namespace {

api::RunRequest parsed(const std::string& text, const api::Headers& headers = {},
                       const api::ServerSettings& settings = {}) {
  return run_request_from(runtime::parse_json(text), headers, settings);
}

std::string complaint(const std::string& text) {
  try {
    (void)parsed(text);
  } catch (const api::ApiError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("Hidden keys leave the request before anything else sees it") {
  const api::RunRequest request = parsed(
      R"({"assistant_id":"a","context":{"_token":"t0p","tenant":"x"},
          "config":{"configurable":{"_credentials":{"refreshToken":"s3cret"},"langgraph_auth_user":{"identity":"me"},"app":1}}})");
  CHECK(runtime::to_text(request.kwargs).find("t0p") == std::string::npos);
  CHECK(runtime::to_text(request.configurable) == R"({"app":1})");
  REQUIRE(request.secrets.contains("_credentials"));
  CHECK_FALSE(request.secrets.contains("langgraph_auth_user"));
  CHECK(request.secrets.at("_credentials").keys() == std::vector<std::string>{"refreshToken"});
  CHECK(request.secrets.at("_credentials").find("refreshToken")->text()->reveal() == "s3cret");
  CHECK(request.context_secrets.contains("_token"));
}

TEST_CASE("Header values become settings of this run by the rule of the JavaScript server, but for live sessions") {
  api::Headers headers;
  for (const char* name : {"x-app-flavour", "x-api-key", "x-middleware-set-cookie", "x-forwarded-for", "authorization",
                           "cookie", "user-agent", "accept"}) {
    headers.add(name, "v");
  }
  CHECK(runtime::to_text(parsed(R"({"assistant_id":"a"})", headers).header_settings) ==
        R"({"x-app-flavour":"v","user-agent":"v"})");
  api::ServerSettings settings;
  settings.configurable_headers = api::HeaderRule{{"x-user-*"}, {"x-user-secret"}};
  api::Headers chosen;
  chosen.add("x-user-name", "n");
  chosen.add("x-user-secret", "s");
  chosen.add("x-other", "o");
  CHECK(runtime::to_text(parsed(R"({"assistant_id":"a"})", chosen, settings).header_settings) ==
        R"({"x-user-name":"n"})");
}

TEST_CASE("A credential never becomes a setting, nor what looks like the server's word, even if all headers do") {
  api::ServerSettings settings;
  settings.configurable_headers = api::HeaderRule{{"*"}, {}};
  api::Headers headers;
  for (const char* name : {"x-api-key", "authorization", "cookie", "langgraph_auth_user_id", "x-app"}) {
    headers.add(name, "v");
  }
  CHECK(runtime::to_text(parsed(R"({"assistant_id":"a"})", headers, settings).header_settings) == R"({"x-app":"v"})");
}

TEST_CASE("A field that does not fit is named with its path") {
  CHECK(complaint("{}") == "assistant_id: is required");
  CHECK(complaint("[]") == "must be an object");
  CHECK(complaint(R"({"assistant_id":1})") == "assistant_id: must be a text");
  CHECK(complaint(R"({"assistant_id":"a","config":{"tags":[1]}})") == "config.tags: must be a list of texts");
  CHECK(complaint(R"({"assistant_id":"a","config":{"recursion_limit":0}})") ==
        "config.recursion_limit: must be between 1 and 1000000");
  CHECK(complaint(R"({"assistant_id":"a","after_seconds":-1})") == "after_seconds: must be at least 0");
  CHECK(complaint(R"({"assistant_id":"a","multitask_strategy":"wait"})") ==
        "multitask_strategy: must be one of reject, rollback, interrupt, enqueue");
  CHECK(complaint(R"({"assistant_id":"a","stream_mode":["values","all"]})")
            .starts_with("stream_mode: must be one or several of"));
  CHECK(complaint(R"({"assistant_id":"a","command":{"goto":7}})").starts_with("command: "));
}

TEST_CASE("Null stands for absent, and unknown keys pass") {
  const api::RunRequest request = parsed(
      R"({"assistant_id":"a","command":null,"config":null,"stream_mode":null,"checkpoint":null,"assistantId":"b"})");
  CHECK_FALSE(request.kwargs.contains("command"));
  CHECK(request.kwargs.at("stream_mode") == boost::json::array{"values"});
}

TEST_CASE("A strict resume is kept with the request, so that it is strict after a restart, too") {
  CHECK(parsed(R"({"assistant_id":"a","strict_resume":true})").kwargs.at("strict_resume") == true);
  CHECK_FALSE(parsed(R"({"assistant_id":"a","strict_resume":false})").kwargs.contains("strict_resume"));
  CHECK(complaint(R"({"assistant_id":"a","strict_resume":1})").find("strict_resume") != std::string::npos);
}
