#include "runtime/pregel/travel_answers.h"

#include <algorithm>
#include <utility>

#include "runtime/error.h"
#include "runtime/pregel/checkpointing.h"
#include "runtime/pregel/input_output.h"
#include "runtime/uuid.h"

namespace heddle::runtime {
namespace {

constexpr std::size_t kQuestionsMax = 100;  // of one task that are looked for by their ids

struct Asked {
  TaskId by;
  std::string id;
};

// Also of tasks that have had their answer since.
std::vector<Asked> questions_in(const CompiledGraph::Plan& plan, const std::vector<TaskWrites>& stored) {
  std::vector<Asked> questions;
  for (const TaskWrites& writes : stored) {
    if (writes.task_id == kNullTask) continue;
    const TaskRecord record = restored_record(plan, writes.writes);
    for (const Interrupt& interrupt : record.interrupts) questions.push_back({writes.task_id, interrupt.id});
  }
  return questions;
}

TaskId id_at(const SuperstepPlace& place, const PlannedTask& task) {
  return id_of_task(place.plan, task, place.checkpoint, place.checkpoint_ns, place.step);
}

std::string namespace_at(const SuperstepPlace& place, const PlannedTask& task) {
  const std::string& node = place.plan.nodes[task.node].name;
  return task_namespace(place.checkpoint_ns, node) + ":" + id_at(place, task).text();
}

std::optional<std::size_t> number_of(const std::string& question, const std::string& node_ns) {
  for (std::size_t number = 0; number < kQuestionsMax; ++number) {
    if (question_id(node_ns, number) == question) return number;
  }
  return std::nullopt;
}

bool is_same(const PlannedTask& one, const PlannedTask& other) {
  return one.kind == other.kind && one.node == other.node && one.index == other.index;
}

}  // namespace

TravelAnswers::TravelAnswers(const SuperstepPlace& place, const std::vector<TaskWrites>& stored,
                             const json::value& resume) {
  const std::vector<Asked> asked = questions_in(place.plan, stored);
  const std::vector<PlannedTask> planned = plan_tasks(place.plan, place.cells, std::nullopt);
  const auto add = [&](const Asked& question, std::string named, json::value value) {
    const auto task =
        std::ranges::find_if(planned, [&](const PlannedTask& one) { return id_at(place, one) == question.by; });
    if (task == planned.end()) return;  // it belongs to a task that does not run again
    const std::optional<std::size_t> number = number_of(question.id, namespace_at(place, *task));
    const bool is_second = !number && std::ranges::any_of(answers_, [&](const Answer& answer) {
      return answer.task && !answer.number && is_same(*answer.task, *task);
    });
    if (is_second) {
      throw GraphError("RuntimeError",
                       "At an older checkpoint only one of the questions inside a task can be answered at a time.");
    }
    answers_.push_back({*task, number, std::move(named), std::move(value)});
  };

  if (is_answers_by_id(resume)) {
    for (const Asked& question : asked) {
      const json::value* value = resume.get_object().if_contains(question.id);
      if (value != nullptr) add(question, question.id, *value);
    }
    return;
  }
  if (asked.size() > 1) throw several_questions();
  if (asked.empty()) {
    answers_.push_back({std::nullopt, std::nullopt, "", resume});
  } else {
    add(asked.front(), "", resume);
  }
}

AnswerTargets TravelAnswers::give(const SuperstepPlace& place, const std::optional<std::vector<ChannelIndex>>& changed,
                                  ResumeAnswers& answers) const {
  const std::vector<PlannedTask> planned = plan_tasks(place.plan, place.cells, changed);
  AnswerTargets targets;
  for (const Answer& answer : answers_) {
    if (!answer.task) {
      answers.any = answer.value;
      targets.emplace("", answer.named);
      continue;
    }
    const auto task = std::ranges::find_if(planned, [&](const PlannedTask& one) { return is_same(one, *answer.task); });
    if (task == planned.end()) continue;  // a goto beside the answer leads elsewhere
    const std::string node_ns = namespace_at(place, *task);
    if (answer.number) {
      const std::string question = question_id(node_ns, *answer.number);
      answers.exact.insert_or_assign(question, answer.value);
      targets.emplace(question, answer.named);
    } else {
      answers.of_task.insert_or_assign(node_ns, answer.value);
      targets.emplace(node_ns, answer.named);
    }
  }
  return targets;
}

void give_again(const AnswerTargets& targets, const json::value& resume, const CompiledGraph::Plan& plan,
                const std::vector<TaskWrites>& stored, ResumeAnswers& answers) {
  const auto has_stored = [&](const std::string& node_ns) {
    return std::ranges::any_of(stored, [&](const TaskWrites& writes) {
      if (writes.task_id == kNullTask || !node_ns.ends_with(":" + writes.task_id.text())) return false;
      const TaskRecord record = restored_record(plan, writes.writes);
      return record.finished || record.asked || !record.answers.empty();
    });
  };
  for (const auto& [target, named] : targets) {
    const json::value* value = named.empty() ? &resume : find_member(resume, named);
    if (value == nullptr) continue;
    if (target.empty()) {
      const bool is_untouched =
          std::ranges::all_of(stored, [](const TaskWrites& writes) { return writes.task_id == kNullTask; });
      if (is_untouched) answers.any = *value;
    } else if (target.find(':') == std::string::npos) {
      answers.exact.insert_or_assign(target, *value);
    } else if (!has_stored(target)) {
      answers.of_task.insert_or_assign(target, *value);
    }
  }
}

}  // namespace heddle::runtime
