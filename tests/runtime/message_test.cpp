#include "runtime/message.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/error.h"

namespace heddle::runtime {
namespace {

// Ids new-1, new-2, ...
NewMessageId counted_ids() {
  return [count = 0]() mutable { return "new-" + std::to_string(++count); };
}

std::string coerced(std::string_view text) {
  return to_text(coerce_message(parse_json(text)));
}

std::string coercion_error_of(std::string_view text) {
  try {
    coerce_messages(parse_json(text));
  } catch (const MessageCoercionError& error) {
    return error.what();
  }
  return "no error";
}

Message message_of(std::string_view text) {
  return coerce_message(parse_json(text));
}

std::string added(std::string_view left, std::string_view right) {
  return add_messages(Value(parse_json(left)), parse_json(right), counted_ids()).text();
}

// Ids and texts: `h1:hello a1:hi`.
std::string outline(const Value& list) {
  std::string out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ' ';
    out += std::string(message_id(list.item(i))) + ":" + message_text(list.item(i));
  }
  return out;
}

std::string added_outline(std::string_view left, std::string_view right) {
  return outline(add_messages(Value(parse_json(left)), parse_json(right), counted_ids()));
}

struct Case {
  const char* input;
  const char* result;
};

constexpr const char* kEmptyFields = R"("additional_kwargs":{},"response_metadata":{})";

}  // namespace

TEST_CASE("All forms of a message become the flat form") {
  const std::vector<Case> cases = {
      {R"("hi")", R"({"content":"hi","additional_kwargs":{},"response_metadata":{},"type":"human"})"},
      {R"(["user","hi"])", R"({"content":"hi","additional_kwargs":{},"response_metadata":{},"type":"human"})"},
      {R"({"role":"user","content":"hi","id":"h1"})",
       R"({"id":"h1","content":"hi","additional_kwargs":{},"response_metadata":{},"type":"human"})"},
      {R"({"role":"human","content":"hi"})",
       R"({"content":"hi","additional_kwargs":{},"response_metadata":{},"type":"human"})"},
      {R"({"type":"user","content":"hi"})",
       R"({"content":"hi","additional_kwargs":{},"response_metadata":{},"type":"human"})"},
      {R"({"role":"assistant","type":"human","content":"hi"})",
       R"({"content":"hi","additional_kwargs":{},"response_metadata":{},)"
       R"("tool_calls":[],"invalid_tool_calls":[],"type":"ai"})"},
      {R"({"type":"ai","content":null})", R"({"content":[],"additional_kwargs":{},"response_metadata":{},)"
                                          R"("tool_calls":[],"invalid_tool_calls":[],"type":"ai"})"},
      {R"({"role":"system","content":"be kind"})",
       R"({"content":"be kind","additional_kwargs":{},"response_metadata":{},"type":"system"})"},
      {R"({"role":"developer","content":"be kind","additional_kwargs":{"k":1}})",
       R"({"content":"be kind","additional_kwargs":{"k":1,"__openai_role__":"developer"},)"
       R"("response_metadata":{},"type":"system"})"},
      {R"({"role":"tool","content":"5","tool_call_id":"c1","name":"add","status":"success"})",
       R"({"content":"5","additional_kwargs":{},"response_metadata":{},"name":"add","tool_call_id":"c1",)"
       R"("status":"success","type":"tool"})"},
      {R"({"type":"remove","id":"h1"})",
       R"({"id":"h1","content":[],"additional_kwargs":{},"response_metadata":{},"type":"remove"})"},
      {R"({"type":"human","content":"hi","name":null,"example":false,"extra":null,"additional_kwargs":null})",
       R"({"content":"hi","additional_kwargs":{},"response_metadata":{},"example":false,"extra":null,"type":"human"})"},
      {R"({"lc":1,"type":"constructor","id":["langchain_core","messages","HumanMessage"],)"
       R"("kwargs":{"content":"hi","id":"h1"}})",
       R"({"id":"h1","content":"hi","additional_kwargs":{},"response_metadata":{},"type":"human"})"},
      {R"({"lc":1,"type":"constructor","id":["AIMessageChunk"],"kwargs":{"content":"hi"}})",
       R"({"content":"hi","additional_kwargs":{},"response_metadata":{},)"
       R"("tool_calls":[],"invalid_tool_calls":[],"type":"ai"})"},
      {R"({"type":"ai","content":"","usage_metadata":null,"tool_calls":null})",
       R"({"content":"","additional_kwargs":{},"response_metadata":{},)"
       R"("tool_calls":[],"invalid_tool_calls":[],"type":"ai"})"},
  };
  for (const Case& each : cases) {
    INFO(each.input);
    CHECK(coerced(each.input) == each.result);
    CHECK(coerced(each.result) == each.result);
  }
}

