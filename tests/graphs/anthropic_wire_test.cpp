#include "graphs/anthropic_wire.h"

#include <catch2/catch.hpp>

#include "runtime/json.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::runtime::Message;
using heddle::runtime::parse_json;
using heddle::runtime::to_text;
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

json::object request(const char* list) {
  return anthropic_request("m", 100, items(list), ModelOptions());
}

std::string turns(const char* list) {
  return to_text(request(list).at("messages"));
}

std::string event(const std::string& type, const std::string& members) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + (members.empty() ? "" : ",") + members + "}\n\n";
}

std::string start(const std::string& block, int index) {
  return event("content_block_start", "\"index\":" + std::to_string(index) + ",\"content_block\":" + block);
}

std::string delta(const std::string& said, int index) {
  return event("content_block_delta", "\"index\":" + std::to_string(index) + ",\"delta\":" + said);
}

Message merged(const std::vector<Message>& pieces) {
  Message sum = pieces.at(0);
  for (std::size_t i = 1; i < pieces.size(); ++i) runtime::merge_chunk(sum, pieces[i]);
  return runtime::finished_message(std::move(sum));
}

std::vector<Message> read_all(const std::string& events) {
  AnthropicAnswer answer;
  std::vector<Message> pieces = answer.read(events);
  if (std::optional<Message> last = answer.finish()) pieces.push_back(std::move(*last));
  return pieces;
}

const std::string kBegin = event(
    "message_start",
    R"("message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-1","content":[],"usage":{"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":2,"output_tokens":1}})");
const std::string kEnd =
    event("message_delta", R"("delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7})") +
    event("message_stop", "");
const std::string kTextAnswer = kBegin + start(R"({"type":"text","text":""})", 0) + event("ping", "") +
                                delta(R"({"type":"text_delta","text":"Hel"})", 0) +
                                delta("{\"type\":\"text_delta\",\"text\":\"lo \xC3\xA9\"}", 0) +
                                event("content_block_stop", "\"index\":0") + kEnd;

}  // namespace

TEST_CASE("System messages leave the turns, and neighbours of one side become one turn") {
  const json::object asked = request(
      R"([{"type":"system","content":"be kind"},{"type":"human","content":"hi"},{"type":"human","content":"you"},
          {"type":"ai","content":"hello"},{"role":"developer","content":"be brief"},{"type":"human","content":"  "}])");
  CHECK(asked.at("system") == "be kind\n\nbe brief");
  CHECK(to_text(asked.at("messages")) ==
        R"([{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"you"}]},)"
        R"({"role":"assistant","content":[{"type":"text","text":"hello"}]}])");
  CHECK(asked.at("model") == "m");
  CHECK(asked.at("max_tokens") == 100);
  CHECK(asked.at("stream") == true);
}

TEST_CASE("Calls and their answers are blocks, and the answers of one turn come before what the human adds") {
  CHECK(
      turns(R"([{"type":"human","content":"?"},
                  {"type":"ai","content":"","tool_calls":[{"id":"call|1","name":"add","args":{"a":1}},{"id":"c2","name":"now","args":{}}]},
                  {"type":"tool","content":"3","tool_call_id":"call|1","name":"add"},
                  {"type":"human","content":"hurry"},
                  {"type":"tool","content":"no","tool_call_id":"c2","status":"error"}])") ==
      R"([{"role":"user","content":[{"type":"text","text":"?"}]},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"call_1","name":"add","input":{"a":1}},{"type":"tool_use","id":"c2","name":"now","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"3"},)"
      R"({"type":"tool_result","tool_use_id":"c2","content":"no","is_error":true},{"type":"text","text":"hurry"}]}])");
}

TEST_CASE("An answer that said nothing is not sent, so the turns beside it become one") {
  CHECK(turns(R"([{"type":"human","content":"a"},{"type":"ai","content":""},{"type":"human","content":"b"}])") ==
        R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}])");
}

