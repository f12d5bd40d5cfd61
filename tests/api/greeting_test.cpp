#include "api/greeting.h"

#include <catch2/catch.hpp>
#include <string>

namespace heddle::api {
namespace {

runtime::GraphSchemas schemas_with(const std::string& key) {
  runtime::GraphSchemas schemas;
  schemas.input = {{"type", "object"}, {"properties", boost::json::object{{key, boost::json::object{}}}}};
  return schemas;
}

TEST_CASE("The URL is one that a program on this machine can open") {
  CHECK(base_url({{"127.0.0.1", 2024}, {"::1", 2024}}, "") == "http://127.0.0.1:2024");
  CHECK(base_url({{"::1", 2024}, {"127.0.0.1", 2024}}, "/api") == "http://127.0.0.1:2024/api");
  CHECK(base_url({{"0.0.0.0", 80}}, "") == "http://127.0.0.1:80");
  CHECK(base_url({{"::", 80}}, "") == "http://[::1]:80");
}

TEST_CASE("A graph with messages is the first to try") {
  const runtime::GraphSchemas text = schemas_with("text");
  const runtime::GraphSchemas chat = schemas_with("messages");
  CHECK(first_to_try({{"a", &text}, {"b", &chat}}).id == "b");
  CHECK(first_to_try({{"a", &text}}).id == "a");
}

TEST_CASE("The line to paste asks a graph with messages a question and streams its tokens") {
  const runtime::GraphSchemas chat = schemas_with("messages");
  CHECK(curl_line("http://127.0.0.1:2024", {"agent", &chat}) ==
        "curl -N 'http://127.0.0.1:2024/runs/stream' -H 'content-type: application/json' -d "
        R"('{"assistant_id":"agent","input":{"messages":[{"role":"user","content":"What is 17 * 23?"}]},)"
        R"("stream_mode":"messages-tuple"}')");
}

TEST_CASE("The line to paste sends a token where one is needed") {
  const runtime::GraphSchemas text = schemas_with("text");
  CHECK(curl_line("http://127.0.0.1:1", {"a", &text}, Callers::with_token) ==
        "curl -N 'http://127.0.0.1:1/runs/stream' -H \"authorization: Bearer $TOKEN\" -H 'content-type: "
        "application/json' "
        R"(-d '{"assistant_id":"a","input":{},"stream_mode":["updates","values"]}')");
}

TEST_CASE("The line to paste streams the state of a graph without messages") {
  const runtime::GraphSchemas text = schemas_with("text");
  CHECK(curl_line("http://[::1]:1", {"it's", &text}) ==
        "curl -N -g 'http://[::1]:1/runs/stream' -H 'content-type: application/json' -d "
        R"('{"assistant_id":"it'\''s","input":{},"stream_mode":["updates","values"]}')");
}

}  // namespace
}  // namespace heddle::api