TEST_CASE("Tool calls in the form of OpenAI become those of the wire") {
  const std::vector<Case> cases = {
      {R"([{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\":1}"}}])",
       R"([{"id":"c1","args":{"a":1},"name":"add","type":"tool_call"}])"},
      {R"([{"name":"add","args":{},"id":"c1","type":"tool_call"}])",
       R"([{"name":"add","args":{},"id":"c1","type":"tool_call"}])"},
      {R"([{"odd":true}, 3])", R"([{"odd":true},3])"},
      {R"([{"id":"c1","type":"function","function":{"name":"add","arguments":{}}}])",
       R"([{"id":"c1","type":"function","function":{"name":"add","arguments":{}}}])"},
  };
  for (const Case& each : cases) {
    INFO(each.input);
    const Message message =
        message_of(R"({"role":"assistant","content":"","tool_calls":)" + std::string(each.input) + "}");
    CHECK(to_text(tool_calls(message)) == each.result);
  }
  try {
    coerced(
        R"({"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{"}}]})");
    FAIL("taken");
  } catch (const GraphError& error) {
    CHECK(error.name() == "SyntaxError");
  }
}

TEST_CASE("Tool calls that stand only in additional_kwargs are taken from there") {
  const Message message = message_of(R"({"type":"ai","content":"","additional_kwargs":{"tool_calls":[)"
                                     R"({"id":"c1","function":{"name":"add","arguments":"{\"a\":1}"}},)"
                                     R"({"id":"c2","function":{"name":"sub","arguments":"{\"a\":"}},{"id":"c3"}]}})");
  CHECK(to_text(tool_calls(message)) == R"([{"name":"add","args":{"a":1},"id":"c1","type":"tool_call"}])");
  CHECK(to_text(message.at("invalid_tool_calls")) ==
        R"([{"name":"sub","args":"{\"a\":","id":"c2","error":"Malformed args.","type":"invalid_tool_call"}])");

  const Message own = message_of(R"({"type":"ai","tool_calls":[],"additional_kwargs":{"tool_calls":[)"
                                 R"({"id":"c1","function":{"name":"add","arguments":"{}"}}]}})");
  CHECK(tool_calls(own).empty());
}

TEST_CASE("What is no message is refused with the text of the reference") {
  CHECK(coercion_error_of(R"({"role":"function","content":"x"})") ==
        "Unable to coerce message from array: only human, AI, system, developer, or tool message coercion is currently "
        "supported.\n\nReceived: {\n  \"content\": \"x\",\n  \"type\": \"function\"\n}\n\nTroubleshooting URL: "
        "https://docs.langchain.com/oss/javascript/langchain/errors/MESSAGE_COERCION_FAILURE/\n");
  const std::vector<std::string> inputs = {
      "null",
      "3",
      "true",
      "{}",
      "[null]",
      "[[]]",
      R"([["nobody","x"]])",
      R"({"content":"x"})",
      R"({"type":"AIMessageChunk","content":"x"})",
      R"({"type":"tool","content":"x"})",
      R"({"type":"remove"})",
      R"({"type":"remove","id":3})",
      R"({"type":3,"content":"x"})",
      R"({"lc":1,"type":"constructor","id":["FunctionMessage"],"kwargs":{}})",
  };
  for (const std::string& input : inputs) {
    INFO(input);
    CHECK(coercion_error_of(input).starts_with("Unable to coerce message from array"));
  }
}

