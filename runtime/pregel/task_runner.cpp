#include "runtime/pregel/task_runner.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <variant>

#include "runtime/error.h"
#include "runtime/pregel/input_output.h"
#include "runtime/pregel/task_group.h"

namespace heddle::runtime {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;

// Network errors and answers of a server that is busy or broken (runtime.md 8.2). Models and tools tell theirs by
// these names.
bool is_worth_a_retry(const std::exception& error) {
  if (const auto* system = dynamic_cast<const boost::system::system_error*>(&error)) {
    return system->code() != asio::error::operation_aborted;
  }
  const auto* graph_error = dynamic_cast<const GraphError*>(&error);
  if (!graph_error) return false;
  static constexpr std::string_view kNames[] = {"APIConnectionError",  "APITimeoutError",  "ConnectionError",
                                                "InternalServerError", "NodeTimeoutError", "RateLimitError"};
  return std::ranges::find(kNames, graph_error->name()) != std::end(kNames);
}

bool wants_retry(const RetryPolicy& policy, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return policy.retry_on ? policy.retry_on(error) : is_worth_a_retry(error);
  } catch (...) {
    return false;
  }
}

milliseconds wait_before(const RetryPolicy& policy, int attempt) {
  const double initial = static_cast<double>(policy.initial_interval.count());
  const double grown = initial * std::pow(policy.backoff_factor, attempt - 2);
  const double bounded = std::min(grown, static_cast<double>(policy.max_interval.count()));
  milliseconds wait{static_cast<milliseconds::rep>(bounded)};
  if (policy.jitter) {
    thread_local std::minstd_rand random{std::random_device{}()};
    wait += milliseconds{std::uniform_int_distribution<int>{0, 1000}(random)};
  }
  return wait;
}

// The result of `body`, which is stopped and awaited when it takes longer.
asio::awaitable<NodeResult> with_timeout(asio::awaitable<NodeResult> body, milliseconds timeout, std::string node) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto started = std::chrono::steady_clock::now();
  TaskGroup group(executor);
  std::optional<NodeResult> result;
  auto work = [&]() -> asio::awaitable<void> {
    NodeResult given = co_await std::move(body);
    result = std::move(given);
  };
  group.start(work());
  TaskGroup::Waited waited = co_await group.wait(started + timeout);
  const bool is_late = waited == TaskGroup::Waited::late;
  bool was_cancelled = waited == TaskGroup::Waited::cancelled;
  if (was_cancelled || is_late) group.cancel();
  while (group.running() > 0) {
    waited = co_await group.wait();
    was_cancelled = was_cancelled || waited == TaskGroup::Waited::cancelled;
  }
  if (was_cancelled) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    throw RunCancelled{};
  }
  if (is_late) {
    const auto elapsed = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - started);
    throw GraphError("NodeTimeoutError", "Node \"" + node + "\" exceeded its run timeout of " +
                                             std::to_string(timeout.count()) +
                                             "ms (elapsed: " + std::to_string(elapsed.count()) + "ms).");
  }
  if (group.thrown()) std::rethrow_exception(group.thrown());
  co_return std::move(*result);
}

}  // namespace

bool TaskRunner::never_waits(const Task& task) const {
  const PlannedNode& node = node_of(task);
  return std::holds_alternative<PlainNodeFunction>(node.body) && !node.options.retry;
}

bool TaskRunner::run_plain() {
  bool others = false;
  for (Task& task : tasks_) {
    if (task.end != TaskEnd::open) continue;
    if (!never_waits(task)) {
      others = true;
    } else if (!over_) {
      run_plain_task(task);
    }
  }
  return others && !over_;
}

