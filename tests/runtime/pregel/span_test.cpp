#include <catch2/catch.hpp>
#include <map>
#include <stdexcept>

#include "runtime/message.h"
#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

struct SpanFixture : ThreadFixture {
  SpanFixture() {
    spans = [this](Span span) { seen.push_back(std::move(span)); };
  }

  const Span& named(const std::string& name) const {
    for (const Span& span : seen) {
      if (span.name == name) return span;
    }
    throw std::out_of_range("no span " + name);
  }
  std::string text() const {
    std::string all;
    for (const Span& span : seen) all += to_text(span.details) + span.name + span.error;
    return all;
  }

  std::vector<Span> seen;
};

ModelCall model_call() {
  return {"00000000-0000-4000-8000-000000000001", "Scripted", {{"ls_model_name", "scripted-1"}}, {}};
}

// Asks a model and calls a tool, each for a while.
auto busy(test::ManualClock& clock) {
  return [&clock](NodeContext& context) -> NodeResult {
    context.model_started(model_call(), {});
    clock.advance(std::chrono::milliseconds{30});
    Message whole = ai_message("secret words");
    whole["usage_metadata"] = {{"input_tokens", 3}, {"output_tokens", 4}, {"total_tokens", 7}};
    context.model_ended(model_call(), whole);
    context.tool_started("call-1", "look", json::value("secret words"));
    clock.advance(std::chrono::milliseconds{5});
    context.tool_ended("call-1", "look", json::value("secret words"));
    return Update{{"log", {"secret words"}}};
  };
}

}  // namespace

TEST_CASE_METHOD(SpanFixture, "A task has a span, and so have the model and the tool that it asked") {
  const Graph graph = StateGraph().append("log").node("a", busy(clock)).edge(kStart, "a").compile();
  const storage::Timestamp began = clock.now();
  input(graph, R"({"log": ["secret words"]})");
  REQUIRE(seen.size() == 3);
  const Span& task = named("a");
  CHECK(task.kind == SpanKind::task);
  CHECK(task.parent == 0);
  CHECK(task.end == SpanEnd::finished);
  CHECK(task.began == began);
  CHECK(task.ended - task.began == std::chrono::milliseconds{35});
  CHECK(task.details.at("step") == 1);
  CHECK(task.details.at("attempt") == 1);
  const Span& model = named("Scripted");
  CHECK(model.kind == SpanKind::model);
  CHECK(model.parent == task.id);
  CHECK(model.ended - model.began == std::chrono::milliseconds{30});
  CHECK(model.details.at("ls_model_name") == "scripted-1");
  CHECK(model.details.at("usage_metadata").at("total_tokens") == 7);
  const Span& tool = named("look");
  CHECK(tool.kind == SpanKind::tool);
  CHECK(tool.parent == task.id);
  CHECK(tool.details.at("tool_call_id") == "call-1");
  // What was said is in none of them.
  CHECK(text().find("secret") == std::string::npos);
}

TEST_CASE_METHOD(SpanFixture, "A failed attempt has a span of its own with the class of the error") {
  int calls = 0;
  auto moody = [&calls](NodeContext& context) -> NodeResult {
    context.model_started(model_call(), {});
    if (++calls == 1) throw std::runtime_error("secret words");
    context.model_ended(model_call(), ai_message("x"));
    return Update{};
  };
  NodeOptions options;
  options.retry = RetryPolicy{};
  options.retry->initial_interval = std::chrono::milliseconds{1};
  options.retry->jitter = false;
  options.retry->retry_on = [](const std::exception&) { return true; };
  const Graph graph = StateGraph().append("log").node("a", moody, options).edge(kStart, "a").compile();
  input(graph, R"({"log": []})");
  REQUIRE(seen.size() == 4);
  CHECK(seen[0].kind == SpanKind::model);
  CHECK(seen[0].end == SpanEnd::cut);
  CHECK(seen[1].name == "a");
  CHECK(seen[1].end == SpanEnd::failed);
  CHECK(seen[1].error == "Error");
  CHECK(seen[0].parent == seen[1].id);
  CHECK(seen[3].end == SpanEnd::finished);
  CHECK(seen[3].details.at("attempt") == 2);
  CHECK(seen[3].id != seen[1].id);
  CHECK(text().find("secret") == std::string::npos);
}

TEST_CASE_METHOD(SpanFixture, "Tasks of a graph inside belong to the task that runs it, and one that asks says so") {
  auto asking = [](NodeContext& context) -> NodeResult {
    context.interrupt("secret words");
    return Update{};
  };
  const Graph inner = StateGraph().append("log").node("ask", asking).edge(kStart, "ask").compile();
  const Graph outer = StateGraph().append("log").node("child", inner).edge(kStart, "child").compile();
  input(outer, R"({"log": []})");
  REQUIRE(seen.size() == 2);
  CHECK(named("ask").parent == named("child").id);
  CHECK(named("ask").end == SpanEnd::asked);
  CHECK(named("child").end == SpanEnd::asked);
}

TEST_CASE_METHOD(SpanFixture,
                 "Tasks of every graph that a node calls belong to it, also of one that is kept per thread") {
  const auto inner = [](const std::string& node, Persistence persistence) {
    CompileOptions options;
    options.persistence = persistence;
    const auto write = [node](const State&) { return Update{{"log", {node}}}; };
    return StateGraph(node + " graph").append("log").node(node, write).edge(kStart, node).compile(options);
  };
  const Graph first = inner("first", Persistence::per_run);
  const Graph second = inner("second", Persistence::per_run);
  const Graph kept = inner("kept", Persistence::per_thread);
  const auto calls = [&](NodeContext& context) -> boost::asio::awaitable<NodeResult> {
    for (const Graph& graph : {first, second, kept}) {
      auto calling = context.invoke(*graph, json::object{});
      co_await std::move(calling);
    }
    NodeResult result = Update{};
    co_return result;
  };
  const Graph outer = StateGraph().append("log").node("outer", calls).edge(kStart, "outer").compile();
  input(outer, R"({"log": []})");
  REQUIRE(seen.size() == 4);
  for (const char* name : {"first", "second", "kept"}) CHECK(named(name).parent == named("outer").id);
}

TEST_CASE_METHOD(SpanFixture, "Two calls of a tool may have one id, and a node whose handler stood in has finished") {
  int calls = 0;
  const auto moody = [&](NodeContext& context) -> NodeResult {
    if (++calls == 1) throw std::runtime_error("x");
    context.tool_started("same", "look", json::value());
    context.tool_started("same", "look", json::value());
    context.tool_ended("same", "look", json::value());
    context.tool_ended("same", "look", json::value());
    throw std::runtime_error("y");
  };
  NodeOptions options;
  options.retry = RetryPolicy{};
  options.retry->max_attempts = 2;
  options.retry->initial_interval = std::chrono::milliseconds{1};
  options.retry->jitter = false;
  options.retry->retry_on = [](const std::exception&) { return true; };
  options.on_error = [](NodeContext&, NodeFailure) -> boost::asio::awaitable<NodeResult> {
    NodeResult result = Update{{"log", {"handled"}}};
    co_return result;
  };
  const Graph graph = StateGraph().append("log").node("a", moody, options).edge(kStart, "a").compile();
  input(graph, R"({"log": []})");
  REQUIRE(seen.size() == 4);
  CHECK(seen[0].end == SpanEnd::failed);
  CHECK(seen[1].name == "look");
  CHECK(seen[1].end == SpanEnd::finished);
  CHECK(seen[2].end == SpanEnd::finished);
  CHECK(seen[3].end == SpanEnd::finished);  // its handler stood in
}

}  // namespace heddle::runtime