TEST_CASE("One message is a list of one, and a bare pair of texts is two human messages") {
  CHECK(coerce_messages(parse_json(R"("hi")")).size() == 1);
  CHECK(coerce_messages(parse_json("[]")).empty());
  const std::vector<Message> bare = coerce_messages(parse_json(R"(["user","hi"])"));
  REQUIRE(bare.size() == 2);
  CHECK(message_type(bare[0]) == "human");
  CHECK(message_text(bare[0]) == "user");
  const std::vector<Message> pair = coerce_messages(parse_json(R"([["assistant","hi"]])"));
  REQUIRE(pair.size() == 1);
  CHECK(message_type(pair[0]) == "ai");
}

TEST_CASE("Only objects with a known type and a content look like messages") {
  CHECK(is_message(parse_json(R"({"type":"ai","content":""})")));
  CHECK_FALSE(is_message(parse_json(R"({"type":"ai"})")));
  CHECK_FALSE(is_message(parse_json(R"({"type":"text","content":"x"})")));
  CHECK_FALSE(is_message(parse_json(R"({"role":"user","content":"x"})")));
  CHECK_FALSE(is_message(parse_json(R"("x")")));
  CHECK(message_type(parse_json("[]")).empty());
}

TEST_CASE("The text of a message is that of its text parts") {
  CHECK(message_text(message_of(R"({"type":"human","content":"hi"})")) == "hi");
  CHECK(message_text(message_of(R"({"type":"human","content":[{"type":"text","text":"look "},)"
                                R"({"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"here"}]})")) ==
        "look here");
  CHECK(message_text(message_of(R"({"type":"ai"})")).empty());
}

TEST_CASE("Messages that are made have the fields that the wire shows") {
  const std::string fields = kEmptyFields;
  CHECK(to_text(human_message("a")) == R"({"content":"a",)" + fields + R"(,"type":"human"})");
  CHECK(to_text(system_message("a")) == R"({"content":"a",)" + fields + R"(,"type":"system"})");
  CHECK(to_text(ai_message("a", {json::object{{"id", "c1"}}})) ==
        R"({"content":"a",)" + fields + R"(,"tool_calls":[{"id":"c1"}],"invalid_tool_calls":[],"type":"ai"})");
  CHECK(to_text(ai_message("a")) ==
        R"({"content":"a",)" + fields + R"(,"tool_calls":[],"invalid_tool_calls":[],"type":"ai"})");
  CHECK(to_text(tool_message("5", "c1", "add", "success")) ==
        R"({"content":"5",)" + fields + R"(,"name":"add","tool_call_id":"c1","status":"success","type":"tool"})");
  CHECK(to_text(tool_message("5", "c1", "", "")) ==
        R"({"content":"5",)" + fields + R"(,"tool_call_id":"c1","type":"tool"})");
}

TEST_CASE("Messages are appended, replaced and removed in the order in which they are written") {
  const std::string left = R"([{"type":"human","id":"h1","content":"one"},{"type":"ai","id":"a1","content":"two"}])";
  const std::vector<Case> cases = {
      {"[]", "h1:one a1:two"},
      {R"("three")", "h1:one a1:two new-1:three"},
      {R"([{"type":"human","id":"h2","content":"three"}])", "h1:one a1:two h2:three"},
      {R"([{"type":"human","id":"h1","content":"new"}])", "h1:new a1:two"},
      {R"([{"type":"remove","id":"h1"}])", "a1:two"},
      {R"([{"type":"remove","id":"h1"},{"type":"human","id":"h1","content":"back"}])", "h1:back a1:two"},
      {R"([{"type":"human","id":"h1","content":"new"},{"type":"remove","id":"h1"}])", "a1:two"},
      {R"([{"type":"human","id":"h2","content":"x"},{"type":"human","id":"h2","content":"y"}])", "h1:one a1:two h2:y"},
      {R"([{"type":"human","id":"h2","content":"x"},{"type":"remove","id":"h2"}])", "h1:one a1:two"},
      {R"([{"type":"remove","id":"__remove_all__"}])", ""},
      {R"([{"type":"human","id":"h2","content":"x"},{"type":"remove","id":"__remove_all__"},"y"])", "new-1:y"},
      {R"([{"type":"remove","id":"__remove_all__"},"x",{"type":"remove","id":"__remove_all__"},"y"])", "new-2:y"},
      {R"([{"type":"remove","id":"h1"},{"type":"remove","id":"a1"}])", ""},
  };
  for (const Case& each : cases) {
    INFO(each.input);
    CHECK(added_outline(left, each.input) == each.result);
  }
}

