#pragma once
// One fact of every kind, for the tests of the log and of the frames.

#include <string>
#include <vector>

#include "api/runs/fact.h"
#include "api/runs/frame_renderer.h"
#include "runtime/json.h"

namespace heddle::test {

inline storage::CheckpointId checkpoint_id(const std::string& last_digit) {
  return *storage::CheckpointId::parse("1f1e67b9-b7f1-6980-8000-2fe8f091edb" + last_digit);
}

inline std::shared_ptr<api::StreamShape> shape_with(std::initializer_list<api::StreamMode> modes,
                                                    bool subgraphs = false) {
  auto shape = std::make_shared<api::StreamShape>();
  shape->run_id = *storage::RunId::parse("01a2037e-48fd-71b5-8e44-d0fb80070177");
  shape->thread_id = *storage::ThreadId::parse("01a2037e-48fd-71b5-8e44-d0fb80070178");
  for (const api::StreamMode mode : modes) shape->modes.add(mode);
  shape->subgraphs = subgraphs;
  shape->graph_id = "chat";
  shape->assistant_id = "01a2037e-48fd-71b5-8e44-d0fb80070179";
  shape->metadata = {{"created_by", "system"}};
  return shape;
}

inline api::Fact fact_of(runtime::RunEvent event) {
  api::Fact fact;
  fact.time = storage::Timestamp{std::chrono::microseconds{1'700'000'000'000'001}};
  fact.what = std::move(event);
  return fact;
}

inline api::Fact custom_fact(const std::string& text) {
  return fact_of(runtime::CustomFact{"", boost::json::value(text)});
}

inline runtime::State state_of(const std::string& json_text) {
  return runtime::State::of(runtime::parse_json(json_text));
}

// `ns`: where they happen.
inline std::vector<api::Fact> one_of_each(const std::string& ns) {
  namespace json = boost::json;
  const auto metadata =
      std::make_shared<const json::object>(json::object{{"langgraph_node", "model"}, {"tags", json::array{}}});
  const runtime::Interrupt question{"0123456789abcdef0123456789abcdef", json::object{{"ask", "?"}}};
  std::vector<api::Fact> facts;
  api::Fact attempt;
  attempt.what = api::AttemptFact{1, 0};
  facts.push_back(attempt);
  runtime::CheckpointFact made;
  made.checkpoint_ns = ns;
  made.id = checkpoint_id("2");
  made.parent = checkpoint_id("1");
  made.metadata.source = runtime::CheckpointSource::input;
  made.metadata.step = -1;
  made.metadata.parents[""] = checkpoint_id("0");
  made.metadata.shared = std::make_shared<const json::object>(json::object{{"run_attempt", 1}, {"note", "kept"}});
  made.values = state_of(R"({"log":[1,2]})");
  made.next = {"model"};
  runtime::TaskView view;
  view.id = "task-1";
  view.name = "model";
  view.path = {"__pregel_pull", "model"};
  view.interrupts = {question};
  view.error = runtime::ErrorInfo{"TypeError", "boom"};
  view.result = json::object{{"log", json::array{3}}};
  view.subgraph_ns = "model:task-1";
  made.tasks = {view};
  facts.push_back(fact_of(made));
  facts.push_back(
      fact_of(runtime::ValuesFact{ns, state_of(R"({"messages":[{"type":"human","content":"hi","id":"h1"}]})"), {}}));
  facts.push_back(
      fact_of(runtime::TaskStartFact{ns, 1, "task-1", "model", state_of(R"({"n":1})"), {"branch:to:model"}}));
  facts.push_back(fact_of(
      runtime::TaskStartFact{ns, 1, "task-2", "sent", runtime::Value(json::value("argument")), {"__pregel_push"}}));
  for (const char* text : {"Hello", " world"}) {
    runtime::MessageFact piece;
    piece.checkpoint_ns = ns;
    piece.message = {{"type", "ai"},
                     {"id", "ai-2"},
                     {"content", text},
                     {"tool_call_chunks", json::array{}},
                     {"tool_calls", json::array{}},
                     {"invalid_tool_calls", json::array{}},
                     {"additional_kwargs", json::object{}},
                     {"response_metadata", json::object{}}};
    piece.metadata = metadata;
    piece.piece = true;
    facts.push_back(fact_of(piece));
  }
  facts.push_back(fact_of(runtime::CustomFact{ns, json::array{"a", nullptr}}));
  facts.push_back(fact_of(runtime::ToolFact{ns, "on_tool_start", "call-1", "add", {{"input", "{}"}}}));
  facts.push_back(fact_of(runtime::TraceFact{"on_chain_start", "model", "run-1", {"t"}, metadata, {{"input", 1}}}));
  facts.push_back(fact_of(runtime::UpdateFact{ns, "model", json::object{{"log", json::array{3}}}, true}));
  facts.push_back(fact_of(runtime::TaskEndFact{
      ns, 1, "task-1", "model", json::object{{"log", json::array{3}}}, {question}, runtime::ErrorInfo{"Error", "no"}}));
  facts.push_back(fact_of(runtime::InterruptFact{ns, {question}}));
  api::Fact failure;
  failure.what = api::FailureFact{{"Error", "kaboom"}};
  facts.push_back(failure);
  return facts;
}

inline std::string rendered(std::shared_ptr<const api::StreamShape> shape, const std::vector<api::Fact>& facts) {
  api::FrameRenderer renderer(std::move(shape));
  std::vector<api::FramePointer> frames;
  for (const api::Fact& fact : facts) renderer.render(fact, frames);
  std::string bytes;
  for (const api::FramePointer& frame : frames) bytes += frame->bytes;
  return bytes;
}

}  // namespace heddle::test
