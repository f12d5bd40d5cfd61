#include "api/telemetry/otlp.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <utility>

#include "api/version.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using runtime::Span;
using runtime::SpanEnd;
using runtime::SpanKind;

// Numbers of SpanKind and Status.StatusCode in OTLP.
constexpr int kInternal = 1;
constexpr int kClient = 3;
constexpr int kFailed = 2;

std::string hex(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; number >>= 4) text[i] = kDigits[number & 15];
  return text;
}

std::string trace_id(storage::RunId run_id) {
  std::string text = run_id.text();
  std::erase(text, '-');
  return text;
}

// Every bit of `number` changes half of the result's (the finaliser of splitmix64), so that ids of different runs do
// not meet though their spans are counted from 1.
std::uint64_t mixed(std::uint64_t number) {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31);
}

std::string span_id(const RunTrace& trace, std::uint64_t id) {
  std::uint64_t of_run = 0;
  for (const char c : trace.run_id.text()) of_run = of_run * 31 + static_cast<unsigned char>(c);
  const std::uint64_t made = mixed(of_run ^ mixed((static_cast<std::uint64_t>(trace.attempt) << 40) + id));
  return hex(made == 0 ? 1 : made);  // none is forbidden
}

std::string nanoseconds(storage::Timestamp time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

class Attributes {
 public:
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) add(key, "stringValue", value);
  }
  // 64-bit integers are texts in the JSON form.
  void number(std::string_view key, std::int64_t value) { add(key, "intValue", std::to_string(value)); }
  void number(std::string_view key, const json::value* value) {
    if (value != nullptr && value->is_int64()) number(key, value->get_int64());
  }
  json::array take() { return std::move(list_); }

 private:
  void add(std::string_view key, std::string_view kind, std::string_view value) {
    list_.push_back(json::object{{"key", key}, {"value", json::object{{kind, value}}}});
  }
  json::array list_;
};

json::object span_json(const RunTrace& trace, std::uint64_t id, std::string name, int kind, storage::Timestamp began,
                       storage::Timestamp ended) {
  return {{"traceId", trace_id(trace.run_id)},
          {"spanId", span_id(trace, id)},
          {"name", std::move(name)},
          {"kind", kind},
          {"startTimeUnixNano", nanoseconds(began)},
          {"endTimeUnixNano", nanoseconds(ended)}};
}

json::object root_json(const RunTrace& trace) {
  json::object root = span_json(trace, 0, "invoke_agent " + trace.graph_id, kInternal, trace.began, trace.ended);
  Attributes attributes;
  attributes.text("gen_ai.operation.name", "invoke_agent");
  attributes.text("gen_ai.agent.name", trace.graph_id);
  attributes.text("gen_ai.agent.id", trace.assistant_id.text());
  attributes.text("gen_ai.conversation.id", trace.thread_id.text());
  attributes.text("heddle.run.id", trace.run_id.text());
  attributes.number("heddle.run.attempt", trace.attempt);
  attributes.text("heddle.run.status", trace.status);
  attributes.text("error.type", trace.error);
  if (trace.left_out > 0) attributes.number("heddle.spans_left_out", static_cast<std::int64_t>(trace.left_out));
  root["attributes"] = attributes.take();
  root["status"] = trace.error.empty() ? json::object{} : json::object{{"code", kFailed}};
  return root;
}

std::string_view end_name(SpanEnd end) {
  switch (end) {
    case SpanEnd::finished:
      return "finished";
    case SpanEnd::asked:
      return "asked";
    case SpanEnd::failed:
      return "failed";
    case SpanEnd::cut:
      return "cut";
  }
  return "";
}

std::string_view text_in(const json::object& details, std::string_view key) {
  const json::value* found = details.if_contains(key);
  return found != nullptr && found->is_string() ? std::string_view(found->get_string()) : std::string_view();
}

// The name of the span; `attributes` are those of its kind.
std::string describe(const Span& span, Attributes& attributes) {
  if (span.kind == SpanKind::model) {
    const std::string model(text_in(span.details, "ls_model_name"));
    attributes.text("gen_ai.operation.name", "chat");
    attributes.text("gen_ai.provider.name", text_in(span.details, "ls_provider"));
    attributes.text("gen_ai.request.model", model);
    if (const json::value* usage = span.details.if_contains("usage_metadata"); usage && usage->is_object()) {
      attributes.number("gen_ai.usage.input_tokens", usage->get_object().if_contains("input_tokens"));
      attributes.number("gen_ai.usage.output_tokens", usage->get_object().if_contains("output_tokens"));
    }
    return model.empty() ? "chat" : "chat " + model;
  }
  if (span.kind == SpanKind::tool) {
    attributes.text("gen_ai.operation.name", "execute_tool");
    attributes.text("gen_ai.tool.name", span.name);
    attributes.text("gen_ai.tool.call.id", text_in(span.details, "tool_call_id"));
    return "execute_tool " + span.name;
  }
  attributes.text("langgraph.node", span.name);
  attributes.text("langgraph.checkpoint_ns", text_in(span.details, "checkpoint_ns"));
  attributes.number("langgraph.step", span.details.if_contains("step"));
  attributes.number("heddle.node.attempt", span.details.if_contains("attempt"));
  return span.name;
}

json::object child_json(const RunTrace& trace, const Span& span) {
  Attributes attributes;
  std::string name = describe(span, attributes);
  const int kind = span.kind == SpanKind::model ? kClient : kInternal;
  json::object child = span_json(trace, span.id, std::move(name), kind, span.began, span.ended);
  child["parentSpanId"] = span_id(trace, span.parent);
  attributes.text("heddle.end", end_name(span.end));
  attributes.text("error.type", span.error);
  child["attributes"] = attributes.take();
  child["status"] = span.end == SpanEnd::failed ? json::object{{"code", kFailed}} : json::object{};
  return child;
}

}  // namespace

std::string otlp_request(const std::vector<const RunTrace*>& traces, std::string_view service_name) {
  json::array spans;
  for (const RunTrace* trace : traces) {
    spans.push_back(root_json(*trace));
    for (const Span& span : trace->spans) spans.push_back(child_json(*trace, span));
  }
  Attributes resource;
  resource.text("service.name", service_name);
  resource.text("service.version", version());
  json::object of_scope{{"scope", {{"name", "heddle"}, {"version", version()}}}, {"spans", std::move(spans)}};
  json::object of_resource{{"resource", {{"attributes", resource.take()}}},
                           {"scopeSpans", json::array{std::move(of_scope)}}};
  return runtime::to_text(json::object{{"resourceSpans", json::array{std::move(of_resource)}}});
}

}  // namespace heddle::api
