#pragma once
// The way from a running node to its run: what NodeContext promises.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "runtime/node.h"
#include "runtime/pregel/run_scope.h"
#include "runtime/pregel/task_spans.h"
#include "runtime/pregel/task_stream.h"

namespace heddle::runtime {

// Belongs to one attempt of a task.
class TaskContext final : public NodeContext {
 public:
  // Both outlive this object. `attempt`: from 1.
  TaskContext(SuperstepScope& superstep, Task& task, std::int64_t attempt)
      : superstep_(superstep),
        task_(task),
        attempt_(attempt),
        is_first_(attempt == 1),
        stream_(superstep, task),
        spans_(TaskSpans::begin(superstep, task, attempt)) {
    if (!task.begun) task.begun = superstep.run.services.clock.now();
  }
  // For the error handler of a node that failed in an earlier run; it goes on counting where the node ended.
  TaskContext(SuperstepScope& superstep, Task& task, const HandledFailure& failure)
      : TaskContext(superstep, task, failure.attempt) {
    is_first_ = true;
    questions_ = failure.questions;
    subgraphs_ = failure.subgraphs;
  }
  TaskContext(const TaskContext&) = delete;
  TaskContext& operator=(const TaskContext&) = delete;

  TaskStream& stream() { return stream_; }
  // Precondition: this attempt failed.
  HandledFailure failure() const { return {node(), *task_.record.error, attempt_, questions_, subgraphs_}; }
  // Runs a graph below this task; the second and further ones get numbered namespaces.
  boost::asio::awaitable<State> run_subgraph(const CompiledGraph& graph, State input);
  // Precondition: there was a heartbeat.
  std::chrono::steady_clock::time_point last_progress() const { return last_progress_; }

  const State& state() const override { return task_.input; }
  const Value& argument() const override;
  const RunConfig& config() const override { return *superstep_.run.config; }
  std::int64_t step() const override { return superstep_.step; }
  const std::string& node() const override { return superstep_.plan.nodes[task_.planned.node].name; }
  const std::string& task_id() const override;
  const std::string& checkpoint_ns() const override;
  std::int64_t node_attempt() const override { return attempt_; }
  std::int64_t remaining_steps() const override { return superstep_.stop - superstep_.step; }

  ExecutionInfo execution_info() const override;

  json::value interrupt(json::value question) override;
  void pass_interrupts(std::int64_t count) override { questions_ += count; }
  void heartbeat() override { last_progress_ = std::chrono::steady_clock::now(); }
  void write(json::value value) override { progress().custom(std::move(value)); }
  Store* store() override { return superstep_.run.services.store; }
  boost::asio::awaitable<State> invoke(const CompiledGraph& graph, json::value input) override;
  json::value previous() const override;
  boost::asio::awaitable<json::value> call(const CalledTask& task, json::value input) override;

  void model_started(const ModelCall& call, const ItemList& messages) override {
    if (spans_) spans_->model_began(call);
    progress().model_started(call, messages);
  }
  void model_piece(const ModelCall& call, Message piece) override { progress().model_piece(call, std::move(piece)); }
  void model_ended(const ModelCall& call, const Message& whole) override {
    if (spans_) spans_->model_ended(call, whole);
    progress().model_ended(call, whole);
  }
  void tool_started(const std::string& tool_call_id, const std::string& name, const json::value& arguments) override {
    if (spans_) spans_->tool_began(tool_call_id, name);
    progress().tool_started(tool_call_id, name, arguments);
  }
  void tool_wrote(const std::string& tool_call_id, const std::string& name, const json::value& data) override {
    progress().tool_wrote(tool_call_id, name, data);
  }
  void tool_ended(const std::string& tool_call_id, const std::string& name, const json::value& output) override {
    if (spans_) spans_->tool_ended(tool_call_id, SpanEnd::finished);
    progress().tool_ended(tool_call_id, name, output);
  }
  void tool_failed(const std::string& tool_call_id, const std::string& name, const std::string& error) override {
    if (spans_) spans_->tool_ended(tool_call_id, SpanEnd::failed);
    progress().tool_failed(tool_call_id, name, error);
  }

  std::optional<json::value> finished_call(const std::string& call_id) const override;
  void keep_finished_call(const std::string& call_id, json::value result) override;
  boost::asio::awaitable<void> recorded() override;

 private:
  TaskStream& progress() {
    heartbeat();
    return stream_;
  }

  SuperstepScope& superstep_;
  Task& task_;
  std::int64_t attempt_;
  bool is_first_;  // execution of the task in this run
  TaskStream stream_;
  std::unique_ptr<TaskSpans> spans_;
  std::int64_t questions_ = 0;                             // asked or passed over so far
  std::int64_t subgraphs_ = 0;                             // started so far
  std::int64_t calls_ = 0;                                 // of tasks of a workflow, so far
  std::chrono::steady_clock::time_point last_progress_{};  // begins with the first heartbeat
  mutable std::optional<Value> argument_;
  mutable std::string task_id_;
};

}  // namespace heddle::runtime