TEST_CASE("Images of every form take the provider's") {
  CHECK(
      turns(
          R"([{"type":"human","content":[{"type":"text","text":"see","index":0},{"type":"image","url":"https://x/y.png"},
                  {"type":"image","mime_type":"image/gif","data":"R0lG"},
                  {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}}]}])") ==
      R"([{"role":"user","content":[{"type":"text","text":"see"},)"
      R"({"type":"image","source":{"type":"url","url":"https://x/y.png"}},)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/gif","data":"R0lG"}},)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}}]}])");
}

TEST_CASE("Tools and temperature are named only if there are any") {
  CHECK_FALSE(request("[]").contains("tools"));
  CHECK_FALSE(request("[]").contains("temperature"));
  CHECK_FALSE(request("[]").contains("system"));
  ModelOptions options;
  options.temperature = 0.5;
  options.tools.push_back({"add", "Adds.", {{"type", "object"}}});
  const json::object full = anthropic_request("m", 1, {}, options);
  CHECK(full.at("temperature") == 0.5);
  CHECK(to_text(full.at("tools")) == R"([{"name":"add","description":"Adds.","input_schema":{"type":"object"}}])");
}

TEST_CASE("A tool that must be called is named as the choice of a message") {
  ModelOptions options;
  options.tools.push_back({"add", "Adds.", {{"type", "object"}}});
  CHECK_FALSE(anthropic_request("m", 1, {}, options).contains("tool_choice"));
  options.must_call = "add";
  CHECK(to_text(anthropic_request("m", 1, {}, options).at("tool_choice")) == R"({"type":"tool","name":"add"})");
}

TEST_CASE("A streamed text is pieces of text, and the last one has reason and usage") {
  const std::vector<Message> pieces = read_all(kTextAnswer);
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[0].at("id") == "msg_1");
  CHECK(pieces[0].at("content") == "Hel");
  const Message whole = merged(pieces);
  CHECK(whole.at("content") == "Hello \u00e9");
  CHECK(to_text(whole.at("response_metadata")) == R"({"stop_reason":"end_turn","model_name":"claude-1"})");
  CHECK(
      to_text(whole.at("usage_metadata")) ==
      R"({"input_tokens":15,"output_tokens":7,"total_tokens":22,"input_token_details":{"cache_creation":3,"cache_read":2},"output_token_details":{}})");
}

TEST_CASE("The bytes of a stream of Anthropic may be cut anywhere") {
  for (std::size_t cut = 1; cut < kTextAnswer.size(); ++cut) {
    AnthropicAnswer answer;
    std::vector<Message> pieces = answer.read(std::string_view(kTextAnswer).substr(0, cut));
    for (Message& piece : answer.read(std::string_view(kTextAnswer).substr(cut))) pieces.push_back(std::move(piece));
    REQUIRE(answer.is_complete());
    REQUIRE(merged(pieces).at("content") == "Hello \u00e9");
  }
}

TEST_CASE("Streamed calls are counted from 0 whatever the index of their block") {
  const std::vector<Message> pieces =
      read_all(kBegin + start(R"({"type":"text","text":"Let me see."})", 0) +
               start(R"({"type":"tool_use","id":"toolu_1","name":"add","input":{}})", 1) +
               delta(R"({"type":"input_json_delta","partial_json":""})", 1) +
               delta(R"({"type":"input_json_delta","partial_json":"{\"a\":"})", 1) +
               delta(R"({"type":"input_json_delta","partial_json":"1}"})", 1) +
               start(R"({"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}})", 2) +
               delta(R"({"type":"input_json_delta","partial_json":"{\"q\":1}"})", 2) +
               start(R"({"type":"tool_use","id":"toolu_2","name":"now","input":{"zone":"UTC"}})", 4) +
               event("message_delta", R"("delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9})"));
  CHECK(to_text(pieces.at(1).at("tool_call_chunks")) ==
        R"([{"index":0,"id":"toolu_1","name":"add","args":"","type":"tool_call_chunk"}])");
  CHECK(to_text(pieces.at(3).at("tool_call_chunks")) == R"([{"index":0,"args":"{\"a\":","type":"tool_call_chunk"}])");
  CHECK(pieces.at(5).at("tool_call_chunks").at(0).at("index") == 1);
  const Message whole = merged(pieces);
  CHECK(whole.at("content") == "Let me see.");
  CHECK(
      to_text(whole.at("tool_calls")) ==
      R"([{"name":"add","args":{"a":1},"id":"toolu_1","type":"tool_call"},{"name":"now","args":{"zone":"UTC"},"id":"toolu_2","type":"tool_call"}])");
}

