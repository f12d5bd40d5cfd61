// What providers that speak as OpenAI does, or nearly so, have been seen to do.

#include <catch2/catch.hpp>

#include "graphs/openai_model.h"
#include "graphs/react_agent.h"
#include "graphs/tools/calculator.h"
#include "runtime/memory_saver.h"
#include "tests/graphs/asking.h"
#include "tests/support/manual_clock.h"

namespace json = boost::json;
using namespace heddle;
using namespace heddle::graphs;
using namespace std::chrono_literals;
using heddle::runtime::Message;
using heddle::runtime::to_text;
using heddle::test::kStreamHead;
using heddle::test::TinyConnection;
using heddle::test::TinyServer;

namespace {

std::string event(const std::string& json_text) {
  return "data: " + json_text + "\n\n";
}

std::string said(const std::string& delta, const std::string& finish = "null") {
  return event(R"({"id":"chatcmpl-9","model":"m-1","choices":[{"index":0,"delta":)" + delta + R"(,"finish_reason":)" +
               finish + "}]}");
}

const std::string kDone = "data: [DONE]\n\n";
const std::string kStop = said("{}", R"("stop")") + kDone;
const std::string kCalls = said("{}", R"("tool_calls")") + kDone;

struct BadDayFixture : test::AskingFixture {
  BadDayFixture() { limits.attempts_max = 2; }

  std::shared_ptr<const OpenAiModel> model(const TinyServer& server) {
    OpenAiSettings settings;
    settings.base_url = server.url("/v1");
    settings.model = "m";
    settings.limits = limits;
    return std::make_shared<const OpenAiModel>(client, std::move(settings));
  }
  // The answer to this stream of events, from a provider that then ends the connection.
  Message answer_to(const std::string& events) {
    TinyServer server([&](TinyConnection& connection, const std::string&) { connection.send(kStreamHead + events); });
    return ask(*model(server));
  }
  std::string failure_of(const std::string& events) {
    TinyServer server([&](TinyConnection& connection, const std::string&) { connection.send(kStreamHead + events); });
    return failure(*model(server));
  }
};

}  // namespace

TEST_CASE_METHOD(BadDayFixture, "Arguments that are no JSON make an invalid call and no failure") {
  const Message answer = answer_to(
      said(R"({"tool_calls":[{"index":0,"id":"c1","function":{"name":"add","arguments":"{\"a\": oops"}}]})") + kCalls);
  CHECK(to_text(answer.at("tool_calls")) == "[]");
  CHECK(to_text(answer.at("invalid_tool_calls")) ==
        R"([{"name":"add","args":"{\"a\": oops","id":"c1","error":"Malformed args.","type":"invalid_tool_call"}])");
}

TEST_CASE_METHOD(BadDayFixture, "A call that the length limit cut off is not made") {
  const Message answer = answer_to(
      said(R"({"tool_calls":[{"index":0,"id":"c1","function":{"name":"now","arguments":"{}"}}]})") +
      said(R"({"tool_calls":[{"index":1,"id":"c2","function":{"name":"send","arguments":"{\"to\":\"a@b\",\"te"}}]})") +
      said("{}", R"("length")") + kDone);
  CHECK(answer.at("response_metadata").at("finish_reason") == "length");
  REQUIRE(answer.at("tool_calls").as_array().size() == 1);
  CHECK(answer.at("tool_calls").at(0).at("id") == "c1");
  REQUIRE(answer.at("invalid_tool_calls").as_array().size() == 1);
  CHECK(answer.at("invalid_tool_calls").at(0).at("args") == R"({"to":"a@b","te)");
}

