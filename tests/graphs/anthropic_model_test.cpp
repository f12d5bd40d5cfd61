#include "graphs/anthropic_model.h"

#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>
#include <future>

#include "tests/graphs/asking.h"

namespace asio = boost::asio;
namespace json = boost::json;
using namespace heddle;
using namespace heddle::graphs;
using namespace std::chrono_literals;
using heddle::runtime::Message;
using heddle::runtime::to_text;
using heddle::test::http_answer;
using heddle::test::kStreamHead;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;

namespace {

std::string event(const std::string& type, const std::string& members) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + (members.empty() ? "" : ",") + members + "}\n\n";
}

std::string text(const std::string& said) {
  return event("content_block_delta", R"("index":0,"delta":{"type":"text_delta","text":")" + said + "\"}");
}

std::string end(const std::string& reason) {
  return event("message_delta", R"("delta":{"stop_reason":")" + reason + R"("},"usage":{"output_tokens":2})") +
         event("message_stop", "");
}

std::string error(const std::string& type) {
  return R"("error":{"type":")" + type + R"(","message":"because of sk-ant-key-1"})";
}

const std::string kBegin =
    event("message_start", R"("message":{"id":"msg_7","model":"claude-1","usage":{"input_tokens":3}})");
const std::string kGoodAnswer = kStreamHead + kBegin + text("Hel") + text("lo") + end("end_turn");

struct AnthropicFixture : test::AskingFixture {
  AnthropicModel model(const TinyServer& server) {
    AnthropicSettings settings;
    settings.api_key = runtime::Secret(std::string("sk-ant-very-secret"));
    settings.base_url = server.url("/v1/");
    settings.model = "claude";
    settings.max_tokens = 77;
    settings.limits = limits;
    return AnthropicModel(client, std::move(settings));
  }
  Message ask(const TinyServer& server) { return AskingFixture::ask(model(server)); }
  std::string failure(const TinyServer& server) { return AskingFixture::failure(model(server)); }
};

}  // namespace

TEST_CASE_METHOD(AnthropicFixture, "Anthropic is asked with key and version, and its answer is streamed") {
  TinyServer server([](TinyConnection& connection, const std::string&) { connection.send(kGoodAnswer); });
  const Message answer = ask(server);
  CHECK(answer.at("content") == "Hello");
  CHECK(answer.at("id") == "msg_7");
  CHECK(answer.at("response_metadata").at("stop_reason") == "end_turn");
  CHECK(context.pieces.size() == 3);
  CHECK(to_text(context.model->ls_metadata) ==
        R"({"ls_provider":"anthropic","ls_model_name":"claude","ls_model_type":"chat","ls_max_tokens":77})");
  const std::string sent = server.requests().at(0);
  CHECK(sent.starts_with("POST /v1/messages HTTP/1.1\r\n"));
  CHECK(sent.find("x-api-key: sk-ant-very-secret\r\n") != std::string::npos);
  CHECK(sent.find("anthropic-version: 2023-06-01\r\n") != std::string::npos);
  CHECK(test::body_of(sent).at("max_tokens") == 77);
}

TEST_CASE_METHOD(AnthropicFixture, "An overloaded Anthropic is asked again, by status and by event") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    if (connection.number() == 1) {
      connection.send(http_answer("529 Overloaded", "{\"type\":\"error\"," + error("overloaded_error") + "}"));
    } else {
      connection.send(connection.number() == 2 ? kStreamHead + kBegin + event("error", error("overloaded_error"))
                                               : kGoodAnswer);
    }
  });
  CHECK(ask(server).at("content") == "Hello");
  CHECK(server.requests().size() == 3);
  CHECK(context.pieces.size() == 3);
}

TEST_CASE_METHOD(AnthropicFixture, "An overload after the first piece fails with its name, and without keys") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(kStreamHead + kBegin + text("Hel"));
    connection.send(event("error", error("overloaded_error")));
  });
  const std::string told = failure(server);
  CHECK(told.starts_with("InternalServerError: 127.0.0.1:"));
  CHECK(told.ends_with(": because of <key>"));
}

