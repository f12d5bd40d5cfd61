// A workflow that ends with something else than an object, wherever its result is told.

#include <boost/asio/awaitable.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "runtime/entrypoint.h"
#include "tests/api/openapi/api_fixture.h"

namespace heddle::test {
namespace {

namespace json = boost::json;

class WorkflowResultFixture : public ApiFixture {
 public:
  WorkflowResultFixture() {
    graphs.add("poet",
               runtime::entrypoint(
                   "poet", [](runtime::Workflow&, json::value) -> boost::asio::awaitable<runtime::WorkflowResult> {
                     json::value poem = "roses";
                     co_return poem;
                   }));
    run(io, services->assistants.make_defaults());
  }

  json::value rpc(const std::string& path, const std::string& method, const std::string& params) {
    const std::string body = R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}";
    const ApiAnswer answer = ask("post", path, body, {{"accept", "application/json, text/event-stream"}});
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return answer.json().at("result");
  }
};

}  // namespace

TEST_CASE_METHOD(WorkflowResultFixture, "The result of a workflow is told as it is, by waiting, streams and states") {
  const std::string body = R"({"assistant_id":"poet","input":{},"stream_mode":["values","updates"]})";
  const std::string thread = "/threads/" + ask("post", "/threads", "{}").text("thread_id");
  CHECK(ask("post", thread + "/runs/wait", body).json() == "roses");
  CHECK(ask("post", "/runs/wait", body).json() == "roses");
  CHECK(ask("get", thread + "/state").json().at("values") == "roses");
  CHECK(ask("post", thread + "/history", "{}").json().at(0).at("values") == "roses");
  CHECK(ask("get", thread).json().at("values") == "roses");
  const std::string events = ask("post", thread + "/runs/stream", body).body;
  CHECK(events.find("event: values\ndata: \"roses\"\n") != std::string::npos);
  CHECK(events.find("event: updates\ndata: {\"poet\":\"roses\"}\n") != std::string::npos);
  const std::string run_id(ask("get", thread + "/runs").json().at(0).at("run_id").as_string());
  CHECK(ask("get", thread + "/runs/" + run_id + "/join").json() == "roses");
  CHECK(ask("get", thread + "/runs/" + run_id + "/stream").body.find("data: \"roses\"") != std::string::npos);
}

TEST_CASE_METHOD(WorkflowResultFixture, "A workflow that ends with a text is a text to other agents, without quotes") {
  const json::value called = rpc("/mcp", "tools/call", R"({"name":"poet","arguments":{}})");
  CHECK(called.at("content").at(0).at("text") == "roses");
  const json::value task = rpc(
      "/a2a/poet", "message/send",
      R"({"message":{"role":"user","messageId":"m","kind":"message","parts":[{"kind":"data","data":{"about":"flowers"}}]}})");
  CHECK(task.at("artifacts").at(0).at("parts").at(0).at("text") == "roses");
}

}  // namespace heddle::test