TEST_CASE("Removing a message that is not there is an error that names its id") {
  CHECK_THROWS_WITH(added("[]", R"({"type":"remove","id":"nobody"})"),
                    "Attempting to delete a message with an ID that doesn't exist ('nobody')");
  CHECK_THROWS_AS(added("[]", "null"), MessageCoercionError);
}

TEST_CASE("A messages channel may begin as null or with messages in any form") {
  CHECK(outline(add_messages(Value(), parse_json(R"("hi")"), counted_ids())) == "new-1:hi");
  CHECK(add_messages(Value(), parse_json("[]"), counted_ids()).text() == "[]");
  CHECK(added(R"(["old"])", R"([])") ==
        R"([{"id":"new-1","content":"old","additional_kwargs":{},"response_metadata":{},"type":"human"}])");
}

TEST_CASE("Messages that stay are shared with the list before") {
  const Value left = add_messages(Value(), parse_json(R"(["one","two"])"), counted_ids());

  const Value appended =
      add_messages(left, parse_json(R"({"type":"human","id":"h3","content":"three"})"), counted_ids());
  REQUIRE(appended.size() == 3);
  CHECK(appended.items()[0] == left.items()[0]);
  CHECK(appended.items()[1] == left.items()[1]);

  const Value replaced =
      add_messages(left, parse_json(R"({"type":"human","id":"new-1","content":"1"})"), counted_ids());
  CHECK(replaced.items()[0] != left.items()[0]);
  CHECK(replaced.items()[1] == left.items()[1]);

  const Value removed = add_messages(left, parse_json(R"({"type":"remove","id":"new-1"})"), counted_ids());
  REQUIRE(removed.size() == 1);
  CHECK(removed.items()[0] == left.items()[1]);
}

TEST_CASE("Writing the same messages again changes nothing") {
  const Value left = add_messages(Value(), parse_json(R"(["one","two"])"), counted_ids());
  CHECK(add_messages(left, left.json(), counted_ids()).same_as(left));
  CHECK(add_messages(left, parse_json("[]"), counted_ids()).same_as(left));

  json::value grown = left.json();
  grown.get_array().push_back(human_message("three"));
  grown.get_array().back().get_object().emplace("id", "h3");
  const Value appended = add_messages(left, grown, counted_ids());
  REQUIRE(appended.size() == 3);
  CHECK(appended.items()[0] == left.items()[0]);
  CHECK(appended.items()[1] == left.items()[1]);
}

TEST_CASE("Many replacements and removals of one write do not disturb each other") {
  std::string write = "[";
  for (int i = 0; i < 200; ++i) {
    const std::string id = "h" + std::to_string(i % 50);
    write += R"({"type":"human","id":")" + id + R"(","content":")" + std::to_string(i) + R"("},)";
  }
  write += R"({"type":"remove","id":"h7"}])";
  const Value list = add_messages(Value(), parse_json(write), counted_ids());
  REQUIRE(list.size() == 49);
  CHECK(message_text(list.item(0)) == "150");
  CHECK(message_text(list.item(48)) == "199");
}

TEST_CASE("The write of a node gets ids before anybody sees it") {
  CHECK(to_text(with_ids(parse_json(R"(["a",{"type":"remove","id":"h1"},{"role":"user","content":"b","id":"h2"}])"),
                         counted_ids())) ==
        R"([{"id":"new-1","content":"a","additional_kwargs":{},"response_metadata":{},"type":"human"},)"
        R"({"id":"h1","content":[],"additional_kwargs":{},"response_metadata":{},"type":"remove"},)"
        R"({"id":"h2","content":"b","additional_kwargs":{},"response_metadata":{},"type":"human"}])");
}

