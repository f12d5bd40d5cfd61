#pragma once
// Channels and tasks to and from their stored form (runtime.md 10.1, 10.4). Pure.

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/checkpoint_saver.h"
#include "runtime/command.h"
#include "runtime/error.h"
#include "runtime/pregel/superstep.h"

namespace heddle::runtime {

// Lays values, versions and what was seen into `checkpoint`.
void store_cells(const CompiledGraph::Plan& plan, const Cells& cells, Checkpoint& checkpoint);
// Channels and nodes that the graph does not know are passed over.
Cells restored_cells(const CompiledGraph::Plan& plan, const Checkpoint& checkpoint);

// Results of calls that a task finished before it ended itself, by the id of the call.
using FinishedCalls = std::map<std::string, json::value, std::less<>>;

// Answers to a task's questions by their number; nothing for one that was passed over.
using Answers = std::vector<std::optional<json::value>>;

// A node that has failed for good, and whose error handler runs in its place (runtime.md 8.3): it does not run again.
struct HandledFailure {
  std::string node;
  ErrorInfo error;
  std::int64_t attempt = 1;    // its last one
  std::int64_t questions = 0;  // asked or passed over in it
  std::int64_t subgraphs = 0;  // started in it
};

// What a task has done so far on its checkpoint.
struct TaskRecord {
  bool finished = false;
  std::vector<Write> writes;              // of a finished task
  std::vector<Interrupt> interrupts;      // it asked, before it finished if it has
  bool asked = false;                     // also for a breakpoint inside, which asks nothing
  std::optional<ErrorInfo> error;         // it failed
  Answers answers;                        // of an unfinished task
  FinishedCalls finished_calls;           // of an unfinished task
  std::optional<HandledFailure> handled;  // of an unfinished task
};

std::vector<ChannelWrite> stored_record(const CompiledGraph::Plan& plan, const TaskRecord& record);
TaskRecord restored_record(const CompiledGraph::Plan& plan, const std::vector<ChannelWrite>& writes);

// The owner of writes that come from outside.
inline constexpr TaskId kNullTask{};

// The writes that Commands from outside left on a checkpoint. A Command belongs to a run, so that a run that is taken
// up again does not apply it twice.
struct OutsideWrites {
  struct Group {
    std::string run_id;                  // "" if unknown
    std::optional<std::string> answers;  // the question its single resume value was for; "" none in particular
    std::vector<Write> writes;
    std::optional<json::value> resume{};           // its answer, until the step is over (runtime.md 7.3)
    std::map<std::string, std::string> targets{};  // of a fork, whom its answers are for (travel_answers.h)
  };
  std::vector<Group> groups;

  std::vector<Write> all() const;
  const Group* of_run(std::string_view run_id) const;  // null pointer if there is none
};
std::vector<ChannelWrite> stored_outside(const CompiledGraph::Plan& plan, const OutsideWrites& outside);
OutsideWrites restored_outside(const CompiledGraph::Plan& plan, const std::vector<ChannelWrite>& writes);

}  // namespace heddle::runtime
