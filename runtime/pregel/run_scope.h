#pragma once
// What all loops of one run share, and what the tasks of one superstep share.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "runtime/compiled_graph.h"
#include "runtime/pregel/checkpointing.h"
#include "runtime/pregel/superstep.h"
#include "runtime/run_config.h"
#include "runtime/run_event.h"

namespace heddle::runtime {

// Leave a loop; only loops and task runners catch them. They are no std::exceptions, so code in nodes lets them pass.
struct RunCancelled {};
struct SubgraphInterrupted {
  std::vector<Interrupt> interrupts;  // none: a breakpoint
};
struct TaskDrained {};  // it was asked to stop, and stands at a boundary inside of it
struct CommandToParent {
  Command command;
};
// Storing failed: the run cannot go on, and no task is to blame.
struct StoringFailed {
  std::exception_ptr failure;
};

// The answers that the Command of a run brings. Each is given out once.
struct ResumeAnswers {
  using ById = std::map<std::string, json::value, std::less<>>;
  ById by_id;                      // one for a task's first question also serves a later one (runtime.md 7.4)
  ById exact;                      // for these questions and no other
  ById of_task;                    // by the namespace of a task of the root: for the first question in it
  std::optional<json::value> any;  // for the first question that has none of its own
  // The only question that waited, which a single answer is for (it is among `exact`), and the root's task that asked.
  struct Single {
    std::string question;
    TaskId task;
  };
  std::optional<Single> single;

  bool are_there() const { return any || !by_id.empty() || !exact.empty() || !of_task.empty(); }
  // In the root's task a graph inside was changed by hand after it asked, so it asks anew, under another id: a single
  // answer to it is for the first question there (runtime.md 7.4 and 12.3).
  void follow_update(std::string_view root_task);
  // `root_task`: the namespace of the root's task that asks, or in which somebody asks.
  std::optional<json::value> take(const std::string& interrupt, const std::string& first_of_task,
                                  std::string_view root_task);
};

// Belongs to the executor of the run.
struct RunScope {
  const RunServices& services;
  std::shared_ptr<const RunConfig> config;
  EventKinds kinds;  // none without a sink
  Durability durability = Durability::async;
  boost::asio::any_io_executor executor;
  ResumeAnswers answers;
  std::map<std::string, CheckpointId> addressed;  // where the run starts, by namespace
  std::unordered_set<std::string> sent_messages;  // ids of messages that readers have seen
  bool strict_resume = false;
  std::unordered_set<std::string> running_per_thread{};  // namespaces of graphs kept per thread that run now
  std::shared_ptr<const DrainRequest> drain{};           // null pointer: nobody will ask
  std::uint64_t last_span = 0;                           // ids of spans count from 1
  // Of tasks that run, by their namespace; empty if nobody wants spans.
  std::map<std::string, std::uint64_t> open_spans{};
  // A run that goes back: graphs inside start at their newest checkpoint before this one, each namespace once (without
  // the id of its task, runtime.md 13).
  std::optional<CheckpointId> replay_bound{};
  std::unordered_set<std::string> replayed{};

  bool has_saver() const { return services.saver != nullptr; }
  // Whether stored things are handed to the saver as they come.
  bool stores_at_once() const { return services.saver && durability != Durability::exit; }

  // The same as those of the saver, which must be there. Throw StoringFailed, and RunCancelled where they wait.
  void put(Checkpoint checkpoint) const;
  void put_writes(std::string checkpoint_ns, CheckpointId id, TaskWrites writes) const;
  boost::asio::awaitable<void> wait_for_room() const;
  boost::asio::awaitable<void> flush() const;
  boost::asio::awaitable<std::optional<LoadedCheckpoint>> find(std::string checkpoint_ns, CheckpointId id) const;
  boost::asio::awaitable<std::optional<LoadedCheckpoint>> newest(std::string checkpoint_ns) const;
  boost::asio::awaitable<std::optional<LoadedCheckpoint>> newest_before(std::string checkpoint_ns,
                                                                        CheckpointId bound) const;

  void emit(RunEvent event) const { services.events(std::move(event)); }
};

// A superstep as its tasks see it. Outlives them.
struct SuperstepScope {
  const CompiledGraph::Plan& plan;
  RunScope& run;
  const Cells& cells;
  const std::string& checkpoint_ns;                      // of the graph
  const std::map<std::string, CheckpointId>& enclosing;  // checkpoints of the enclosing graphs, by namespace
  CheckpointId checkpoint{};
  std::int64_t step = 0;
  std::int64_t stop = 0;
  bool nested = false;
  EventKinds kinds{};  // what is wanted of this graph
  // What graphs inside the tasks are told.
  bool resuming = false;
  bool kept = true;              // this graph has a saver
  std::string_view root_task{};  // namespace of the root's task that runs this graph; empty: this is the root

  bool stores_at_once() const { return kept && run.stores_at_once(); }
  // Whether nothing more is to be started. Not where nothing is kept that could be taken up again.
  bool is_to_drain() const { return kept && run.drain && run.drain->is_asked(); }
};

enum class TaskEnd {
  open,  // runs, or is still to run
  finished,
  asked,  // waits for an answer or stands at a breakpoint inside
  failed,
  to_parent,  // sent a Command to the enclosing graph
  cancelled,
  drained,  // a graph inside, or a workflow between its tasks, was asked to stop
};

struct Task {
  PlannedTask planned;
  TaskRecord record;
  bool restored = false;  // its writes come from an earlier run
  TaskEnd end = TaskEnd::open;
  State input;
  std::exception_ptr failure;             // of a failed task
  std::optional<Command> parent_command;  // of one that ended to_parent
  std::optional<TaskId> id;               // once somebody wanted to know it
  std::string node_ns;                    // "node:id" with the enclosing ones in front; with the id
  std::optional<TaskId> handler;          // what its failure was handled as, and how its end is told
  std::optional<Timestamp> begun;         // its first attempt in this run
};

// The namespace of the root's task that `task` is, or in which it runs. The task has its id.
std::string_view root_task_of(const SuperstepScope& superstep, const Task& task);
// Gives the task its id and namespace, if it has none.
void identify(const SuperstepScope& superstep, Task& task);
// Whether the task runs the error handler of its node, which failed in an earlier run, and not the node.
bool is_handled(const CompiledGraph::Plan& plan, const Task& task);
// Hands what the task has done so far to the saver.
void put_record(const SuperstepScope& superstep, Task& task);

}  // namespace heddle::runtime
