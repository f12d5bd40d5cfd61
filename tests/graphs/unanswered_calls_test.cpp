#include "graphs/unanswered_calls.h"

#include <catch2/catch.hpp>

#include "runtime/json.h"

using namespace heddle;
using namespace heddle::graphs;
using namespace heddle::runtime;

namespace {

// "h" human, "t1" the answer to call 1, "a12" an ai message with the calls 1 and 2.
ItemList conversation(const std::vector<std::string>& words) {
  ItemList messages;
  for (const std::string& word : words) {
    Message message;
    if (word[0] == 'h') message = human_message("hi");
    if (word[0] == 't') message = tool_message("done", word.substr(1), "x", "success");
    if (word[0] == 'a') {
      json::array calls;
      for (const char id : word.substr(1)) calls.push_back({{"id", std::string(1, id)}, {"name", "x"}});
      message = ai_message("", std::move(calls));
    }
    messages.push_back(std::make_shared<const json::value>(std::move(message)));
  }
  return messages;
}

// Added answers as "T1".
std::string answered(const std::vector<std::string>& words) {
  const ItemList before = conversation(words);
  std::string text;
  std::size_t at = 0;
  for (const Value::Item& message : with_all_calls_answered(before)) {
    if (!text.empty()) text += " ";
    if (at < before.size() && message == before[at]) {
      text += words[at++];
      continue;
    }
    CHECK(message_type(*message) == "tool");
    CHECK(message->at("status") == "error");
    CHECK(message->at("name") == "x");
    text += "T" + std::string(message->at("tool_call_id").as_string());
  }
  CHECK(at == before.size());
  return text;
}

}  // namespace

TEST_CASE("Calls without an answer get one, behind the answers that there are and in the order of the calls") {
  CHECK(answered({"h", "a12", "h"}) == "h a12 T1 T2 h");
  CHECK(answered({"h", "a12", "t2", "h"}) == "h a12 t2 T1 h");
  CHECK(answered({"a1"}) == "a1 T1");
  CHECK(answered({"a1", "a2", "h"}) == "a1 T1 a2 T2 h");
  CHECK(answered({"a11", "h"}) == "a11 T1 h");
}

TEST_CASE("A conversation in order stays as it is") {
  CHECK(answered({}).empty());
  CHECK(answered({"h", "a", "h", "a12", "t2", "t1", "a", "h"}) == "h a h a12 t2 t1 a h");
}

TEST_CASE("A call with broken arguments joins the tool calls, and stays known as broken") {
  Message answer = ai_message("");
  answer["invalid_tool_calls"] =
      parse_json(R"([{"name":"x","args":"{oops","id":"1"},{"name":"","args":"{}","id":"2"},7])");
  take_broken_calls(answer);
  CHECK(to_text(answer.at("tool_calls")) == R"([{"name":"x","args":{},"id":"1","type":"tool_call"}])");
  CHECK(answer.at("invalid_tool_calls").as_array().size() == 3);
}