void TaskRunner::run_plain_task(Task& task) {
  const PlannedNode& node = node_of(task);
  Ran ran;
  if (node.hidden) {
    try {
      task.record.writes = start_writes(superstep_.plan, task.input, *superstep_.run.config);
      task.record.finished = true;
      task.end = TaskEnd::finished;
    } catch (const std::exception&) {
      take_failure(task, std::current_exception());
    }
    end_task(task, nullptr);
    return;
  }
  TaskContext context(superstep_, task, 1);
  context.stream().started();
  try {
    ran.result = std::get<PlainNodeFunction>(node.body)(context);
  } catch (...) {
    ran.thrown = std::current_exception();
  }
  settle(task, std::move(ran));
  end_task(task, &context.stream());
}

asio::awaitable<void> TaskRunner::run_waiting() {
  std::vector<Task*> waiting;
  for (Task& task : tasks_) {
    if (task.end == TaskEnd::open && !never_waits(task)) waiting.push_back(&task);
  }
  if (waiting.size() == 1) {
    // The common case needs no coroutine of its own: cancellation arrives at the node's own awaits.
    co_await run_task(*waiting.front());
    if (waiting.front()->end == TaskEnd::cancelled) throw RunCancelled{};
  } else {
    co_await run_together(std::move(waiting));
  }
}

asio::awaitable<void> TaskRunner::run_together(std::vector<Task*> waiting) {
  const std::optional<std::int64_t>& limit = superstep_.run.config->max_concurrency;
  const std::size_t together_max =
      limit && *limit > 0 ? static_cast<std::size_t>(*limit) : std::numeric_limits<std::size_t>::max();
  TaskGroup group(superstep_.run.executor);
  std::size_t started = 0;
  bool stopping = false;
  bool cancelled = false;
  while (true) {
    while (!over_ && !group.thrown() && !stopping && started < waiting.size() && group.running() < together_max) {
      Task& task = *waiting[started++];
      group.start(run_task(task));
    }
    if (!stopping && (over_ || group.thrown())) {
      stopping = true;
      group.cancel();
    }
    if (group.running() == 0 && (stopping || started == waiting.size())) break;
    const TaskGroup::Waited waited = co_await group.wait();
    if (waited == TaskGroup::Waited::cancelled) {
      cancelled = stopping = true;
      group.cancel();
    }
  }
  if (cancelled) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    throw RunCancelled{};
  }
  if (group.thrown()) std::rethrow_exception(group.thrown());
  end_stopped(waiting);
}

// A task that was torn down because another one failed says so (runtime.md 8.1).
void TaskRunner::end_stopped(std::span<Task* const> tasks) {
  if (!failed_) return;
  for (Task* task : tasks) {
    if (task->end != TaskEnd::cancelled) continue;
    task->record.error = ErrorInfo{"AbortError", "This operation was aborted"};
    end_task(*task, nullptr);
  }
}

asio::awaitable<void> TaskRunner::run_task(Task& task) {
  const std::optional<RetryPolicy>& policy = node_of(task).options.retry;
  const int attempts_max = policy ? policy->max_attempts : 1;
  for (int attempt = 1;; ++attempt) {
    TaskContext context(superstep_, task, attempt);
    context.stream().started();
    Ran ran = co_await run_body(task, context);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
      // What a node returns after it was told to stop is not wanted.
      task.end = TaskEnd::cancelled;
      co_return;
    }
    settle(task, std::move(ran));
    if (task.end == TaskEnd::cancelled) co_return;
    const bool again = task.end == TaskEnd::failed && attempt < attempts_max && wants_retry(*policy, task.failure);
    if (!again) {
      end_task(task, &context.stream());
      co_return;
    }
    task.end = TaskEnd::open;
    asio::steady_timer pause(superstep_.run.executor, wait_before(*policy, attempt + 1));
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    const asio::cancellation_state paused = co_await asio::this_coro::cancellation_state;
    if (paused.cancelled() != asio::cancellation_type::none) {
      task.end = TaskEnd::cancelled;
      co_return;
    }
  }
}

