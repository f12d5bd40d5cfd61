#pragma once
// Answers that a run brings to a checkpoint it goes back to (runtime.md 13): the tasks there run again, under other
// ids, and ask anew. An answer is for the question that it was given to, and for no other.

#include <boost/json/value.hpp>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/pregel/plan.h"
#include "runtime/pregel/run_scope.h"
#include "runtime/pregel/superstep.h"

namespace heddle::runtime {

// Where the tasks of a superstep are.
struct SuperstepPlace {
  const CompiledGraph::Plan& plan;
  const Cells& cells;
  const std::string& checkpoint_ns;
  CheckpointId checkpoint;
  std::int64_t step = 0;
};

// To whom answers go, by the question that was named: "" for the only one. The key is the id of a question, the
// namespace of a task whose first question it is, or "" for whoever asks first.
using AnswerTargets = std::map<std::string, std::string>;

class TravelAnswers {
 public:
  TravelAnswers() = default;
  // `place`: the old checkpoint, with what its tasks have stored. Throws GraphError for a single answer to several
  // questions, and for two answers to questions inside one task.
  TravelAnswers(const SuperstepPlace& place, const std::vector<TaskWrites>& stored, const json::value& resume);

  bool empty() const { return answers_.empty(); }
  // Makes the answers known to the tasks of the superstep that runs instead.
  AnswerTargets give(const SuperstepPlace& place, const std::optional<std::vector<ChannelIndex>>& changed,
                     ResumeAnswers& answers) const;

 private:
  struct Answer {
    std::optional<PlannedTask> task;    // none: nobody had asked
    std::optional<std::size_t> number;  // of the question in its task; none: it came from a graph inside
    std::string named;
    json::value value;
  };
  std::vector<Answer> answers_;
};

// For a run that is taken up again on its own fork. What a task may have had already it does not get again.
void give_again(const AnswerTargets& targets, const json::value& resume, const CompiledGraph::Plan& plan,
                const std::vector<TaskWrites>& stored, ResumeAnswers& answers);

}  // namespace heddle::runtime