TEST_CASE("Pieces become plain messages when they are written") {
  const std::string chunks = R"("tool_call_chunks":[{"name":"add","args":"{\"a\":1}","id":"c1","index":0}])";
  const json::array derived =
      with_ids(parse_json(R"({"type":"ai","id":"a1","content":"",)" + chunks + "}"), counted_ids());
  CHECK(to_text(derived.at(0).at("tool_calls")) == R"([{"name":"add","args":{"a":1},"id":"c1","type":"tool_call"}])");
  CHECK_FALSE(derived.at(0).as_object().contains("tool_call_chunks"));

  const json::array own = with_ids(
      parse_json(R"({"type":"ai","id":"a1","content":"","tool_calls":[{"id":"c9"}],)" + chunks + "}"), counted_ids());
  CHECK(to_text(own.at(0).at("tool_calls")) == R"([{"id":"c9"}])");
}

TEST_CASE("Contents of pieces are merged") {
  struct Merge {
    const char* left;
    const char* right;
    const char* merged;
  };
  const std::vector<Merge> cases = {
      {R"("a")", R"("b")", R"("ab")"},
      {R"("")", R"("b")", R"("b")"},
      {R"("")", R"([{"type":"text","text":"b"}])", R"([{"type":"text","text":"b"}])"},
      {R"("a")", R"("")", R"("a")"},
      {R"("a")", R"([])", R"("a")"},
      {R"("a")", R"([{"type":"x"}])", R"([{"type":"text","text":"a"},{"type":"x"}])"},
      {R"([{"type":"x"}])", R"("b")", R"([{"type":"x"},{"type":"text","text":"b"}])"},
      {R"([{"type":"x"}])", R"("")", R"([{"type":"x"}])"},
      {R"([{"type":"text","text":"a","index":0}])", R"([{"type":"text","text":"b","index":0}])",
       R"([{"type":"text","text":"ab","index":0}])"},
      {R"([{"type":"text","text":"a","index":0}])", R"([{"type":"text_delta","text":"b","index":0}])",
       R"([{"type":"text","text":"ab","index":0}])"},
      {R"([{"type":"text","text":"a","index":0}])", R"([{"type":"image","text":"b","index":0}])",
       R"([{"type":"text","text":"a","index":0},{"type":"image","text":"b","index":0}])"},
      {R"([{"type":"text","text":"a","index":0,"id":"1"}])", R"([{"type":"text","text":"b","index":0,"id":"2"}])",
       R"([{"type":"text","text":"a","index":0,"id":"1"},{"type":"text","text":"b","index":0,"id":"2"}])"},
      {R"([{"type":"text","text":"a","index":"x"}])", R"([{"type":"text","text":"b","index":"x"}])",
       R"([{"type":"text","text":"ab","index":"x"}])"},
      {R"([{"type":"t","text":"a","id":"1"}])", R"([{"type":"t","text":"b","id":"1"}])",
       R"([{"type":"t","text":"ab","id":"1"}])"},
      {R"([{"type":"text","text":"a"}])", R"([{"type":"text","text":""}])", R"([{"type":"text","text":"a"}])"},
      {R"([{"type":"text","text":"a"}])", R"([{"type":"text","text":"b"}, 3])",
       R"([{"type":"text","text":"a"},{"type":"text","text":"b"},3])"},
  };
  for (const Merge& each : cases) {
    INFO(each.left << " + " << each.right);
    Message sum{{"type", "ai"}, {"content", parse_json(each.left)}};
    merge_chunk(sum, Message{{"type", "ai"}, {"content", parse_json(each.right)}});
    CHECK(to_text(sum.at("content")) == each.merged);
  }
}

