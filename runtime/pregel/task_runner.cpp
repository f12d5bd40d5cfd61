#include "runtime/pregel/task_runner.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "runtime/error.h"
#include "runtime/pregel/reserved.h"
#include "runtime/pregel/retry.h"
#include "runtime/pregel/task_group.h"

namespace heddle::runtime {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;

using SteadyTime = std::chrono::steady_clock::time_point;

GraphError timeout_error(const std::string& node, std::string_view kind, milliseconds limit, std::string_view what,
                         SteadyTime since) {
  const auto elapsed = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - since);
  return {"NodeTimeoutError", "Node \"" + node + "\" exceeded its " + std::string(kind) + " timeout of " +
                                  std::to_string(limit.count()) + "ms" + std::string(what) +
                                  " (elapsed: " + std::to_string(elapsed.count()) + "ms)."};
}

// Runs `body` to its end; it is stopped and awaited when it takes longer than its node may.
asio::awaitable<void> with_timeouts(asio::awaitable<void> body, const PlannedNode& node,
                                    std::optional<milliseconds> timeout, TaskContext& context) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  context.heartbeat();
  const SteadyTime started = std::chrono::steady_clock::now();
  const SteadyTime ends = timeout ? started + *timeout : SteadyTime::max();
  const auto idles = [&] {
    return node.options.idle_timeout ? context.last_progress() + *node.options.idle_timeout : SteadyTime::max();
  };
  TaskGroup group(executor);
  group.start(std::move(body));
  TaskGroup::Waited waited = TaskGroup::Waited::late;
  // At least once, so that what needs no time is in time however long this thread had to wait for the processor. A
  // heartbeat moves the deadline while it is waited for.
  do {
    waited = co_await group.wait(std::min(ends, idles()));
  } while (waited == TaskGroup::Waited::late && std::chrono::steady_clock::now() < std::min(ends, idles()));
  const bool is_late = waited == TaskGroup::Waited::late;
  const bool is_idle = is_late && std::chrono::steady_clock::now() < ends;
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
  if (is_idle) {
    throw timeout_error(node.name, "idle", *node.options.idle_timeout, " without making progress",
                        context.last_progress());
  }
  if (is_late) throw timeout_error(node.name, "run", *timeout, "", started);
  if (group.thrown()) std::rethrow_exception(group.thrown());
}

// It was stopped before it ended; nothing is said about it.
bool is_left_open(const Task& task) {
  return task.end == TaskEnd::cancelled || task.end == TaskEnd::drained;
}

}  // namespace

bool TaskRunner::never_waits(const Task& task) const {
  const PlannedNode& node = node_of(task);
  return std::holds_alternative<PlainNodeFunction>(node.body) && !node.options.retry && !node.options.on_error;
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
  if (node.is_start) {
    try {
      task.record.writes = start_writes(superstep_.plan, task.input, path_view());
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
  if (waiting.size() == 1 && !superstep_.plan.step_timeout) {
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
  const std::optional<milliseconds>& step_timeout = superstep_.plan.step_timeout;
  const SteadyTime ends = step_timeout ? std::chrono::steady_clock::now() + *step_timeout : SteadyTime::max();
  std::size_t started = 0;
  bool stopping = false;
  bool cancelled = false;
  bool late = false;
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
    const TaskGroup::Waited waited = co_await group.wait(stopping ? SteadyTime::max() : ends);
    if (waited == TaskGroup::Waited::cancelled) {
      cancelled = stopping = true;
      group.cancel();
    } else if (waited == TaskGroup::Waited::late) {
      late = stopping = over_ = failed_ = true;
      group.cancel();
    }
  }
  if (cancelled) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    throw RunCancelled{};
  }
  if (group.thrown()) std::rethrow_exception(group.thrown());
  if (late) end_late(waiting);
  end_stopped(waiting);
}

// The first of the tasks that were stopped because the superstep took too long is the one that failed.
void TaskRunner::end_late(std::span<Task* const> tasks) {
  const auto stopped = std::ranges::find_if(
      tasks, [](const Task* task) { return task->end == TaskEnd::cancelled || task->end == TaskEnd::open; });
  if (stopped == tasks.end()) return;
  const GraphError error("TimeoutError",
                         "Timed out: superstep " + std::to_string(superstep_.step) + " took longer than the " +
                             std::to_string(superstep_.plan.step_timeout->count()) + "ms that the graph allows");
  take_failure(**stopped, std::make_exception_ptr(error));
  end_task(**stopped, nullptr);
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
  if (is_handled(superstep_.plan, task)) {
    co_await go_on_handling(task);
    co_return;
  }
  const std::optional<RetryPolicy>& policy = node_of(task).options.retry;
  const int attempts_max = policy ? policy->max_attempts : 1;
  for (int attempt = 1;; ++attempt) {
    if (attempt > 1) {
      const bool goes_on = co_await pause_before(*policy, attempt);
      if (!goes_on) {
        task.end = TaskEnd::cancelled;
        co_return;
      }
    }
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
    if (is_left_open(task)) co_return;
    const bool again = task.end == TaskEnd::failed && attempt < attempts_max && wants_retry(*policy, task.failure);
    if (!again && task.end == TaskEnd::failed && node_of(task).options.on_error && !over_) {
      co_await handle_failure(task, context);
      if (is_left_open(task)) co_return;
    }
    if (!again) {
      end_task(task, &context.stream());
      co_return;
    }
    task.end = TaskEnd::open;
  }
}

// Whether the attempt is to be made; false if the task was told to stop meanwhile.
asio::awaitable<bool> TaskRunner::pause_before(const RetryPolicy& policy, int attempt) {
  asio::steady_timer pause(superstep_.run.executor, wait_before(policy, attempt));
  co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() == asio::cancellation_type::none;
}

// Asks the error handler of a node for what the node could not give (runtime.md 8.3). Whoever goes on from here after
// a question or a crash runs the handler alone.
asio::awaitable<void> TaskRunner::handle_failure(Task& task, TaskContext& context) {
  task.record.handled = context.failure();
  if (superstep_.stores_at_once()) put_record(superstep_, task);
  identify(superstep_, task);
  start_handler(task);
  if (superstep_.kinds.tasks && !node_of(task).hidden) {
    TaskEndFact failed{superstep_.checkpoint_ns, superstep_.step, task.id->text(),
                       node_of(task).name,       json::object{},  {},
                       task.record.error};
    superstep_.run.emit(std::move(failed));
  }
  co_await run_handler(task, context);
}

asio::awaitable<void> TaskRunner::go_on_handling(Task& task) {
  identify(superstep_, task);
  TaskContext context(superstep_, task, *task.record.handled);
  context.stream().started();
  start_handler(task);
  co_await run_handler(task, context);
  if (!is_left_open(task)) end_task(task, &context.stream());
}

void TaskRunner::start_handler(Task& task) {
  task.handler = id_of_handler(superstep_.plan, task.planned, *task.id, superstep_.checkpoint, superstep_.checkpoint_ns,
                               superstep_.step);
  if (!superstep_.kinds.tasks || node_of(task).hidden) return;
  superstep_.run.emit(TaskStartFact{superstep_.checkpoint_ns,
                                    superstep_.step,
                                    task.handler->text(),
                                    handler_name(node_of(task).name),
                                    task.input,
                                    {std::string(reserved::kPush)}});
}

asio::awaitable<void> TaskRunner::run_handler(Task& task, TaskContext& context) {
  const PlannedNode& node = node_of(task);
  NodeFailure failure{node.name, task.record.handled->error};
  Ran ran;
  try {
    NodeResult result = co_await node.options.on_error(context, std::move(failure));
    ran.result = std::move(result);
  } catch (...) {
    ran.thrown = std::current_exception();
  }
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    task.end = TaskEnd::cancelled;
    co_return;
  }
  task.end = TaskEnd::open;
  settle(task, std::move(ran));
  if (task.end == TaskEnd::finished) {
    task.record.error.reset();
    task.failure = nullptr;
  }
  // A handler that gives up leaves the failure to whoever goes on, who wants the node tried again.
  if (task.end == TaskEnd::failed) task.record.handled.reset();
}

