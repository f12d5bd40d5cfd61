#include "runtime/pregel/task_spans.h"

#include <utility>

#include "runtime/json.h"

namespace heddle::runtime {

std::unique_ptr<TaskSpans> TaskSpans::begin(SuperstepScope& superstep, Task& task, std::int64_t attempt) {
  if (!superstep.run.services.spans) return nullptr;
  return std::make_unique<TaskSpans>(superstep, task, attempt);
}

TaskSpans::TaskSpans(SuperstepScope& superstep, Task& task, std::int64_t attempt) : superstep_(superstep), task_(task) {
  identify(superstep, task);
  auto& open_tasks = superstep.run.open_spans;
  const auto enclosing = open_tasks.find(superstep.checkpoint_ns);
  own_ = open(SpanKind::task, superstep.plan.nodes[task.planned.node].name,
              enclosing == open_tasks.end() ? 0 : enclosing->second);
  own_.details = {{"step", superstep.step}, {"attempt", attempt}, {"checkpoint_ns", task.node_ns}};
  open_tasks[task.node_ns] = own_.id;
}

TaskSpans::~TaskSpans() {
  superstep_.run.open_spans.erase(task_.node_ns);
  for (auto& [id, span] : models_) close(std::move(span), SpanEnd::cut);
  for (auto& [id, span] : tools_) close(std::move(span), SpanEnd::cut);
  SpanEnd end = SpanEnd::cut;
  if (task_.end == TaskEnd::finished || task_.end == TaskEnd::to_parent) {
    end = SpanEnd::finished;
  } else if (task_.end == TaskEnd::asked) {
    end = SpanEnd::asked;
  } else if (task_.end == TaskEnd::cancelled || task_.end == TaskEnd::drained) {
    end = SpanEnd::cut;
  } else if (task_.record.error) {  // also of an attempt that is followed by another one
    end = SpanEnd::failed;
    own_.error = task_.record.error->name;
  }
  close(std::move(own_), end);
}

Span TaskSpans::open(SpanKind kind, std::string name, std::uint64_t parent) {
  Span span;
  span.kind = kind;
  span.id = ++superstep_.run.last_span;
  span.parent = parent;
  span.name = std::move(name);
  span.began = superstep_.run.services.clock.now();
  return span;
}

void TaskSpans::close(Span span, SpanEnd end) {
  span.ended = superstep_.run.services.clock.now();
  span.end = end;
  superstep_.run.services.spans(std::move(span));
}

void TaskSpans::model_began(const ModelCall& call) {
  Span span = open(SpanKind::model, call.class_name, own_.id);
  span.details = call.ls_metadata;
  models_.insert_or_assign(call.run_id, std::move(span));
}

void TaskSpans::model_ended(const ModelCall& call, const Message& whole) {
  auto found = models_.extract(call.run_id);
  if (found.empty()) return;
  Span span = std::move(found.mapped());
  if (const json::value* usage = whole.if_contains("usage_metadata")) span.details["usage_metadata"] = *usage;
  close(std::move(span), SpanEnd::finished);
}

void TaskSpans::tool_began(const std::string& tool_call_id, const std::string& name) {
  Span span = open(SpanKind::tool, name, own_.id);
  span.details = {{"tool_call_id", tool_call_id}};
  tools_.emplace(tool_call_id, std::move(span));
}

void TaskSpans::tool_ended(const std::string& tool_call_id, SpanEnd end) {
  auto found = tools_.extract(tool_call_id);
  if (!found.empty()) close(std::move(found.mapped()), end);
}

GraphSpan::GraphSpan(RunScope& run, const Task& task, const std::string& checkpoint_ns) : run_(run) {
  const auto span = run_.open_spans.find(task.node_ns);
  if (span == run_.open_spans.end()) return;
  if (run_.open_spans.emplace(checkpoint_ns, span->second).second) added_ = checkpoint_ns;
}

GraphSpan::~GraphSpan() {
  if (added_) run_.open_spans.erase(*added_);
}

}  // namespace heddle::runtime