TEST_CASE_METHOD(BadDayFixture, "A model that sent broken arguments is told so, and may do better") {
  TinyServer server([&](TinyConnection& connection, const std::string&) {
    const bool broken = connection.number() == 1;
    connection.send(
        kStreamHead +
        (broken ? said(R"({"tool_calls":[{"index":0,"id":"c1","function":{"name":"calculator","arguments":"{{"}}]})") +
                      kCalls
                : said(R"({"content":"better"})") + kStop));
  });
  ReactAgentOptions agent;
  agent.model = model(server);
  agent.tools = {calculator_tool()};
  const auto graph = make_react_agent(agent);
  runtime::MemorySaver saver;
  test::ManualClock clock;
  runtime::CheckpointIds checkpoint_ids;
  const runtime::RunServices services{&saver, nullptr, clock, checkpoint_ids, {}};
  auto say = [&](const char* text) {
    runtime::RunOptions wanted;
    wanted.input = runtime::GraphInput{json::object{{"messages", text}}};
    wanted.config = std::make_shared<runtime::RunConfig>();
    return test::run(io, graph->run(std::move(wanted), services));
  };
  const runtime::RunOutcome first = say("2+2");
  CHECK(first.status == runtime::OutcomeStatus::done);
  REQUIRE(first.values["messages"].size() == 4);
  CHECK(first.values["messages"].item(3).at("content") == "better");
  const runtime::RunOutcome second = say("try again");
  CHECK(second.values["messages"].items().back()->at("content") == "better");
  // What could not be read is not sent; the call is, because its answer needs one.
  const json::value sent = test::body_of(server.requests().at(1)).at("messages");
  CHECK(to_text(sent.at(1).at("tool_calls").at(0).at("function")) == R"({"name":"calculator","arguments":"{}"})");
  CHECK(sent.at(2).at("tool_call_id") == "c1");
  CHECK(sent.at(2).at("content").as_string().find("no valid JSON") != json::string::npos);
}

TEST_CASE_METHOD(BadDayFixture, "Whole calls without index and id are told apart and get ids") {
  const Message answer = answer_to(said(R"({"tool_calls":[{"function":{"name":"a","arguments":"{\"x\":1}"}}]})") +
                                   said(R"({"tool_calls":[{"function":{"name":"b","arguments":{"y":2}}}]})") + kCalls);
  const json::array& calls = answer.at("tool_calls").as_array();
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].at("name") == "a");
  CHECK(to_text(calls[0].at("args")) == R"({"x":1})");
  CHECK(to_text(calls[1].at("args")) == R"({"y":2})");
  CHECK(calls[0].at("id") != calls[1].at("id"));
  CHECK(calls[0].at("id").as_string().size() <= 40);
  CHECK(context.pieces.at(1).at("tool_call_chunks").at(0).at("index") == 1);
}

TEST_CASE_METHOD(BadDayFixture, "Two calls with one index are two calls") {
  const Message answer =
      answer_to(said(R"({"tool_calls":[{"index":0,"id":"c1","function":{"name":"a","arguments":"{}"}}]})") +
                said(R"({"tool_calls":[{"index":0,"id":"c2","function":{"name":"b","arguments":"{\"x\":"}}]})") +
                said(R"({"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]})") + kCalls);
  CHECK(
      to_text(answer.at("tool_calls")) ==
      R"([{"name":"a","args":{},"id":"c1","type":"tool_call"},{"name":"b","args":{"x":1},"id":"c2","type":"tool_call"}])");
}

TEST_CASE_METHOD(BadDayFixture, "A call with an index and never an id gets one, and keeps it") {
  const Message answer =
      answer_to(said(R"({"tool_calls":[{"index":3,"function":{"name":"a","arguments":"{\"x\""}}]})") +
                said(R"({"tool_calls":[{"index":3,"id":"late","function":{"arguments":":1}"}}]})") + kCalls);
  REQUIRE(answer.at("tool_calls").as_array().size() == 1);
  CHECK(std::string_view(answer.at("tool_calls").at(0).at("id").as_string()).starts_with("call_"));
  CHECK(to_text(answer.at("tool_calls").at(0).at("args")) == R"({"x":1})");
}

TEST_CASE_METHOD(BadDayFixture, "Bytes that come one by one are put together, inside characters too") {
  const std::string events = ": keep-alive\r\n\r\n" + said(R"({"content":"gr\u00fc"})") +
                             said("{\"content\":\"ß \xF0\x9F\x90\x9F\"}") + said(R"({"content":"\ud83d"})") +
                             said(R"({"content":"\ude00"})") + kStop;
  TinyServer server([&](TinyConnection& connection, const std::string&) {
    connection.send(kStreamHead);
    for (const char byte : events) connection.send(std::string_view(&byte, 1));
  });
  const Message answer = ask(*model(server));
  CHECK(to_text(answer.at("content")) == "\"grüß \xF0\x9F\x90\x9F\\ud83d\\ude00\"");
}

