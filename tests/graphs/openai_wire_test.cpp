#include "graphs/openai_wire.h"

#include <catch2/catch.hpp>

#include "runtime/json.h"
#include "runtime/schema.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::runtime::Message;
using heddle::runtime::parse_json;
using heddle::runtime::Value;
namespace json = boost::json;

namespace {

runtime::ItemList items(const char* list) {
  runtime::ItemList result;
  const json::value messages = parse_json(list);
  for (const json::value& message : messages.as_array()) {
    result.push_back(std::make_shared<const json::value>(runtime::coerce_message(message)));
  }
  return result;
}

std::string wire_messages(const char* list) {
  return runtime::to_text(openai_request("m", items(list), ModelOptions()).at("messages"));
}

std::string event(const std::string& json_text) {
  return "data: " + json_text + "\n\n";
}

Message merged(const std::vector<Message>& pieces) {
  Message sum = pieces.at(0);
  for (std::size_t i = 1; i < pieces.size(); ++i) runtime::merge_chunk(sum, pieces[i]);
  runtime::derive_tool_calls(sum);
  return runtime::finished_message(std::move(sum));
}

const std::string kTextAnswer =
    event(
        R"({"id":"chatcmpl-1","model":"m-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})") +
    event(
        R"({"id":"chatcmpl-1","model":"m-1","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]})") +
    event(
        R"({"id":"chatcmpl-1","model":"m-1","choices":[{"index":0,"delta":{"content":"lo \u00e9"},"finish_reason":null}]})") +
    event(R"({"id":"chatcmpl-1","model":"m-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})") +
    event(
        R"({"id":"chatcmpl-1","model":"m-1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":1}}})") +
    "data: [DONE]\n\n";

const std::string kToolAnswer =
    event(
        R"({"id":"chatcmpl-2","model":"m-1","choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"add","arguments":""}}]}}]})") +
    event(
        R"({"id":"chatcmpl-2","model":"m-1","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}}]})") +
    event(
        R"({"id":"chatcmpl-2","model":"m-1","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]})") +
    event(
        R"({"id":"chatcmpl-2","model":"m-1","choices":[{"delta":{"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"now","arguments":""}}]}}]})") +
    event(R"({"id":"chatcmpl-2","model":"m-1","choices":[{"delta":{},"finish_reason":"tool_calls"}]})") +
    "data: [DONE]\n\n";

}  // namespace

TEST_CASE("Messages become the roles that the provider knows") {
  CHECK(
      wire_messages(
          R"([{"type":"system","content":"be kind"},{"type":"human","content":"hi","name":"Ann"},{"type":"ai","content":"hello"}])") ==
      R"([{"role":"system","content":"be kind"},{"role":"user","content":"hi","name":"Ann"},{"role":"assistant","content":"hello"}])");
  CHECK(wire_messages(R"([{"role":"developer","content":"x"}])") == R"([{"role":"developer","content":"x"}])");
  CHECK(wire_messages(R"([{"type":"human","content":"x","name":"no spaces allowed"}])") ==
        R"([{"role":"user","content":"x"}])");
}

TEST_CASE("Tool calls and their answers go out in the provider's form") {
  CHECK(
      wire_messages(
          R"([{"type":"ai","content":"","tool_calls":[{"id":"c1","name":"add","args":{"a":1},"type":"tool_call"}]},
                          {"type":"tool","content":"3","tool_call_id":"c1","name":"add"}])") ==
      R"([{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\":1}"}}]},)"
      R"({"role":"tool","tool_call_id":"c1","content":"3","name":"add"}])");
}

TEST_CASE("Parts of a human message are kept, and images take the provider's form") {
  CHECK(
      wire_messages(
          R"([{"type":"human","content":[{"type":"text","text":"see"},{"type":"image","url":"https://x/y.png"},
                          {"type":"image","mime_type":"image/gif","data":"R0lG"}]}])") ==
      R"([{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"https://x/y.png"}},)"
      R"({"type":"image_url","image_url":{"url":"data:image/gif;base64,R0lG"}}]}])");
}

TEST_CASE("A request asks for a stream with usage, and names tools and temperature only if there are any") {
  const json::object bare = openai_request("m", {}, ModelOptions());
  CHECK(bare.at("stream") == true);
  CHECK(bare.at("stream_options").at("include_usage") == true);
  CHECK_FALSE(bare.contains("tools"));
  CHECK_FALSE(bare.contains("temperature"));
  ModelOptions options;
  options.temperature = 0.5;
  options.tools.push_back({"add", "Adds.", {{"type", "object"}}});
  const json::object full = openai_request("m", {}, options);
  CHECK(full.at("temperature") == 0.5);
  CHECK(runtime::to_text(full.at("tools")) ==
        R"([{"type":"function","function":{"name":"add","description":"Adds.","parameters":{"type":"object"}}}])");
}