TEST_CASE("Thinking stays out of the content, and goes back to the provider while its tools are called") {
  const Message thought =
      merged(read_all(kBegin + start(R"({"type":"thinking","thinking":"","signature":""})", 0) +
                      delta(R"({"type":"thinking_delta","thinking":"two and "})", 0) +
                      delta(R"({"type":"thinking_delta","thinking":"two"})", 0) +
                      delta(R"({"type":"signature_delta","signature":"sig=="})", 0) +
                      start(R"({"type":"redacted_thinking","data":"xxx"})", 1) +
                      start(R"({"type":"tool_use","id":"toolu_1","name":"add","input":{}})", 2) + kEnd));
  CHECK(thought.at("content") == "");
  runtime::ItemList asked = items(R"([{"type":"human","content":"2+2"}])");
  asked.push_back(std::make_shared<const json::value>(thought));
  const json::object during = anthropic_request("m", 1, asked, ModelOptions());
  CHECK(
      to_text(during.at("messages").at(1).at("content")) ==
      R"([{"type":"thinking","thinking":"two and two","signature":"sig=="},{"type":"redacted_thinking","data":"xxx"},)"
      R"({"type":"tool_use","id":"toolu_1","name":"add","input":{}}])");
  asked.push_back(std::make_shared<const json::value>(runtime::human_message("and now?")));
  const json::object after = anthropic_request("m", 1, asked, ModelOptions());
  CHECK(after.at("messages").at(1).at("content").as_array().size() == 1);
}

TEST_CASE("An error inside the stream carries the status that it stands for") {
  AnthropicAnswer answer;
  try {
    answer.read(event("error", R"("error":{"type":"overloaded_error","message":"Overloaded"})"));
    FAIL("no error");
  } catch (const AnswerError& error) {
    CHECK(std::string(error.what()) == "Overloaded");
    CHECK(error.status() == 529);
  }
}

TEST_CASE("Nonsense in a stream of Anthropic is an error or passed over, and never more") {
  for (const char* text : {"{oops", "[]", "1", "{}", R"({"type":7})", R"({"type":"message_start"})",
                           R"({"type":"message_start","message":[1]})", R"({"type":"content_block_start","index":0})",
                           R"({"type":"content_block_start","index":"x","content_block":"y"})",
                           R"({"type":"content_block_start","content_block":{"type":"tool_use"}})",
                           R"({"type":"content_block_delta","index":1e300,"delta":{"type":"text_delta","text":1}})",
                           R"({"type":"content_block_delta","index":9,"delta":{"type":"input_json_delta"}})",
                           R"({"type":"message_delta","delta":{"stop_reason":1},"usage":{"output_tokens":1e300}})",
                           R"({"type":"error"})", R"({"type":"error","error":"x"})", R"({"type":"brand_new"})"}) {
    INFO(text);
    AnthropicAnswer answer;
    try {
      answer.read(std::string("data: ") + text + "\n\n");
    } catch (const AnswerError&) {
    }
    CHECK_FALSE(answer.is_complete());
  }
}

TEST_CASE("A message that was not streamed is read block by block") {
  AnthropicAnswer answer;
  std::vector<Message> pieces = answer.read_whole(parse_json(
      R"({"id":"msg_2","type":"message","model":"claude-1","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},
          {"type":"tool_use","id":"t","name":"add","input":{"a":1}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}})"));
  pieces.push_back(answer.finish().value());
  const Message whole = merged(pieces);
  CHECK(whole.at("content") == "ab");
  CHECK(whole.at("tool_calls").at(0).at("args").at("a") == 1);
  CHECK(whole.at("usage_metadata").at("total_tokens") == 3);
}
