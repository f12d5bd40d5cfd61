#include "graphs/openai_model.h"

#include <atomic>
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
using heddle::test::kStreamHead;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;

namespace {

std::string delta(const std::string& content, const std::string& finish = "null") {
  return R"(data: {"id":"chatcmpl-7","model":"m-1","choices":[{"delta":{"content":")" + content +
         R"("},"finish_reason":)" + finish + "}]}\n\n";
}
const std::string kGoodAnswer = kStreamHead + delta("Hel") + delta("lo", R"("stop")") + "data: [DONE]\n\n";

std::string refusal(const std::string& status, const std::string& message, const std::string& headers = "") {
  const std::string body = R"({"error":{"message":")" + message + R"(","code":"c"}})";
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

struct ModelFixture : test::AskingFixture {
  OpenAiModel model(const TinyServer& server) {
    OpenAiSettings settings;
    settings.api_key = runtime::Secret(std::string("sk-very-secret"));
    settings.base_url = server.url("/v1/");
    settings.model = "m";
    settings.limits = limits;
    return OpenAiModel(client, std::move(settings));
  }
  Message ask(const TinyServer& server) { return AskingFixture::ask(model(server)); }
  std::string failure(const TinyServer& server) { return AskingFixture::failure(model(server)); }
};

}  // namespace

TEST_CASE_METHOD(ModelFixture, "An answer is streamed piece by piece and given as a finished message") {
  TinyServer server([](TinyConnection& connection, const std::string&) { connection.send(kGoodAnswer); });
  options.temperature = 0.25;
  const Message answer = ask(server);
  CHECK(answer.at("content") == "Hello");
  CHECK(answer.at("id") == "chatcmpl-7");
  CHECK(answer.at("type") == "ai");
  CHECK_FALSE(answer.contains("tool_call_chunks"));
  REQUIRE(context.pieces.size() == 2);
  CHECK(context.pieces[0].at("content") == "Hel");
  REQUIRE(context.model);
  CHECK(runtime::to_text(context.model->ls_metadata) ==
        R"({"ls_provider":"openai","ls_model_name":"m","ls_model_type":"chat","ls_temperature":0.25})");
  CHECK(context.ended.size() == 1);
}

TEST_CASE_METHOD(ModelFixture, "A request goes to the chat completions of the base URL, with the key") {
  TinyServer server([](TinyConnection& connection, const std::string&) { connection.send(kGoodAnswer); });
  ask(server);
  const std::string sent = server.requests().at(0);
  CHECK(sent.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
  CHECK(sent.find("Authorization: Bearer sk-very-secret\r\n") != std::string::npos);
  const json::value body = test::body_of(sent);
  CHECK(body.at("model") == "m");
  CHECK(body.at("messages").at(0).at("content") == "hi");
}

TEST_CASE_METHOD(ModelFixture, "A busy provider is asked again") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    const bool busy = connection.number() <= 2;
    connection.send(busy ? refusal("429 Too Many Requests", "slow down", "Retry-After: 0\r\nConnection: close\r\n")
                         : kGoodAnswer);
  });
  CHECK(ask(server).at("content") == "Hello");
  CHECK(server.requests().size() == 3);
  CHECK(context.pieces.size() == 2);
}

TEST_CASE_METHOD(ModelFixture, "A provider that stays broken is given up after seven attempts") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(refusal("503 Down", "maintenance", "Connection: close\r\n"));
  });
  CHECK(failure(server) == "InternalServerError: " + server.url("").substr(7) + " answered 503: maintenance");
  CHECK(server.requests().size() == 7);
}

TEST_CASE_METHOD(ModelFixture, "What asking again cannot change is not asked again") {
  std::atomic<const char*> status{};
  TinyServer server([&](TinyConnection& connection, const std::string&) {
    connection.send(refusal(status.load(), "no", "Connection: close\r\n"));
  });
  for (const char* final : {"400 A", "402 B", "404 C", "405 D", "406 E", "407 F", "409 G", "413 H", "302 I"}) {
    status = final;
    INFO(status.load());
    const std::size_t before = server.requests().size();
    CHECK(failure(server) != "none");
    CHECK(server.requests().size() == before + 1);
  }
  limits.attempts_max = 2;
  for (const char* passing : {"408 A", "425 B", "429 C", "500 D", "503 E", "529 F"}) {
    status = passing;
    INFO(status.load());
    const std::size_t before = server.requests().size();
    CHECK(failure(server) != "none");
    CHECK(server.requests().size() == before + 2);
  }
}

TEST_CASE_METHOD(ModelFixture, "An exhausted quota is not asked again, though it is a 429") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    const std::string body = R"({"error":{"message":"You have no money left","code":"insufficient_quota"}})";
    connection.send("HTTP/1.1 429 Too Many Requests\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                    body);
  });
  CHECK(failure(server).ends_with(" answered 429: You have no money left"));
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(ModelFixture, "No attempt begins when the time for attempts is over") {
  TinyServer server([](TinyConnection& connection, const std::string&) { connection.wait_until_closed(); });
  limits.idle_timeout = 20ms;
  limits.retry_time_max = 20ms;
  CHECK(failure(server).starts_with("APIConnectionTimeoutError: "));
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(ModelFixture, "A provider that wants to rest for long is not waited for") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(refusal("429 Too Many Requests", "tomorrow", "Retry-After: 3600\r\nConnection: close\r\n"));
  });
  CHECK(failure(server).starts_with("RateLimitError: "));
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(ModelFixture, "A provider that ran out of time fails by a name that nodes try again") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(refusal("408 Request Timeout", "slow", "Retry-After: 3600\r\nConnection: close\r\n"));
  });
  CHECK(failure(server).starts_with("APITimeoutError: "));
}