TEST_CASE_METHOD(AnthropicFixture, "A key that Anthropic does not accept is not shown") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(http_answer(
        "401 Unauthorized",
        R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key sk-ant-very-secret"}})"));
  });
  const std::string told = failure(server);
  CHECK(told.starts_with("AuthenticationError: "));
  CHECK(told.find("secret") == std::string::npos);
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(AnthropicFixture, "What Anthropic says about a wrong request is shown") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(
        http_answer("400 Bad Request",
                    R"({"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: 77 is odd"}})"));
  });
  CHECK(failure(server).ends_with(" answered 400: max_tokens: 77 is odd"));
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(AnthropicFixture, "An answer of Anthropic that breaks off after its first piece fails") {
  TinyServer server(
      [](TinyConnection& connection, const std::string&) { connection.send(kStreamHead + kBegin + text("Hel")); });
  CHECK(failure(server).starts_with("APIConnectionError: "));
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(AnthropicFixture, "A call of Anthropic that the length limit cut off is not made") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(
        kStreamHead + kBegin +
        event("content_block_start",
              R"("index":0,"content_block":{"type":"tool_use","id":"t1","name":"send","input":{}})") +
        event("content_block_delta", R"("index":0,"delta":{"type":"input_json_delta","partial_json":"{\"to\":\"a"})") +
        end("max_tokens"));
  });
  const Message answer = ask(server);
  CHECK(answer.at("tool_calls").as_array().empty());
  CHECK(answer.at("invalid_tool_calls").as_array().size() == 1);
  CHECK(answer.at("response_metadata").at("stop_reason") == "max_tokens");
}

TEST_CASE_METHOD(AnthropicFixture, "Headers and members of the user win over those of Anthropic's model") {
  TinyServer server([](TinyConnection& connection, const std::string&) { connection.send(kGoodAnswer); });
  AnthropicSettings settings;
  settings.api_key = runtime::Secret(std::string("sk-ant-very-secret"));
  settings.base_url = server.url("");
  settings.model = "claude";
  settings.headers.push_back({"Authorization", "", runtime::Secret(std::string("Bearer of-a-gateway"))});
  settings.headers.push_back({"Anthropic-Version", "", runtime::Secret(std::string("2099-01-01"))});
  settings.body = {{"max_tokens", 5}, {"thinking", {{"type", "enabled"}, {"budget_tokens", 1024}}}};
  AskingFixture::ask(AnthropicModel(client, std::move(settings)));
  const std::string sent = server.requests().at(0);
  CHECK(sent.find("sk-ant") == std::string::npos);
  CHECK(sent.find("2023-06-01") == std::string::npos);
  CHECK(test::body_of(sent).at("max_tokens") == 5);
  CHECK(test::body_of(sent).at("thinking").at("budget_tokens") == 1024);
}

TEST_CASE_METHOD(AnthropicFixture, "Cancelling a question closes the connection to Anthropic") {
  std::promise<void> asked;
  std::promise<void> closed;
  TinyServer server([&](TinyConnection& connection, const std::string&) {
    connection.send(kStreamHead + kBegin);
    asked.set_value();
    connection.wait_until_closed();
    closed.set_value();
  });
  const AnthropicModel cancelled = model(server);
  asio::cancellation_signal stop;
  std::exception_ptr thrown;
  auto ended = [&](std::exception_ptr error, const Message&) { thrown = error; };
  asio::co_spawn(io, cancelled.ask(context, messages, options), asio::bind_cancellation_slot(stop.slot(), ended));
  io.poll();
  REQUIRE(asked.get_future().wait_for(5s) == std::future_status::ready);
  stop.emit(asio::cancellation_type::terminal);
  io.restart();
  io.poll();
  REQUIRE(thrown != nullptr);
  CHECK_THROWS_AS(std::rethrow_exception(thrown), boost::system::system_error);
  CHECK(closed.get_future().wait_for(5s) == std::future_status::ready);
}