TEST_CASE("Objects of pieces are merged by the kind of each field") {
  struct Merge {
    const char* left;
    const char* right;
    const char* merged;
  };
  const std::vector<Merge> cases = {
      {"{}", R"({"a":1})", R"({"a":1})"},
      {R"({"a":null})", R"({"a":"x"})", R"({"a":"x"})"},
      {R"({"a":"x"})", R"({"a":null})", R"({"a":"x"})"},
      {R"({"model_name":"m"})", R"({"model_name":"m"})", R"({"model_name":"mm"})"},
      {R"({"type":"a"})", R"({"type":"b"})", R"({"type":"a"})"},
      {R"({"id":"a","name":"b","output_version":"v0","model_provider":"p"})",
       R"({"id":"c","name":"","output_version":"v1","model_provider":"q"})",
       R"({"id":"c","name":"b","output_version":"v1","model_provider":"q"})"},
      {R"({"n":1,"x":0.5})", R"({"n":2,"x":1})", R"({"n":3,"x":1.5})"},
      {R"({"n":9223372036854775807})", R"({"n":1})", R"({"n":9223372036854776000})"},
      {R"({"index":1,"created":2,"timestamp":3})", R"({"index":4,"created":5,"timestamp":6})",
       R"({"index":1,"created":2,"timestamp":3})"},
      {R"({"timestamp":"a"})", R"({"timestamp":"b"})", R"({"timestamp":"a"})"},
      {R"({"o":{"s":"a"}})", R"({"o":{"s":"b","t":1}})", R"({"o":{"s":"ab","t":1}})"},
      {R"({"l":[1]})", R"({"l":[2]})", R"({"l":[1,2]})"},
      {R"({"b":true})", R"({"b":false})", R"({"b":true})"},
  };
  for (const Merge& each : cases) {
    INFO(each.left << " + " << each.right);
    for (const char* const key : {"additional_kwargs", "response_metadata"}) {
      Message sum{{"type", "ai"}, {"content", ""}, {key, parse_json(each.left)}};
      merge_chunk(sum, Message{{"type", "ai"}, {"content", ""}, {key, parse_json(each.right)}});
      CHECK(to_text(sum.at(key)) == each.merged);
    }
  }
}

TEST_CASE("A field of pieces that changes its kind is an error that names it") {
  for (const char* const other : {"1", "true", "{}", "[]"}) {
    INFO(other);
    Message sum{{"type", "ai"}, {"content", ""}, {"additional_kwargs", {{"k", "text"}}}};
    const Message piece{{"type", "ai"}, {"content", ""}, {"additional_kwargs", {{"k", parse_json(other)}}}};
    CHECK_THROWS_WITH(merge_chunk(sum, piece),
                      "field[k] already exists in the message chunk, but with a different type.");
  }
}

TEST_CASE("A streamed answer becomes one message") {
  const std::vector<std::string> pieces = {
      R"({"type":"ai","id":"ai-2","content":"Let"})",
      R"({"type":"ai","id":"ai-2","content":" me"})",
      R"({"type":"ai","id":"other","content":"","tool_call_chunks":[{"name":"add","args":"","id":"c1","index":0,"type":"tool_call_chunk"}]})",
      R"({"type":"ai","content":"","tool_call_chunks":[{"args":"{\"a\":1,","index":0,"type":"tool_call_chunk"}]})",
      R"({"type":"ai","content":"","tool_call_chunks":[{"name":"sub","args":"","id":"c2","index":1,"type":"tool_call_chunk"}]})",
      R"({"type":"ai","content":"","tool_call_chunks":[{"args":"\"b\":2}","index":0,"type":"tool_call_chunk"}]})",
      R"({"type":"ai","content":"","usage_metadata":{"input_tokens":1,"output_tokens":2,"total_tokens":3}})",
      R"({"type":"ai","content":"","usage_metadata":{"input_tokens":1,"output_tokens":0,"total_tokens":1,"input_token_details":{"cache_read":4}},"response_metadata":{"finish_reason":"tool_calls"}})",
  };
  Message sum = message_of(pieces.front());
  for (std::size_t i = 1; i < pieces.size(); ++i) merge_chunk(sum, message_of(pieces[i]));
  CHECK(to_text(sum.at("tool_call_chunks")) ==
        R"([{"name":"add","args":"{\"a\":1,\"b\":2}","id":"c1","index":0,"type":"tool_call_chunk"},)"
        R"({"name":"sub","args":"","id":"c2","index":1,"type":"tool_call_chunk"}])");
  const json::value expected = parse_json(
      R"({"type":"ai","id":"ai-2","content":"Let me","additional_kwargs":{},)"
      R"("response_metadata":{"finish_reason":"tool_calls"},"invalid_tool_calls":[],)"
      R"("tool_calls":[{"name":"add","args":{"a":1,"b":2},"id":"c1","type":"tool_call"},)"
      R"({"name":"sub","args":{},"id":"c2","type":"tool_call"}],)"
      R"("usage_metadata":{"input_tokens":2,"output_tokens":2,"total_tokens":4,"input_token_details":{"cache_read":4}}})");
  const json::value finished = finished_message(std::move(sum));
  INFO(to_text(finished));
  CHECK(equal_json(finished, expected));
}