TEST_CASE("A tool that must be called is named as the choice") {
  ModelOptions options;
  options.tools.push_back({"add", "Adds.", {{"type", "object"}}});
  CHECK_FALSE(openai_request("m", {}, options).contains("tool_choice"));
  options.must_call = "add";
  CHECK(runtime::to_text(openai_request("m", {}, options).at("tool_choice")) ==
        R"({"type":"function","function":{"name":"add"}})");
}

TEST_CASE("A streamed text gives one piece per delta, and together they are the answer") {
  OpenAiAnswer answer;
  const std::vector<Message> pieces = answer.read(kTextAnswer);
  REQUIRE(pieces.size() == 5);
  CHECK(answer.is_complete());
  CHECK(pieces[0].at("content") == "");
  CHECK(pieces[0].at("id") == "chatcmpl-1");
  CHECK(pieces[3].at("response_metadata").at("finish_reason") == "stop");
  CHECK(pieces[4].at("usage_metadata").at("total_tokens") == 5);
  const Message whole = merged(pieces);
  CHECK(whole.at("content") == "Hello \u00e9");
  CHECK(runtime::to_text(whole.at("response_metadata")) == R"({"finish_reason":"stop","model_name":"m-1"})");
  CHECK(whole.at("usage_metadata").at("input_token_details").at("cache_read") == 1);
}

TEST_CASE("The bytes of a stream may be cut anywhere") {
  for (std::size_t cut = 1; cut < kTextAnswer.size(); ++cut) {
    OpenAiAnswer answer;
    std::vector<Message> pieces = answer.read(std::string_view(kTextAnswer).substr(0, cut));
    for (Message& piece : answer.read(std::string_view(kTextAnswer).substr(cut))) pieces.push_back(std::move(piece));
    REQUIRE(pieces.size() == 5);
    REQUIRE(merged(pieces).at("content") == "Hello \u00e9");
  }
}

TEST_CASE("Streamed tool calls keep their index, and name and id are in the first piece") {
  OpenAiAnswer answer;
  const std::vector<Message> pieces = answer.read(kToolAnswer);
  REQUIRE(pieces.size() == 5);
  CHECK(runtime::to_text(pieces[0].at("tool_call_chunks")) ==
        R"([{"index":0,"id":"call_a","name":"add","args":"","type":"tool_call_chunk"}])");
  CHECK(runtime::to_text(pieces[1].at("tool_call_chunks")) ==
        R"([{"index":0,"args":"{\"a\":","type":"tool_call_chunk"}])");
  CHECK(
      runtime::to_text(merged(pieces).at("tool_calls")) ==
      R"([{"name":"add","args":{"a":1},"id":"call_a","type":"tool_call"},{"name":"now","args":{},"id":"call_b","type":"tool_call"}])");
}

TEST_CASE("Whole calls without an index are told apart by their ids") {
  OpenAiAnswer answer;
  const std::vector<Message> pieces = answer.read(
      event(R"({"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"x","arguments":"{}"}}]}}]})") +
      event(R"({"choices":[{"delta":{"tool_calls":[{"id":"b","function":{"name":"y","arguments":"{}"}}]}}]})"));
  CHECK(pieces.at(0).at("tool_call_chunks").at(0).at("index") == 0);
  CHECK(pieces.at(1).at("tool_call_chunks").at(0).at("index") == 1);
}

TEST_CASE("A provider that repeats model, finish reason and usage is not added up") {
  const std::string last = event(
      R"({"id":"i","model":"m","choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}})");
  OpenAiAnswer answer;
  std::vector<Message> pieces = answer.read(last + last);
  const std::optional<Message> usage = answer.finish();
  REQUIRE(usage);
  pieces.push_back(*usage);
  CHECK_FALSE(answer.finish());
  const Message whole = merged(pieces);
  CHECK(runtime::to_text(whole.at("response_metadata")) == R"({"finish_reason":"stop","model_name":"m"})");
  CHECK(whole.at("usage_metadata").at("total_tokens") == 2);
}

TEST_CASE("An error inside a stream and an event that is no JSON are errors") {
  OpenAiAnswer failing;
  CHECK_THROWS_WITH(failing.read(event(R"({"error":{"message":"overloaded","code":"x"}})")), "overloaded");
  OpenAiAnswer broken;
  CHECK_THROWS_AS(broken.read(event("{oops")), AnswerError);
}

TEST_CASE("An answer that was not streamed is read as one delta") {
  OpenAiAnswer answer;
  const json::object delta = as_delta(parse_json(
      R"({"id":"c","model":"m","choices":[{"message":{"role":"assistant","content":"all"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}})"));
  const std::optional<Message> piece = answer.read_delta(delta);
  REQUIRE(piece);
  CHECK(piece->at("content") == "all");
  CHECK(answer.is_complete());
  CHECK(answer.finish());
}

TEST_CASE("What a provider refused is found in its answer, if it says so in JSON") {
  CHECK(openai_refusal(R"({"error":{"message":"no","code":"insufficient_quota"}})").out_of_quota);
  CHECK(openai_refusal(R"({"error":"plain"})").message == "plain");
  CHECK(openai_refusal("<html>").message.empty());
}
