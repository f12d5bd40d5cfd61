#pragma once
// One run of a graph, from its input to its outcome (runtime.md 2). The loop of a subgraph runs inside a task of
// another.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "runtime/compiled_graph.h"
#include "runtime/pregel/run_scope.h"
#include "runtime/pregel/superstep.h"
#include "runtime/pregel/travel_answers.h"
#include "runtime/state.h"

namespace heddle::runtime {

// Belongs to the executor of the run. Used for one run.
class Loop {
 public:
  struct Start {
    std::string checkpoint_ns;
    bool nested = false;
    bool resuming = false;                          // the enclosing graph goes on
    bool addresses_subgraph = false;                // of the root: the run starts inside one of its graphs
    std::map<std::string, CheckpointId> enclosing;  // checkpoints of the enclosing graphs
    boost::json::object own_metadata;               // of each checkpoint
    bool kept = true;                               // false: as if there were no saver
    std::string root_task;                          // namespace of the root's task that runs this graph
    std::shared_ptr<const Breakpoints> stop_before;
    std::shared_ptr<const Breakpoints> stop_after;
  };
  using Input = std::variant<NoInput, State, Command>;

  struct End {
    OutcomeStatus status = OutcomeStatus::done;
    std::exception_ptr failure;             // of a failed one
    std::vector<Interrupt> interrupts;      // of an interrupted one, in task order
    std::optional<Command> parent_command;  // it left for the enclosing graph; the status says nothing then
  };

  // Both outlive this object.
  Loop(const CompiledGraph& graph, RunScope& run, Start start);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Throws RunCancelled and StoringFailed; other failures are in the result.
  boost::asio::awaitable<End> run(Input input);
  // Where nothing was stored on the way (Durability::exit): hands over where the run stands.
  void store_what_is_left();

  State values() const;
  State output() const;
  // The values with the writes of finished tasks of an unfinished superstep.
  State partial_values() const;
  std::span<const Task> tasks() const { return tasks_; }
  std::vector<std::string> next() const;
  std::optional<CheckpointId> head() const;

 private:
  // The checkpoint on which the next superstep runs.
  struct Place {
    CheckpointId id;
    std::optional<CheckpointId> parent;
    Timestamp created_at;
    CheckpointMetadata metadata;
    bool exists = false;  // it was loaded or made
    bool stored = false;  // the saver has it
    bool exact = false;   // the channels hold what it holds, and nothing on top
    bool loaded = false;  // it was loaded, and not made here
  };

  // loop_input.cpp
  boost::asio::awaitable<void> load(const Input& input);
  void stand_on(std::optional<LoadedCheckpoint> loaded);
  boost::asio::awaitable<std::optional<LoadedCheckpoint>> find_place(const Input& input);
  bool visits_first_in_replay();
  void note_travel(const Input& input, const LoadedCheckpoint& loaded, const std::optional<CheckpointId>& newest);
  std::exception_ptr take_in(Input input);
  void take_in_or_throw(Input input);
  void check_command(const Command& command) const;
  std::vector<Write> outside_writes(const Command* command);
  std::optional<std::string> bind_answer(const json::value& resume, const OutsideWrites::Group* earlier);
  void bind_kept_answers();
  void bind_single(const std::string& question, const json::value& answer);
  SuperstepPlace superstep_place() const;
  std::vector<std::string> stored_questions() const;
  void check_strictly(const boost::json::value& resume) const;
  void go_on();
  bool was_to_stop_here() const;
  void start_with(State input);

  // loop.cpp
  enum class Begun {
    over,         // nothing is to be run
    has_results,  // all of its tasks, from an earlier run
    is_open,      // tasks are to be run
  };
  Begun begin_superstep();
  bool end_superstep();
  bool stops_behind();
  void warn_of_unknown_targets() const;
  bool has_open_task() const;
  boost::asio::awaitable<void> wait_for_storage();
  void plan_superstep();
  void tell_restored();
  void take_cached();
  void keep_in_cache(const Task& task);
  void tell_starts();
  void tell_end(const Task& task);
  void tell_checkpoint();
  void tell_values(State values, bool exact);
  void tell_stop();
  std::exception_ptr finish_superstep();
  void save(CheckpointSource source);
  Checkpoint checkpoint_now() const;
  void note_ends();
  bool has_saver() const { return start_.kept && run_.has_saver(); }
  bool stores_at_once() const { return start_.kept && run_.stores_at_once(); }
  bool begun_in_this_task() const;
  bool stops(const std::shared_ptr<const Breakpoints>& breakpoints) const;
  void note_failures(std::vector<std::exception_ptr> failures);

  const CompiledGraph::Plan& plan_;
  RunScope& run_;
  Start start_;
  EventKinds kinds_;
  std::function<void(Task&)> tell_;

  Cells cells_;
  Place place_;
  std::optional<CheckpointId> stored_parent_;  // Durability::exit: the newest one that the saver has
  std::int64_t step_ = -1;                     // of the superstep, or the checkpoint, that comes next
  std::int64_t stop_ = 0;                      // the last step
  bool loaded_ = false;
  bool same_run_ = false;  // an earlier attempt of this run made the loaded checkpoint
  bool travels_ = false;   // earlier results are not used again
  bool forks_ = false;
  bool resuming_ = false;
  std::vector<TaskWrites> pending_;  // of the loaded checkpoint
  OutsideWrites outside_;
  bool outside_unstored_ = false;
  TravelAnswers travel_answers_;
  std::optional<State> fresh_input_;  // what START is given
  std::optional<std::vector<ChannelIndex>> changed_;
  std::vector<Task> tasks_;
  std::optional<SuperstepScope> superstep_;
  End end_;
};

}  // namespace heddle::runtime