TEST_CASE("The first id of a streamed answer is its id") {
  Message sum = message_of(R"({"type":"ai","content":""})");
  merge_chunk(sum, message_of(R"({"type":"ai","content":"","id":"first"})"));
  merge_chunk(sum, message_of(R"({"type":"ai","content":"","id":"second"})"));
  CHECK(message_id(sum) == "first");
}

TEST_CASE("Tool calls are made from the pieces that have come") {
  struct Derived {
    const char* chunks;
    const char* calls;
    const char* invalid;
  };
  const std::vector<Derived> cases = {
      {R"([{"name":"f","args":"","id":"c1","index":0}])", R"([{"name":"f","args":{},"id":"c1","type":"tool_call"}])",
       "[]"},
      {R"([{"name":"f","args":" {\"z\":[1, ","id":"c1","index":0}])",
       R"([{"name":"f","args":{"z":[1]},"id":"c1","type":"tool_call"}])", "[]"},
      {R"([{"args":"{\"city\":","index":0}])", "[]",
       R"([{"name":"","args":"{\"city\":","error":"Malformed args.","type":"invalid_tool_call"}])"},
      {R"([{"name":"f","args":"[1]","id":"c1","index":0}])", "[]",
       R"([{"name":"f","args":"[1]","id":"c1","error":"Malformed args.","type":"invalid_tool_call"}])"},
      {R"([{"name":"f","args":"no json","id":"c1"}])", "[]",
       R"([{"name":"f","args":"no json","id":"c1","error":"Malformed args.","type":"invalid_tool_call"}])"},
      {R"([{"name":"f","args":"{\"a\":","id":"c1","index":0},{"args":"1}","index":0}])",
       R"([{"name":"f","args":{"a":1},"id":"c1","type":"tool_call"}])", "[]"},
      {R"([{"name":"f","args":"{}","id":"c1","index":0},{"name":"g","args":"{}","id":"c2","index":0}])",
       R"([{"name":"f","args":{},"id":"c1","type":"tool_call"},{"name":"g","args":{},"id":"c2","type":"tool_call"}])",
       "[]"},
      {R"([{"name":"f","args":"{\"a\"","id":"c1"},{"args":":1}","id":"c1"}])",
       R"([{"name":"f","args":{"a":1},"id":"c1","type":"tool_call"}])", "[]"},
  };
  for (const Derived& each : cases) {
    INFO(each.chunks);
    Message piece{{"type", "ai"}, {"content", ""}, {"tool_call_chunks", parse_json(each.chunks)}};
    derive_tool_calls(piece);
    CHECK(to_text(piece.at("tool_calls")) == each.calls);
    CHECK(to_text(piece.at("invalid_tool_calls")) == each.invalid);
  }
}

TEST_CASE("A message without pieces keeps its tool calls") {
  const Message whole =
      finished_message(message_of(R"({"type":"ai","tool_calls":[{"id":"c1"}],"tool_call_chunks":[]})"));
  CHECK(to_text(tool_calls(whole)) == R"([{"id":"c1"}])");
  CHECK_FALSE(whole.contains("tool_call_chunks"));
}

}  // namespace heddle::runtime
