// Assistants as tools, by the Model Context Protocol (http-api.md 14).

#include <catch2/catch.hpp>
#include <set>

#include "api/services/assistant_tools.h"
#include "tests/api/openapi/api_fixture.h"

namespace heddle::test {
namespace {

namespace json = boost::json;

class McpFixture : public ApiFixture {
 public:
  ApiAnswer post(const std::string& body, const std::string& accept = "application/json, text/event-stream") {
    return ask("post", "/mcp", body, {{"accept", accept}});
  }
  json::value call(const std::string& method, const std::string& params = "{}") {
    const ApiAnswer answer = post(R"({"jsonrpc":"2.0","id":7,"method":")" + method + R"(","params":)" + params + "}");
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    const json::value told = answer.json();
    CHECK(told.at("jsonrpc") == "2.0");
    CHECK(told.at("id") == 7);
    return told;
  }
  json::value result(const std::string& method, const std::string& params = "{}") {
    return call(method, params).at("result");
  }
  std::int64_t error(const std::string& method, const std::string& params = "{}") {
    return call(method, params).at("error").at("code").as_int64();
  }
  std::string text_of(const json::value& called) {
    return std::string(called.at("content").at(0).at("text").as_string());
  }
};

}  // namespace

TEST_CASE("The names of tools have only letters that models take, and each means one assistant") {
  CHECK(api::tool_name("My agent, v2!") == "My_agent__v2_");
  CHECK(api::tool_name("") == "_");
  CHECK(api::tool_name(std::string(100, 'a')).size() == 64);
  CHECK(api::tool_name("\xc3\xa4") == "__");
  storage::Assistant one;
  one.name = "a b";
  one.assistant_id = *storage::AssistantId::parse("01a2037e-48fd-71b5-8e44-d0fb80070177");
  storage::Assistant two = one;
  two.name = "a_b";
  two.assistant_id = *storage::AssistantId::parse("01a2037e-48fd-71b5-8e44-d0fb80070178");
  const std::vector<api::AssistantTool> tools = api::named_tools({one, two});
  REQUIRE(tools.size() == 2);
  CHECK(tools[0].name == "a_b");
  CHECK(tools[1].name == "a_b_01a2037e-48fd-71b5-8e44-d0fb80070178");
}

TEST_CASE_METHOD(McpFixture, "A client of MCP is greeted in the version that it asks for, or in the newest") {
  const auto version = [&](const std::string& asked) {
    return result("initialize", R"({"protocolVersion":")" + asked + R"(","capabilities":{},"clientInfo":{}})")
        .at("protocolVersion");
  };
  CHECK(version("2025-03-26") == "2025-03-26");
  CHECK(version("2025-06-18") == "2025-06-18");
  CHECK(version("1999-01-01") == "2025-11-25");
  const json::value greeting = result("initialize");
  CHECK(greeting.at("capabilities").at("tools").at("listChanged") == false);
  CHECK(greeting.at("serverInfo").at("name") == "heddle");
  CHECK(result("ping").as_object().empty());
}

TEST_CASE_METHOD(McpFixture, "Every assistant is a tool, page by page") {
  for (int i = 0; i < 120; ++i) {
    ask("post", "/assistants", R"({"graph_id":"linear","name":"same","description":"d"})");
  }
  std::set<std::string> names;
  std::string params = "{}";
  std::size_t pages = 0;
  for (;;) {
    const json::value page = result("tools/list", params);
    ++pages;
    for (const json::value& tool : page.at("tools").as_array()) {
      CHECK(names.emplace(tool.at("name").as_string()).second);
      CHECK(tool.at("inputSchema").at("type") == "object");
    }
    const json::value* next = page.as_object().if_contains("nextCursor");
    if (next == nullptr) break;
    params = R"({"cursor":")" + std::string(next->as_string()) + "\"}";
  }
  CHECK(pages == 2);
  CHECK(names.contains("same"));
  const auto all = ask("post", "/assistants/count", "{}").json().as_int64();
  CHECK(static_cast<std::int64_t>(names.size()) == all);
  CHECK(error("tools/list", R"({"cursor":"x"})") == -32602);
  CHECK(error("tools/list", R"({"cursor":7})") == -32602);
}

