#pragma once
// A task without an engine, for tests of nodes, tools and models.

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtime/node.h"

namespace heddle::test {

// What the engine keeps of a task between two executions of its node.
struct FakeTask {
  std::string id = "cd2ac8a9-f433-59ea-b2e4-698ada65226d";
  std::vector<runtime::json::value> answers;             // to questions, in the order in which they were asked
  std::map<std::string, runtime::json::value> finished;  // calls
  bool recorded = false;                                 // the node has waited for its checkpoint
};

// One execution of a node. Records what reaches the streams, one line each.
class FakeContext : public runtime::NodeContext {
 public:
  FakeContext(FakeTask& task, runtime::State state) : task_(task), state_(std::move(state)) {}

  const runtime::State& state() const override { return state_; }
  const runtime::Value& argument() const override { return argument_; }
  const runtime::RunConfig& config() const override { return run_config; }
  std::int64_t step() const override { return 1; }
  const std::string& node() const override { return node_; }
  const std::string& task_id() const override { return task_.id; }
  const std::string& checkpoint_ns() const override { return node_; }
  std::int64_t node_attempt() const override { return 1; }
  std::int64_t remaining_steps() const override { return 24; }
  runtime::ExecutionInfo execution_info() const override {
    return {{}, node_, task_.id, run_config.thread_id, run_config.run_id, 1, {}};
  }

  runtime::json::value interrupt(runtime::json::value question) override {
    const std::size_t number = asked_++;
    if (number < task_.answers.size()) return task_.answers[number];
    throw runtime::NodeInterrupted{{std::to_string(number), std::move(question)}};
  }
  void pass_interrupts(std::int64_t count) override { asked_ += static_cast<std::size_t>(count); }

  void heartbeat() override {}
  runtime::json::value previous() const override { return nullptr; }
  boost::asio::awaitable<runtime::json::value> call(const runtime::CalledTask&, runtime::json::value) override {
    throw std::logic_error("no task can be called here");
  }
  void write(runtime::json::value value) override { log.push_back("write " + runtime::to_text(value)); }
  runtime::Store* store() override { return nullptr; }
  boost::asio::awaitable<runtime::State> invoke(const runtime::CompiledGraph&, runtime::json::value) override {
    throw std::logic_error("no graph can be invoked here");
  }

  void model_started(const runtime::ModelCall& call, const runtime::ItemList&) override { model = call; }
  void model_piece(const runtime::ModelCall&, runtime::Message piece) override { pieces.push_back(std::move(piece)); }
  void model_ended(const runtime::ModelCall&, const runtime::Message& whole) override { ended.push_back(whole); }

  void tool_started(const std::string& id, const std::string& name, const runtime::json::value& arguments) override {
    log.push_back("start " + id + " " + name + " " + runtime::to_text(arguments));
  }
  void tool_wrote(const std::string& id, const std::string&, const runtime::json::value& data) override {
    log.push_back("piece " + id + " " + runtime::to_text(data));
  }
  void tool_ended(const std::string& id, const std::string&, const runtime::json::value& output) override {
    const bool has_id = runtime::find_member(output, "id") != nullptr;
    log.push_back("end " + id + (has_id ? " with id" : ""));
  }
  void tool_failed(const std::string& id, const std::string&, const std::string& error) override {
    log.push_back("fail " + id + " " + error);
  }

  std::optional<runtime::json::value> finished_call(const std::string& call_id) const override {
    const auto found = task_.finished.find(call_id);
    if (found == task_.finished.end()) return std::nullopt;
    return found->second;
  }
  void keep_finished_call(const std::string& call_id, runtime::json::value result) override {
    task_.finished.insert_or_assign(call_id, std::move(result));
  }
  boost::asio::awaitable<void> recorded() override {
    task_.recorded = true;
    co_return;
  }

  runtime::RunConfig run_config;
  std::vector<std::string> log;
  std::optional<runtime::ModelCall> model;
  std::vector<runtime::Message> pieces;
  std::vector<runtime::Message> ended;

 private:
  FakeTask& task_;
  runtime::State state_;
  runtime::Value argument_;
  std::string node_ = "tools";
  std::size_t asked_ = 0;
};

}  // namespace heddle::test
