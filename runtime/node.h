#pragma once
// What a node is given and what it may return.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/command.h"
#include "runtime/message.h"
#include "runtime/run_config.h"
#include "runtime/state.h"
#include "runtime/store.h"
#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::runtime {

class CompiledGraph;
struct CalledTask;

// Writes by key: Update{{"text", "x"}, {"log", {"first"}}, {"count", 1}}.
using Update = json::object;

// Nothing, writes, a Command, Sends, or a list of these (runtime.md 4.3).
class NodeResult {
 public:
  using Part = std::variant<Update, Command>;
  NodeResult() = default;                                                   // writes nothing
  NodeResult(Update update) { parts_.emplace_back(std::move(update)); }     // NOLINT: implicit by intent
  NodeResult(Command command) { parts_.emplace_back(std::move(command)); }  // NOLINT
  NodeResult(std::vector<Part> parts) : parts_(std::move(parts)) {}         // NOLINT
  const std::vector<Part>& parts() const { return parts_; }
  std::vector<Part> take() && { return std::move(parts_); }

 private:
  std::vector<Part> parts_;
};

// Leaves a node that asks; only the engine catches it. Code in nodes and tools that catches
// std::exception does not stop it, because it is none.
struct NodeInterrupted {
  Interrupt interrupt;
};

// One call of a chat model inside a node, for streams.
struct ModelCall {
  std::string run_id;             // a UUID of its own
  std::string class_name;         // name in `events`
  json::object ls_metadata;       // ls_provider, ls_model_name, ls_model_type, ...
  std::vector<std::string> tags;  // `nostream` or `langsmith:nostream` keep its pieces off the streams
};

// Which execution of which task this is (runtime.md 14).
struct ExecutionInfo {
  storage::CheckpointId checkpoint_id;  // the one that the task stands on
  std::string checkpoint_ns;            // of the task
  std::string task_id;
  std::optional<storage::ThreadId> thread_id;
  std::optional<storage::RunId> run_id;
  std::int64_t node_attempt = 1;
  storage::Timestamp first_attempt_at;  // in this run
};

// The way from a task to its run. Valid while the task runs; belongs to the run's executor.
class NodeContext {
 public:
  virtual ~NodeContext() = default;

  virtual const State& state() const = 0;     // of a task made by Send: the members of its argument
  virtual const Value& argument() const = 0;  // the argument of the Send; the state as one object otherwise
  virtual const RunConfig& config() const = 0;
  virtual std::int64_t step() const = 0;
  virtual const std::string& node() const = 0;
  virtual const std::string& task_id() const = 0;
  virtual const std::string& checkpoint_ns() const = 0;  // "node:task", with the enclosing ones in front
  virtual std::int64_t node_attempt() const = 0;         // from 1
  virtual std::int64_t remaining_steps() const = 0;      // runtime.md 14
  bool is_last_step() const { return remaining_steps() == 1; }
  virtual ExecutionInfo execution_info() const = 0;

  // The answer to this question, if there is one; otherwise ends the task by throwing NodeInterrupted. The node runs
  // from its beginning when the answer comes (runtime.md 7.1). Throws GraphError without a checkpointer.
  virtual json::value interrupt(json::value question) = 0;
  // Counts `count` questions as asked and answered: those of a finished call that is not made again, so that
  // the questions of other calls keep their numbers.
  virtual void pass_interrupts(std::int64_t count) = 0;

  // Says that the node is getting on: an idle timeout starts anew. Whatever goes to a stream says so too.
  virtual void heartbeat() = 0;

  // Sends a value to readers of the `custom` stream at once.
  virtual void write(json::value value) = 0;

  // The store of the server; null pointer without one.
  virtual Store* store() = 0;

  // Runs a graph inside this node, as a subgraph of it, and gives its final values.
  virtual boost::asio::awaitable<State> invoke(const CompiledGraph& graph, json::value input) = 0;

  // Of an entrypoint: what it saved when it last ended; null before (runtime.md 15).
  virtual json::value previous() const = 0;
  // Runs a task of a functional workflow. It is told to streams under its own name and id, and a task that has finished
  // is not run again when the workflow is: the n-th call of an execution is given the result that it had. Throws what
  // the task threw.
  virtual boost::asio::awaitable<json::value> call(const CalledTask& task, json::value input) = 0;

  // Streams of model calls. A piece is an `ai` message with tool_call_chunks; all pieces of a call have
  // the same id. `whole` is the finished message; if nothing was streamed it is sent as one.
  virtual void model_started(const ModelCall& call, const ItemList& messages) = 0;
  virtual void model_piece(const ModelCall& call, Message piece) = 0;
  virtual void model_ended(const ModelCall& call, const Message& whole) = 0;

  // Streams of tool calls (streaming.md 3.6 and 3.10).
  virtual void tool_started(const std::string& tool_call_id, const std::string& name, const json::value& arguments) = 0;
  virtual void tool_wrote(const std::string& tool_call_id, const std::string& name, const json::value& data) = 0;
  virtual void tool_ended(const std::string& tool_call_id, const std::string& name, const json::value& output) = 0;
  virtual void tool_failed(const std::string& tool_call_id, const std::string& name, const std::string& error) = 0;

  // Results of calls that this task finished in an earlier execution, so that a question beside them or a crash
  // does not make them twice (design: 4). Kept with the task's pending writes, seen by no client.
  virtual std::optional<json::value> finished_call(const std::string& call_id) const = 0;
  virtual void keep_finished_call(const std::string& call_id, json::value result) = 0;

  // Returns when the checkpoint that this task stands on is durable. What is done outside from then on is done by the
  // same task after a crash: with the same task_id(), after the same steps. Before that, a crash may lead to another
  // task that does it again under another id. At once without a checkpointer and with durability `exit`, where nothing
  // is durable before the end. Cancellable.
  virtual boost::asio::awaitable<void> recorded() = 0;
};

// The body of a node. The context outlives the coroutine; cancellation arrives at its awaits.
using NodeFunction = std::function<boost::asio::awaitable<NodeResult>(NodeContext&)>;
// A body that never waits; cheaper to run.
using PlainNodeFunction = std::function<NodeResult(NodeContext&)>;

// Where a conditional edge leads: names, mapped keys, Sends; END is dropped.
class Routes {
 public:
  Routes() = default;
  Routes(const char* name) { targets_.emplace_back(std::string(name)); }  // NOLINT: implicit by intent
  Routes(std::string name) { targets_.emplace_back(std::move(name)); }    // NOLINT
  Routes(Send send) { targets_.emplace_back(std::move(send)); }           // NOLINT
  Routes(std::vector<Goto> targets) : targets_(std::move(targets)) {}     // NOLINT
  const std::vector<Goto>& targets() const { return targets_; }

 private:
  std::vector<Goto> targets_;
};

// Decides on the state with the writes of its own node applied (runtime.md 4.1).
using PathFunction = std::function<Routes(const State&, const RunConfig&)>;

}  // namespace heddle::runtime
