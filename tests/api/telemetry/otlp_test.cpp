#include "api/telemetry/otlp.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>

#include "runtime/json.h"
#include "runtime/uuid.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using runtime::Span;
using runtime::SpanEnd;
using runtime::SpanKind;

RunTrace a_trace() {
  RunTrace trace;
  trace.run_id = *storage::RunId::parse("01a2e1aa-0000-7000-8000-00000000000b");
  trace.thread_id = *storage::ThreadId::parse("01a2e1aa-0000-7000-8000-00000000000c");
  trace.graph_id = "agent";
  trace.began = storage::Timestamp{std::chrono::sys_days{std::chrono::year{2026} / 11 / 26}};
  trace.ended = trace.began + std::chrono::milliseconds{1500};
  trace.status = "success";
  Span task;
  task.id = 1;
  task.name = "tools";
  task.began = trace.began;
  task.ended = trace.ended;
  task.details = {{"step", 2}, {"attempt", 1}, {"checkpoint_ns", "tools:x"}};
  Span tool = task;
  tool.kind = SpanKind::tool;
  tool.id = 2;
  tool.parent = 1;
  tool.name = "search_gmail";
  tool.end = SpanEnd::failed;
  tool.details = {{"tool_call_id", "call-1"}};
  Span model = tool;
  model.kind = SpanKind::model;
  model.id = 3;
  model.end = SpanEnd::finished;
  model.details = {{"ls_provider", "openai"},
                   {"ls_model_name", "gpt-4o"},
                   {"usage_metadata", {{"input_tokens", 7}, {"output_tokens", 5}}}};
  trace.spans = {tool, model, task};
  return trace;
}

json::array spans_of(const std::vector<const RunTrace*>& traces) {
  const json::value request = runtime::parse_json(otlp_request(traces, "mine"));
  return request.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").as_array();
}

json::value attribute(const json::value& holder, std::string_view key) {
  for (const json::value& attribute : holder.at("attributes").as_array()) {
    if (attribute.at("key").as_string() == key) return attribute.at("value");
  }
  return nullptr;
}

}  // namespace

TEST_CASE("A run is a trace of its own, and what it did hangs below it") {
  const RunTrace trace = a_trace();
  const json::array spans = spans_of({&trace});
  REQUIRE(spans.size() == 4);
  const json::value& root = spans[0];
  CHECK(root.at("name") == "invoke_agent agent");
  CHECK_FALSE(root.as_object().contains("parentSpanId"));
  CHECK(root.at("startTimeUnixNano") == "1795651200000000000");
  CHECK(root.at("endTimeUnixNano") == "1795651201500000000");
  CHECK(attribute(root, "gen_ai.operation.name").at("stringValue") == "invoke_agent");
  CHECK(attribute(root, "gen_ai.conversation.id").at("stringValue") == json::value(trace.thread_id.text()));
  std::set<std::string> ids;
  for (const json::value& span : spans) {
    CHECK(span.at("traceId") == "01a2e1aa00007000800000000000000b");
    CHECK(span.at("spanId").as_string().size() == 16);
    ids.emplace(span.at("spanId").as_string());
  }
  CHECK(ids.size() == 4);
  const json::value& task = spans[3];
  CHECK(task.at("parentSpanId") == root.at("spanId"));
  CHECK(spans[1].at("parentSpanId") == task.at("spanId"));
  CHECK(attribute(task, "langgraph.step").at("intValue") == "2");
}

TEST_CASE("Models and tools have the names of the conventions") {
  const RunTrace trace = a_trace();
  const json::array spans = spans_of({&trace});
  const json::value& tool = spans[1];
  CHECK(tool.at("name") == "execute_tool search_gmail");
  CHECK(tool.at("kind") == 1);
  CHECK(tool.at("status").at("code") == 2);
  CHECK(attribute(tool, "gen_ai.tool.call.id").at("stringValue") == "call-1");
  const json::value& model = spans[2];
  CHECK(model.at("name") == "chat gpt-4o");
  CHECK(model.at("kind") == 3);
  CHECK(model.at("status") == json::object{});
  CHECK(attribute(model, "gen_ai.provider.name").at("stringValue") == "openai");
  CHECK(attribute(model, "gen_ai.usage.input_tokens").at("intValue") == "7");
  CHECK(attribute(model, "gen_ai.usage.output_tokens").at("intValue") == "5");
}

TEST_CASE("Another attempt at a run is another root in the same trace") {
  const RunTrace first = a_trace();
  RunTrace second = a_trace();
  second.attempt = 2;
  second.error = "CredentialsLost";
  const json::array spans = spans_of({&first, &second});
  REQUIRE(spans.size() == 8);
  CHECK(spans[0].at("traceId") == spans[4].at("traceId"));
  std::set<std::string> ids;
  for (const json::value& span : spans) ids.emplace(span.at("spanId").as_string());
  CHECK(ids.size() == 8);
  CHECK(attribute(spans[4], "error.type").at("stringValue") == "CredentialsLost");
}

}  // namespace heddle::api
