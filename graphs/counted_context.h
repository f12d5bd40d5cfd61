#pragma once
// The context of a tool call: that of its node, with the questions of this call counted.

#include <cstdint>
#include <string>
#include <utility>

#include "runtime/node.h"

namespace heddle::graphs {

// Passes everything on to `node`, which outlives it. Finished calls that are kept through it are kept under
// `prefix`, so that an agent inside a tool does not meet the calls of the agent around it.
class CountedContext final : public runtime::NodeContext {
 public:
  CountedContext(runtime::NodeContext& node, std::string prefix) : node_(node), prefix_(std::move(prefix)) {}

  // Questions of this call that have been answered.
  std::int64_t interrupts_used() const { return used_; }

  const runtime::State& state() const override { return node_.state(); }
  const runtime::Value& argument() const override { return node_.argument(); }
  const runtime::RunConfig& config() const override { return node_.config(); }
  std::int64_t step() const override { return node_.step(); }
  const std::string& node() const override { return node_.node(); }
  const std::string& task_id() const override { return node_.task_id(); }
  const std::string& checkpoint_ns() const override { return node_.checkpoint_ns(); }
  std::int64_t node_attempt() const override { return node_.node_attempt(); }
  std::int64_t remaining_steps() const override { return node_.remaining_steps(); }
  runtime::ExecutionInfo execution_info() const override { return node_.execution_info(); }
  runtime::json::value interrupt(runtime::json::value question) override;
  void pass_interrupts(std::int64_t count) override;
  void heartbeat() override { node_.heartbeat(); }
  runtime::json::value previous() const override { return node_.previous(); }
  boost::asio::awaitable<runtime::json::value> call(const runtime::CalledTask& task,
                                                    runtime::json::value input) override {
    return node_.call(task, std::move(input));
  }
  void write(runtime::json::value value) override { node_.write(std::move(value)); }
  runtime::Store* store() override { return node_.store(); }
  boost::asio::awaitable<runtime::State> invoke(const runtime::CompiledGraph& graph,
                                                runtime::json::value input) override {
    return node_.invoke(graph, std::move(input));
  }
  void model_started(const runtime::ModelCall& call, const runtime::ItemList& messages) override {
    node_.model_started(call, messages);
  }
  void model_piece(const runtime::ModelCall& call, runtime::Message piece) override {
    node_.model_piece(call, std::move(piece));
  }
  void model_ended(const runtime::ModelCall& call, const runtime::Message& whole) override {
    node_.model_ended(call, whole);
  }
  void tool_started(const std::string& tool_call_id, const std::string& name,
                    const runtime::json::value& arguments) override {
    node_.tool_started(tool_call_id, name, arguments);
  }
  void tool_wrote(const std::string& tool_call_id, const std::string& name, const runtime::json::value& data) override {
    node_.tool_wrote(tool_call_id, name, data);
  }
  void tool_ended(const std::string& tool_call_id, const std::string& name,
                  const runtime::json::value& output) override {
    node_.tool_ended(tool_call_id, name, output);
  }
  void tool_failed(const std::string& tool_call_id, const std::string& name, const std::string& error) override {
    node_.tool_failed(tool_call_id, name, error);
  }
  std::optional<runtime::json::value> finished_call(const std::string& call_id) const override {
    return node_.finished_call(prefix_ + call_id);
  }
  void keep_finished_call(const std::string& call_id, runtime::json::value result) override {
    node_.keep_finished_call(prefix_ + call_id, std::move(result));
  }
  boost::asio::awaitable<void> recorded() override { return node_.recorded(); }

 private:
  runtime::NodeContext& node_;
  std::string prefix_;
  std::int64_t used_ = 0;
};

}  // namespace heddle::graphs