TEST_CASE_METHOD(BadDayFixture, "A first byte that comes late is waited for, but not for ever") {
  TinyServer late([](TinyConnection& connection, const std::string&) {
    connection.send(kStreamHead);
    connection.send(": still thinking\n\n");
    connection.send(said(R"({"content":"so"})") + kStop);
  });
  CHECK(ask(*model(late)).at("content") == "so");
  TinyServer silent([](TinyConnection& connection, const std::string&) {
    connection.send(kStreamHead);
    connection.wait_until_closed();
  });
  limits.idle_timeout = 30ms;
  CHECK(failure(*model(silent)).starts_with("APIConnectionTimeoutError: POST http://127.0.0.1"));
  CHECK(silent.requests().size() == 2);
}

TEST_CASE_METHOD(BadDayFixture, "Empty choices, other fields and a usage at the very end do no harm") {
  const Message answer = answer_to(
      event(R"({"id":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]})") +
      said(R"({"role":"assistant","content":null,"new_field":{"deep":[1,2]},"logprobs":null})") +
      said(R"({"content":"yes","tool_calls":null})") + said("{}", R"("stop")") +
      event(
          R"({"id":"chatcmpl-9","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4,"cost":0.1}})") +
      kDone);
  CHECK(answer.at("content") == "yes");
  CHECK(answer.at("usage_metadata").at("total_tokens") == 4);
}

TEST_CASE_METHOD(BadDayFixture, "An answer without usage has none, and nonsense as usage counts nothing") {
  CHECK_FALSE(answer_to(said(R"({"content":"a"})") + kStop).contains("usage_metadata"));
  const Message odd = answer_to(
      said(R"({"content":"a"})") + said("{}", R"("stop")") +
      event(R"({"choices":[],"usage":{"prompt_tokens":1e300,"completion_tokens":"many","total_tokens":2.5}})") + kDone);
  CHECK(odd.at("usage_metadata").at("input_tokens") == 0);
}

TEST_CASE_METHOD(BadDayFixture, "Content in parts becomes a text, and only the first of several choices counts") {
  const Message answer = answer_to(
      said(R"({"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"par"}]})") +
      event(R"({"choices":[{"index":1,"delta":{"content":"other"}},{"index":0,"delta":{"content":"ts"}}]})") + kStop);
  CHECK(answer.at("content") == "parts");
}

TEST_CASE_METHOD(BadDayFixture, "An event that never ends is refused") {
  CHECK(failure_of("data: " + std::string(5UL * 1024 * 1024, 'x')).starts_with("APIError: "));
}

TEST_CASE_METHOD(BadDayFixture, "An error of the server inside the stream is asked again while nothing was said") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    const bool failing = connection.number() == 1;
    connection.send(kStreamHead +
                    (failing ? event(R"({"error":{"message":"The server had an error","type":"server_error"}})")
                             : said(R"({"content":"fine"})") + kStop));
  });
  CHECK(ask(*model(server)).at("content") == "fine");
  CHECK(server.requests().size() == 2);
}

TEST_CASE_METHOD(BadDayFixture, "An error of the server after the first piece is told by its status") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(kStreamHead + said(R"({"content":"half"})"));
    connection.send(event(R"({"error":{"message":"upstream is gone","code":502}})"));
  });
  const std::string text = failure(*model(server));
  CHECK(text.starts_with("InternalServerError: "));
  CHECK(text.ends_with(": upstream is gone"));
}

TEST_CASE_METHOD(BadDayFixture, "A page of a proxy in the place of an answer is an error that names the host") {
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(test::http_answer("200 OK", "<html>sign in</html>", "Content-Type: text/html\r\n"));
  });
  CHECK(failure(*model(server)) ==
        "APIConnectionError: " + server.url("").substr(7) + " ended the answer before it was complete");
}

TEST_CASE_METHOD(BadDayFixture, "Two broken answers and then a good one are one answer") {
  limits.attempts_max = 3;
  TinyServer server([](TinyConnection& connection, const std::string&) {
    connection.send(connection.number() < 3 ? test::http_answer("500 Oops", "oops")
                                            : kStreamHead + said(R"({"content":"there"})") + kStop);
  });
  CHECK(ask(*model(server)).at("content") == "there");
  CHECK(context.ended.size() == 1);
}
