#include "runtime/pregel/run_scope.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "runtime/pregel/reserved.h"

namespace heddle::runtime {
namespace {

// Called where storing threw.
[[noreturn]] void throw_storing_failed(const std::exception& error) {
  const auto* system = dynamic_cast<const boost::system::system_error*>(&error);
  if (system && system->code() == boost::asio::error::operation_aborted) throw RunCancelled{};
  throw StoringFailed{std::current_exception()};
}

}  // namespace

std::optional<json::value> ResumeAnswers::take(const std::string& interrupt, const std::string& first_of_task,
                                               std::string_view root_task) {
  std::optional<json::value> answer;
  const auto take_from = [&](ById& answers, std::string_view question) {
    const auto found = answers.find(question);
    if (found == answers.end()) return false;
    answer = std::move(found->second);
    answers.erase(found);
    return true;
  };
  const bool has_own = take_from(exact, interrupt) || take_from(by_id, interrupt) || take_from(by_id, first_of_task) ||
                       take_from(of_task, root_task);
  if (!has_own) answer.swap(any);
  return answer;
}

void ResumeAnswers::follow_update(std::string_view root_task) {
  if (!single || !root_task.ends_with(":" + single->task.text())) return;
  const auto found = exact.find(single->question);
  if (found == exact.end()) return;
  of_task.insert_or_assign(std::string(root_task), std::move(found->second));
  exact.erase(found);
}

void RunScope::put(Checkpoint checkpoint) const {
  try {
    services.saver->put(std::move(checkpoint));
  } catch (const std::exception& error) {
    throw_storing_failed(error);
  }
}

void RunScope::put_writes(std::string checkpoint_ns, CheckpointId id, TaskWrites writes) const {
  try {
    services.saver->put_writes(std::move(checkpoint_ns), id, std::move(writes));
  } catch (const std::exception& error) {
    throw_storing_failed(error);
  }
}

boost::asio::awaitable<void> RunScope::wait_for_room() const {
  try {
    co_await services.saver->wait_for_room();
  } catch (const std::exception& error) {
    throw_storing_failed(error);
  }
}

boost::asio::awaitable<void> RunScope::flush() const {
  try {
    co_await services.saver->flush();
  } catch (const std::exception& error) {
    throw_storing_failed(error);
  }
}

boost::asio::awaitable<std::optional<LoadedCheckpoint>> RunScope::find(std::string checkpoint_ns,
                                                                       CheckpointId id) const {
  std::optional<LoadedCheckpoint> found;
  try {
    std::optional<LoadedCheckpoint> read = co_await services.saver->find(std::move(checkpoint_ns), id);
    found = std::move(read);
  } catch (const std::exception& error) {
    throw_storing_failed(error);
  }
  co_return found;
}

boost::asio::awaitable<std::optional<LoadedCheckpoint>> RunScope::newest(std::string checkpoint_ns) const {
  std::optional<LoadedCheckpoint> found;
  try {
    std::optional<LoadedCheckpoint> read = co_await services.saver->newest(std::move(checkpoint_ns));
    found = std::move(read);
  } catch (const std::exception& error) {
    throw_storing_failed(error);
  }
  co_return found;
}

boost::asio::awaitable<std::optional<LoadedCheckpoint>> RunScope::newest_before(std::string checkpoint_ns,
                                                                                CheckpointId bound) const {
  std::optional<LoadedCheckpoint> found;
  try {
    std::optional<LoadedCheckpoint> read = co_await services.saver->newest_before(std::move(checkpoint_ns), bound);
    found = std::move(read);
  } catch (const std::exception& error) {
    throw_storing_failed(error);
  }
  co_return found;
}

void identify(const SuperstepScope& superstep, Task& task) {
  if (task.id) return;
  const CompiledGraph::Plan& plan = superstep.plan;
  task.id = id_of_task(plan, task.planned, superstep.checkpoint, superstep.checkpoint_ns, superstep.step);
  task.node_ns = task_namespace(superstep.checkpoint_ns, plan.nodes[task.planned.node].name) + ":" + task.id->text();
}

std::string_view root_task_of(const SuperstepScope& superstep, const Task& task) {
  return superstep.root_task.empty() ? std::string_view(task.node_ns) : superstep.root_task;
}

bool is_handled(const CompiledGraph::Plan& plan, const Task& task) {
  return task.record.handled && plan.nodes[task.planned.node].options.on_error;
}

void put_record(const SuperstepScope& superstep, Task& task) {
  identify(superstep, task);
  TaskWrites writes{*task.id, sort_path(superstep.plan, task.planned), stored_record(superstep.plan, task.record)};
  if (!task.record.finished && !task.record.finished_calls.empty()) {
    writes.writes.push_back({std::string(reserved::kAttempt), Value(json::value(superstep.run.config->attempt))});
  }
  superstep.run.put_writes(superstep.checkpoint_ns, superstep.checkpoint, std::move(writes));
}

}  // namespace heddle::runtime