asio::awaitable<TaskRunner::Ran> TaskRunner::run_body(Task& task, TaskContext& context) {
  const PlannedNode& node = node_of(task);
  Ran ran;
  try {
    if (const auto* plain = std::get_if<PlainNodeFunction>(&node.body)) {
      ran.result = (*plain)(context);
    } else if (const auto* function = std::get_if<NodeFunction>(&node.body)) {
      asio::awaitable<NodeResult> body = (*function)(context);
      if (node.options.timeout) body = with_timeout(std::move(body), *node.options.timeout, node.name);
      NodeResult result = co_await std::move(body);
      ran.result = std::move(result);
    } else {
      const CompiledGraph& graph = *std::get<std::shared_ptr<const CompiledGraph>>(node.body);
      State values = co_await context.run_subgraph(graph, task.input);
      ran.values = std::move(values);
    }
  } catch (...) {
    ran.thrown = std::current_exception();
  }
  co_return ran;
}

void TaskRunner::settle(Task& task, Ran ran) {
  if (!ran.thrown) {
    try {
      take_result(task, std::move(ran));
      return;
    } catch (const std::exception&) {
      ran.thrown = std::current_exception();
    }
  }
  take_failure(task, std::move(ran.thrown));
}

void TaskRunner::take_result(Task& task, Ran ran) {
  const CompiledGraph::Plan& plan = superstep_.plan;
  const RunConfig& config = *superstep_.run.config;
  const Command* up = command_to_parent(ran.result);
  if (up && superstep_.nested) {
    task.parent_command = *up;
    task.end = TaskEnd::to_parent;
    return;
  }
  if (ran.values) {
    task.record.writes = subgraph_writes(plan, superstep_.cells, task.planned.node, *ran.values, config);
  } else if (!up) {  // at the root such a Command is without effect (runtime.md 6)
    task.record.writes = result_writes(plan, superstep_.cells, task.planned.node, std::move(ran.result), config);
  }
  task.record.finished = true;
  task.end = TaskEnd::finished;
}

void TaskRunner::take_failure(Task& task, std::exception_ptr thrown) {
  TaskRecord& record = task.record;
  const auto fail = [&](ErrorInfo error) {
    record.error = std::move(error);
    record.asked = false;
    record.interrupts.clear();
    task.failure = thrown;
    task.end = TaskEnd::failed;
  };
  const auto ask = [&](std::vector<Interrupt> interrupts) {
    record.error.reset();
    record.asked = true;
    record.interrupts = std::move(interrupts);
    task.end = TaskEnd::asked;
  };
  std::optional<Command> from_below;
  try {
    std::rethrow_exception(thrown);
  } catch (const NodeInterrupted& one) {
    ask({one.interrupt});
  } catch (const SubgraphInterrupted& several) {
    ask(several.interrupts);
  } catch (const CommandToParent& sent) {
    from_below = sent.command;
    from_below->graph = CommandTarget::current_graph;
  } catch (const RunCancelled&) {
    task.end = TaskEnd::cancelled;
  } catch (const StoringFailed&) {
    throw;
  } catch (const std::exception& error) {
    fail(error_info(error));
  } catch (...) {
    fail({"Error", "node \"" + node_of(task).name + "\" threw something that is no std::exception"});
  }
  if (from_below) settle(task, Ran{NodeResult(std::move(*from_below)), std::nullopt, nullptr});
}

void TaskRunner::end_task(Task& task, TaskStream* stream) {
  if (task.end == TaskEnd::failed || task.end == TaskEnd::to_parent) {
    if (!over_) failed_ = task.end == TaskEnd::failed;
    over_ = true;
  }
  // A task that leaves the graph takes its writes to the enclosing one.
  if (task.end == TaskEnd::to_parent) return;
  if (superstep_.run.stores_at_once()) put_record(superstep_, task);
  if (stream && task.end == TaskEnd::finished) stream->finished();
  tell_(task);
}

}  // namespace heddle::runtime
