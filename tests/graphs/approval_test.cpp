#include "graphs/approval.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "runtime/json.h"
#include "tests/graphs/fake_context.h"
#include "tests/support/run.h"

using namespace heddle;
using namespace heddle::graphs;
using heddle::test::FakeContext;
using heddle::test::FakeTask;

namespace {

// A tool that counts and repeats what it was given.
struct ApprovalFixture {
  int made = 0;
  FakeTask task;
  ToolPointer inner = make_tool({"pay", "Pays.", parameters({{"sum", {{"type", "number"}}}})},
                                [this](ToolContext&, const json::object& arguments) -> ToolResult {
                                  ++made;
                                  return "paid " + runtime::to_text(arguments);
                                });

  boost::asio::awaitable<std::string> calling(ToolContext& context, ToolPointer tool) {
    json::object arguments{{"sum", 5}};
    ToolResult result = co_await tool->call(context, std::move(arguments));
    ToolResult::Kind kind = std::move(result).take();
    if (const ToolMessage* whole = std::get_if<ToolMessage>(&kind)) co_return runtime::to_text(whole->message);
    co_return std::string(std::get<json::value>(kind).as_string());
  }
  std::string call(const ToolPointer& tool) {
    boost::asio::io_context io;
    FakeContext node(task, runtime::State());
    ToolContext context(node, "pay", "c1", "key");
    try {
      return test::run(io, calling(context, tool));
    } catch (const runtime::NodeInterrupted& asked) {
      return "asks " + runtime::to_text(asked.interrupt.value);
    } catch (const std::exception& error) {
      return std::string("fails ") + error.what();
    }
  }
  std::string answered(const std::string& answer) {
    task.answers = {runtime::parse_json(answer)};
    return call(with_approval(inner));
  }
};

}  // namespace

TEST_CASE_METHOD(ApprovalFixture, "A tool behind a question looks the same and asks before it acts") {
  const ToolPointer tool = with_approval(inner);
  CHECK(tool->declaration().name == "pay");
  CHECK(tool->declaration().parameters == inner->declaration().parameters);
  CHECK(call(tool) == R"(asks {"actionRequests":[{"name":"pay","args":{"sum":5},"description":)"
                      R"("Tool execution requires approval\n\nTool: pay\nArgs: {\n  \"sum\": 5\n}"}],)"
                      R"("reviewConfigs":[{"actionName":"pay","allowedDecisions":["approve","edit","reject"]}]})");
  CHECK(made == 0);
}

TEST_CASE_METHOD(ApprovalFixture, "An approved call is made as it is") {
  CHECK(answered(R"({"decisions":[{"type":"approve"}]})") == R"(paid {"sum":5})");
  CHECK(made == 1);
}

TEST_CASE_METHOD(ApprovalFixture, "An edited call is made with the human's arguments, and the model is told") {
  const std::string expected = "paid {\"sum\":3}\nThe user changed the arguments before: {\"sum\":3}";
  CHECK(answered(R"({"decisions":[{"type":"edit","editedAction":{"name":"pay","args":{"sum":3}}}]})") == expected);
  CHECK(answered(R"({"decisions":[{"type":"edit","edited_action":{"args":{"sum":3}}}]})") == expected);
  CHECK(made == 2);
}

TEST_CASE_METHOD(ApprovalFixture, "A rejected call is answered with an error and not made") {
  const json::value answer = runtime::parse_json(answered(R"({"decisions":[{"type":"reject","message":"too much"}]})"));
  CHECK(answer.at("content") == "too much");
  CHECK(answer.at("tool_call_id") == "c1");
  CHECK(answer.at("status") == "error");
  CHECK(answered(R"({"decisions":[{"type":"reject"}]})").find("User rejected the tool call for `pay` with id c1") !=
        std::string::npos);
  CHECK(made == 0);
}

TEST_CASE_METHOD(ApprovalFixture, "An answer that is no decision fails the call, and nothing is done") {
  for (const char* answer :
       {"null", "true", "\"yes\"", "[]", "{}", R"({"decisions":"approve"})", R"({"decisions":[]})"}) {
    CHECK(answered(answer) == "fails Number of human decisions (0) does not match number of hanging tool calls (1).");
  }
  CHECK(answered(R"({"decisions":[{"type":"approve"},{"type":"approve"}]})") ==
        "fails Number of human decisions (2) does not match number of hanging tool calls (1).");
  for (const char* decision : {"{}", "null", "7", R"({"type":"accept"})", R"({"type":true})", R"({"type":"edit"})",
                               R"({"type":"edit","editedAction":7})", R"({"type":"edit","editedAction":{"args":[]}})",
                               R"({"type":"edit","editedAction":{"name":"steal","args":{"sum":3}}})"}) {
    CHECK(
        answered(R"({"decisions":[)" + std::string(decision) + "]}").starts_with("fails Unexpected human decision: "));
  }
  CHECK(answered(R"({"decisions":[{"type":"edit","editedAction":{"name":"pay","args":{"sum":"3"}}}]})")
            .starts_with("fails Received tool input did not match expected schema"));
  CHECK(made == 0);
}

TEST_CASE_METHOD(ApprovalFixture, "What has to be settled before comes before the question") {
  ApprovalOptions options;
  options.before = [](ToolContext&) -> boost::asio::awaitable<void> { throw std::runtime_error("not yet"); };
  CHECK(call(with_approval(inner, options)) == "fails not yet");
}