TEST_CASE_METHOD(ModelFixture, "A key that is not accepted is not tried again and not shown") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(refusal("401 Unauthorized", "Incorrect API key provided: sk-very-secret"));
  });
  const std::string text = failure(server);
  CHECK(text.starts_with("AuthenticationError: "));
  CHECK(text.find("secret") == std::string::npos);
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(ModelFixture, "What the provider says about a wrong request is shown without keys") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(refusal("400 Bad Request", "no model m for sk-very-secret or sk-proj-1"));
  });
  CHECK(failure(server).ends_with(" answered 400: no model m for <key> or <key>"));
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(ModelFixture, "A connection that breaks before the first piece is made again") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    if (connection.number() > 1) connection.send(kGoodAnswer);
  });
  CHECK(ask(server).at("content") == "Hello");
  CHECK(server.requests().size() == 2);
}

TEST_CASE_METHOD(ModelFixture, "An answer that breaks off after its first piece fails") {
  TinyServer server(
      [](TinyConnection& connection, const std::string&) { connection.send(kStreamHead + delta("Hel")); });
  CHECK(failure(server).starts_with("APIConnectionError: "));
  CHECK(server.requests().size() == 1);
  CHECK(context.pieces.size() == 1);
}

TEST_CASE_METHOD(ModelFixture, "An error inside the stream is told with the provider's words") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(kStreamHead + "data: {\"error\":{\"message\":\"overloaded\"}}\n\n");
  });
  CHECK(failure(server).ends_with(": overloaded"));
}

TEST_CASE_METHOD(ModelFixture, "An answer never has the id of an earlier message") {
  TinyServer server([](TinyConnection& connection, const std::string&) { connection.send(kGoodAnswer); });
  Message earlier = runtime::ai_message("before");
  earlier["id"] = "chatcmpl-7";
  messages.push_back(std::make_shared<const json::value>(std::move(earlier)));
  CHECK(std::string_view(ask(server).at("id").as_string()).starts_with("run-"));
}

TEST_CASE_METHOD(ModelFixture, "A provider that does not stream is understood too") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    const std::string body =
        R"({"id":"c","model":"m","choices":[{"message":{"role":"assistant","content":"all at once"},"finish_reason":"stop"}]})";
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
  });
  CHECK(ask(server).at("content") == "all at once");
}

TEST_CASE_METHOD(ModelFixture, "Cancelling a question closes the connection to the provider") {
  std::promise<void> asked;
  std::promise<void> closed;
  TinyServer server([&](TinyConnection& connection, const std::string&) {
    connection.send(kStreamHead + delta("Hel"));
    asked.set_value();
    connection.wait_until_closed();
    closed.set_value();
  });
  const OpenAiModel cancelled = model(server);
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

TEST_CASE_METHOD(ModelFixture, "Azure gets the key in its own header, and the version of its API in the query") {
  TinyServer server([](TinyConnection& connection, const std::string&) { connection.send(kGoodAnswer); });
  OpenAiSettings settings;
  settings.service = OpenAiService::azure;
  settings.api_key = runtime::Secret(std::string("azure-secret"));
  settings.base_url = server.url("/openai/deployments/d1");
  settings.query = "api-version=2024-10-21";
  settings.model = "d1";
  AskingFixture::ask(OpenAiModel(client, std::move(settings)));
  const std::string sent = server.requests().at(0);
  CHECK(sent.starts_with("POST /openai/deployments/d1/chat/completions?api-version=2024-10-21 HTTP/1.1\r\n"));
  CHECK(sent.find("api-key: azure-secret\r\n") != std::string::npos);
  CHECK(sent.find("Authorization") == std::string::npos);
  CHECK(context.model->class_name == "AzureChatOpenAI");
  CHECK(context.model->ls_metadata.at("ls_provider") == "azure");
}

TEST_CASE_METHOD(ModelFixture, "Further headers and members go with every request, and win over what is usual") {
  TinyServer server([](TinyConnection& connection, const std::string&) { connection.send(kGoodAnswer); });
  OpenAiSettings settings;
  settings.api_key = runtime::Secret(std::string("sk-very-secret"));
  settings.base_url = server.url("/v1");
  settings.model = "m";
  settings.headers.push_back({"authorization", "", runtime::Secret(std::string("Basic of-a-gateway"))});
  settings.headers.push_back({"X-Title", "", runtime::Secret(std::string("heddle"))});
  settings.body = {{"top_p", 0.5}, {"stream_options", nullptr}, {"stream", false}};
  AskingFixture::ask(OpenAiModel(client, std::move(settings)));
  const std::string sent = server.requests().at(0);
  CHECK(sent.find("authorization: Basic of-a-gateway\r\n") != std::string::npos);
  CHECK(sent.find("sk-very-secret") == std::string::npos);
  CHECK(sent.find("X-Title: heddle\r\n") != std::string::npos);
  const json::value body = test::body_of(sent);
  CHECK(body.at("top_p") == 0.5);
  CHECK(body.at("stream") == false);
  CHECK_FALSE(body.as_object().contains("stream_options"));
}

TEST_CASE_METHOD(ModelFixture, "No header that the user gave is shown when the provider quotes it") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(
        test::http_answer("400 Bad Request", R"({"error":{"message":"odd: azure-secret, gateway-secret"}})"));
  });
  OpenAiSettings settings;
  settings.service = OpenAiService::azure;
  settings.api_key = runtime::Secret(std::string("azure-secret"));
  settings.base_url = server.url("");
  settings.headers.push_back({"X-Gateway", "", runtime::Secret(std::string("gateway-secret"))});
  CHECK(AskingFixture::failure(OpenAiModel(client, std::move(settings))).ends_with(": odd: <key>, <key>"));
}