asio::awaitable<void> TaskRunner::run_inside(Task& task, TaskContext& context, Ran& ran) {
  const PlannedNode& node = node_of(task);
  if (const auto* function = std::get_if<NodeFunction>(&node.body)) {
    NodeResult result = co_await (*function)(context);
    ran.result = std::move(result);
  } else {
    const CompiledGraph& graph = *std::get<std::shared_ptr<const CompiledGraph>>(node.body);
    context.stream().graph_started(graph.name());
    State values = co_await context.run_subgraph(graph, task.input);
    context.stream().graph_ended(graph.name(), values);
    ran.values = std::move(values);
  }
}

asio::awaitable<TaskRunner::Ran> TaskRunner::run_body(Task& task, TaskContext& context) {
  const PlannedNode& node = node_of(task);
  Ran ran;
  try {
    if (const auto* plain = std::get_if<PlainNodeFunction>(&node.body)) {
      ran.result = (*plain)(context);
    } else {
      asio::awaitable<void> body = run_inside(task, context, ran);
      const std::optional<milliseconds> timeout = task.planned.timeout ? task.planned.timeout : node.options.timeout;
      const bool has_limit = timeout || node.options.idle_timeout;
      if (has_limit) body = with_timeouts(std::move(body), node, timeout, context);
      co_await std::move(body);
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
  const Command* up = command_to_parent(ran.result);
  if (up && superstep_.nested) {
    task.parent_command = *up;
    task.end = TaskEnd::to_parent;
    return;
  }
  if (ran.values) {
    task.record.writes = subgraph_writes(plan, superstep_.cells, task.planned.node, *ran.values, path_view());
  } else if (!up) {  // at the root such a Command is without effect (runtime.md 6)
    task.record.writes = result_writes(plan, superstep_.cells, task.planned.node, std::move(ran.result), path_view());
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
  } catch (const TaskDrained&) {
    task.end = TaskEnd::drained;
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
  // A task that leaves the graph takes its writes to the enclosing one, and is told as if it had thrown them.
  if (task.end == TaskEnd::to_parent) {
    if (superstep_.kinds.tasks && !node_of(task).hidden) {
      identify(superstep_, task);
      TaskEndFact left{
          superstep_.checkpoint_ns,      superstep_.step, task.id->text(), node_of(task).name, json::object{}, {},
          ErrorInfo{"ParentCommand", ""}};
      superstep_.run.emit(std::move(left));
    }
    return;
  }
  if (superstep_.stores_at_once()) put_record(superstep_, task);
  if (stream && task.end == TaskEnd::finished) stream->finished();
  tell_(task);
}

}  // namespace heddle::runtime