TEST_CASE_METHOD(McpFixture, "A tool call is a run whose state at the end is the text, and nothing of it is kept") {
  const std::string before = database_dump();
  const json::value called = result("tools/call", R"({"name":"linear","arguments":{"text":"a"}})");
  CHECK(called.at("isError") == false);
  CHECK(called.at("content").at(0).at("type") == "text");
  CHECK(runtime::parse_json(text_of(called)).at("text") == "a|first|second");
  CHECK(runtime::parse_json(text_of(result("tools/call", R"({"name":"linear"})"))).at("text") == "|first|second");
  CHECK(database_dump() == before);
}

TEST_CASE_METHOD(McpFixture, "A tool call that fails or asks says so to the model, and a wrong call to the client") {
  const json::value failed = result("tools/call", R"({"name":"faulty","arguments":{"mode":"conflict"}})");
  CHECK(failed.at("isError") == true);
  CHECK(text_of(failed).starts_with("InvalidUpdateError: "));
  const json::value asked = result("tools/call", R"({"name":"approval","arguments":{"request":"r"}})");
  CHECK(asked.at("isError") == true);
  CHECK(text_of(asked).find("question") != std::string::npos);
  CHECK(error("tools/call", R"({"name":"nobody","arguments":{}})") == -32602);
  CHECK(error("tools/call", R"({"name":"linear","arguments":[]})") == -32602);
  CHECK(error("tools/call") == -32602);
  CHECK(error("resources/list") == -32601);
}

TEST_CASE_METHOD(McpFixture, "What is no call is refused, and what wants no answer gets none") {
  CHECK(post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})").status == 202);
  CHECK(post(R"({"jsonrpc":"2.0","id":1,"result":{}})").status == 202);
  CHECK(post(R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}})").body.empty());
  for (const char* body :
       {"", "[]", "7", R"({"jsonrpc":"1.0","id":1,"method":"ping"})", R"({"jsonrpc":"2.0","id":1})",
        R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", R"({"jsonrpc":"2.0","id":{},"method":"ping"})",
        R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[1]})"}) {
    INFO(body);
    CHECK(post(body).status == 400);
  }
  const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  CHECK(post(ping, "application/json").status == 400);
  CHECK(post(ping, "text/event-stream").status == 400);
  CHECK(ask("post", "/mcp/", ping, {{"accept", "application/json, text/event-stream"}}).status == 200);
  CHECK(ask("post", "/mcp", ping,
            {{"accept", "application/json, text/event-stream"}, {"mcp-protocol-version", "1999-01-01"}})
            .status == 400);
  const ApiAnswer stream = ask("get", "/mcp");
  CHECK(stream.status == 405);
  CHECK(stream.headers.find("allow") == "POST");
  CHECK(ask("delete", "/mcp").status == 404);
}

TEST_CASE("MCP and A2A can be switched off, and are not there then") {
  api::ServerSettings settings;
  settings.groups.mcp = false;
  settings.groups.a2a = false;
  ApiFixture api(settings);
  const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  CHECK(api.ask("post", "/mcp", ping, {{"accept", "application/json, text/event-stream"}}).status == 404);
  CHECK(api.ask("post", "/mcp/", ping).status == 404);
  CHECK(api.ask("get", "/mcp").status == 404);
  CHECK(api.ask("post", "/a2a/linear", ping).status == 404);
  CHECK(api.ask("get", "/a2a/linear/.well-known/agent-card.json").status == 404);
  CHECK(api.ask("get", "/.well-known/agent-card.json?assistant_id=linear").status == 404);
  CHECK_FALSE(api::openapi::document(settings).at("paths").as_object().contains("/mcp"));
}

}  // namespace heddle::test
