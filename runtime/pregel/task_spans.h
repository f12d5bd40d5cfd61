#pragma once
// The spans of one attempt of a task: its own, and those of the models and tools that it asked.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "runtime/node.h"
#include "runtime/pregel/run_scope.h"
#include "runtime/span.h"

namespace heddle::runtime {

// Belongs to the attempt: its destruction ends the spans that are open, as the task's state says.
class TaskSpans {
 public:
  // Null pointer if nobody wants spans. Both outlive the result. `attempt`: from 1.
  static std::unique_ptr<TaskSpans> begin(SuperstepScope& superstep, Task& task, std::int64_t attempt);
  TaskSpans(SuperstepScope& superstep, Task& task, std::int64_t attempt);
  ~TaskSpans();
  TaskSpans(const TaskSpans&) = delete;
  TaskSpans& operator=(const TaskSpans&) = delete;

  void model_began(const ModelCall& call);
  void model_ended(const ModelCall& call, const Message& whole);
  void tool_began(const std::string& tool_call_id, const std::string& name);
  void tool_ended(const std::string& tool_call_id, SpanEnd end);

 private:
  Span open(SpanKind kind, std::string name, std::uint64_t parent);
  void close(Span span, SpanEnd end);

  SuperstepScope& superstep_;
  Task& task_;
  Span own_;
  std::map<std::string, Span> models_;      // by run id of the call
  std::multimap<std::string, Span> tools_;  // by id of the tool call, which a model may use twice
};

// While a task runs a graph: lets the graph's tasks find the span of that task. The namespace of a graph need not be
// the one of its task.
class GraphSpan {
 public:
  GraphSpan(RunScope& run, const Task& task, const std::string& checkpoint_ns);
  ~GraphSpan();
  GraphSpan(const GraphSpan&) = delete;
  GraphSpan& operator=(const GraphSpan&) = delete;

 private:
  RunScope& run_;
  std::optional<std::string> added_;  // to open_spans
};

}  // namespace heddle::runtime
