#include "runtime/pregel/task_context.h"

#include <utility>

#include "runtime/entrypoint.h"
#include "runtime/pregel/call_context.h"
#include "runtime/pregel/namespaces.h"
#include "runtime/pregel/subgraph_run.h"
#include "runtime/uuid.h"

namespace heddle::runtime {

const Value& TaskContext::argument() const {
  if (task_.planned.kind == TaskKind::push) return task_.planned.argument;
  if (!argument_) argument_ = Value(task_.input.to_json());
  return *argument_;
}

const std::string& TaskContext::task_id() const {
  identify(superstep_, task_);
  if (task_id_.empty()) task_id_ = task_.id->text();
  return task_id_;
}

const std::string& TaskContext::checkpoint_ns() const {
  identify(superstep_, task_);
  return task_.node_ns;
}

ExecutionInfo TaskContext::execution_info() const {
  const RunConfig& run = *superstep_.run.config;
  return {superstep_.checkpoint, checkpoint_ns(), task_id(), run.thread_id, run.run_id, attempt_, *task_.begun};
}

json::value TaskContext::interrupt(json::value question) {
  if (!superstep_.kept) {
    throw GraphError("GraphValueError", with_help("No checkpointer set", "MISSING_CHECKPOINTER"));
  }
  const auto number = static_cast<std::size_t>(questions_++);
  Answers& answers = task_.record.answers;
  const bool is_known = number < answers.size() && answers[number];
  // A task that failed takes a new answer to its last question, as nobody can say otherwise that the old one was wrong.
  const bool may_be_new = is_first_ && task_.record.error && number + 1 == answers.size();
  if (is_known && !may_be_new) return *answers[number];

  const std::string first_id = question_id(checkpoint_ns(), 0);
  std::string id = number == 0 ? first_id : question_id(checkpoint_ns(), number);
  std::optional<json::value> answer = superstep_.run.answers.take(id, first_id, root_task_of(superstep_, task_));
  if (!answer && is_known) return *answers[number];
  if (!answer) throw NodeInterrupted{{std::move(id), std::move(question)}};
  if (answers.size() <= number) answers.resize(number + 1);
  answers[number] = *answer;
  return std::move(*answer);
}

boost::asio::awaitable<State> TaskContext::run_subgraph(const CompiledGraph& graph, State input) {
  identify(superstep_, task_);
  SubgraphCall call{namespace_of_subgraph(graph, task_.node_ns), attempt_ > 1};
  const std::int64_t number = subgraphs_++;
  if (number > 0) call.checkpoint_ns += "|" + std::to_string(number);
  State values = co_await runtime::run_subgraph(superstep_, task_, graph, std::move(call), std::move(input));
  co_return values;
}

boost::asio::awaitable<State> TaskContext::invoke(const CompiledGraph& graph, json::value input) {
  State values = co_await run_subgraph(graph, State::of(input));
  co_return values;
}

std::optional<json::value> TaskContext::finished_call(const std::string& call_id) const {
  const auto found = task_.record.finished_calls.find(call_id);
  if (found == task_.record.finished_calls.end()) return std::nullopt;
  return found->second;
}

void TaskContext::keep_finished_call(const std::string& call_id, json::value result) {
  task_.record.finished_calls.insert_or_assign(call_id, std::move(result));
  // Without storing at once the record goes to the saver when the run ends.
  if (superstep_.stores_at_once()) put_record(superstep_, task_);
}

json::value TaskContext::previous() const {
  const std::optional<WorkflowPlan>& workflow = superstep_.plan.workflow;
  if (!workflow) return nullptr;
  const Channel& saved = superstep_.cells.channels[workflow->previous];
  if (!saved.available(superstep_.plan.channels[workflow->previous])) return nullptr;
  return saved.get().json();
}

boost::asio::awaitable<json::value> TaskContext::call(const CalledTask& task, json::value input) {
  const std::int64_t number = calls_++;
  json::value result = co_await run_called_task(superstep_, task_, *this, task, number, std::move(input));
  co_return result;
}

boost::asio::awaitable<void> TaskContext::recorded() {
  if (superstep_.run.stores_at_once()) co_await superstep_.run.flush();
}

}  // namespace heddle::runtime
