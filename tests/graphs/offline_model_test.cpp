#include "graphs/offline_model.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "graphs/tools/ask_human.h"
#include "graphs/tools/calculator.h"
#include "graphs/tools/current_time.h"
#include "tests/graphs/fake_context.h"
#include "tests/support/run.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::runtime::Message;
using heddle::runtime::Value;

namespace {

struct OfflineFixture {
  boost::asio::io_context io;
  test::FakeTask task;
  test::FakeContext context{task, runtime::State()};
  OfflineModel model{OfflineModelSettings{std::chrono::milliseconds{0}}};
  runtime::SystemClock clock;
  ModelOptions options;

  OfflineFixture() {
    for (const ToolPointer& tool : {calculator_tool(), ask_human_tool(), current_time_tool(clock)}) {
      options.tools.push_back(tool->declaration());
    }
  }

  Message ask(std::vector<Message> messages) {
    runtime::ItemList items;
    for (Message& message : messages) items.push_back(std::make_shared<const json::value>(std::move(message)));
    return test::run(io, model.ask(context, std::move(items), options));
  }
  Message ask(const std::string& text) { return ask({runtime::human_message(text)}); }
  std::string called(const std::string& text) {
    const Message answer = ask(text);
    const json::array& calls = answer.at("tool_calls").as_array();
    if (calls.empty()) return "nothing";
    return std::string(calls[0].at("name").as_string()) + " " + runtime::to_text(calls[0].at("args"));
  }
};

}  // namespace

TEST_CASE_METHOD(OfflineFixture, "The offline model calls a tool by what the message looks like") {
  CHECK(called("What is 12 * (3 + 4)?") == R"json(calculator {"input":"12 * (3 + 4)"})json");
  CHECK(called("sqrt(16) please.") == R"json(calculator {"input":"sqrt(16)"})json");
  CHECK(called("Ask me whether I like tea") == R"(ask_human {"question":"whether I like tea"})");
  CHECK(called("what Time is it?") == "current_time {}");
  CHECK(called("sometimes 5 is enough") == "nothing");
}

TEST_CASE_METHOD(OfflineFixture, "The offline model looks into the mail if it can, and calculates beside it") {
  CHECK(called("What is in my mail?") == "nothing");
  options.tools.push_back({"search_gmail", "", {}});
  const std::string search = R"(search_gmail {"query":"in:inbox is:unread","maxResults":5,"resource":"messages"})";
  CHECK(called("What is in my mail?") == search);
  CHECK(called("Anything in the Inbox?") == search);
  const Message answer = ask("Look at my e-mail and tell me 6*7");
  const json::array& calls = answer.at("tool_calls").as_array();
  REQUIRE(calls.size() == 2);
  CHECK(runtime::to_text(calls[0].at("args")) == R"({"input":"6*7"})");
  CHECK(calls[1].at("name") == "search_gmail");
  CHECK(calls[0].at("id") != calls[1].at("id"));
}

TEST_CASE_METHOD(OfflineFixture, "The offline model calls no tool that it was not given") {
  options.tools.clear();
  CHECK(called("1+1") == "nothing");
}

TEST_CASE_METHOD(OfflineFixture, "The offline model says what it is") {
  CHECK(runtime::message_text(ask("hello")).starts_with("[offline model]"));
}

TEST_CASE_METHOD(OfflineFixture, "The offline model repeats what tools answered since the last human message") {
  const Message answer = ask({runtime::human_message("a"), runtime::tool_message("old", "1", "x", "success"),
                              runtime::human_message("b"), runtime::tool_message("14", "2", "calculator", "success")});
  CHECK(runtime::message_text(answer) == "[offline model] calculator: 14");
}

TEST_CASE_METHOD(OfflineFixture, "The pieces of an offline answer share an id and add up to the finished message") {
  const Message answer = ask("hello");
  REQUIRE(context.pieces.size() > 3);
  std::string joined;
  for (const Message& piece : context.pieces) {
    CHECK(piece.at("id") == answer.at("id"));
    CHECK(piece.contains("tool_call_chunks"));
    joined += runtime::message_text(piece);
  }
  CHECK(joined == runtime::message_text(answer));
  CHECK_FALSE(answer.contains("tool_call_chunks"));
  CHECK(answer.at("response_metadata").at("finish_reason") == "stop");
  CHECK(answer.at("usage_metadata").at("output_tokens").to_number<std::size_t>() == context.pieces.size() - 1);
  REQUIRE(context.model);
  CHECK(context.model->class_name == "OfflineModel");
  CHECK(context.ended.size() == 1);
}

TEST_CASE_METHOD(OfflineFixture, "Every answer of the offline model has a new id") {
  CHECK(ask("hello").at("id") != ask("hello").at("id"));
}

TEST_CASE_METHOD(OfflineFixture, "The first piece of an offline tool call names the call with empty arguments") {
  ask("2+2");
  REQUIRE(context.pieces.size() == 3);
  CHECK(context.pieces[0].at("tool_calls").at(0).at("name") == "calculator");
  CHECK(context.pieces[0].at("tool_calls").at(0).at("args") == json::object{});
}

TEST_CASE("An expression is found inside a sentence") {
  CHECK(find_expression("12 + 7, and then some") == "12 + 7");
  CHECK(find_expression("take 2 apples, 3*4 pears and min(1, 2) plums.") == "min(1, 2)");
  CHECK_FALSE(find_expression("I am 5 years old."));
  CHECK_FALSE(find_expression("-5"));
  CHECK_FALSE(find_expression("e - mail"));
  CHECK_FALSE(find_expression(""));
}
