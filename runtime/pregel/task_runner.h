#pragma once
// Runs the tasks of one superstep: concurrency, retries, timeouts, stopping (runtime.md 2.4, 8).

#include <boost/asio/awaitable.hpp>
#include <exception>
#include <functional>
#include <span>
#include <vector>

#include "runtime/pregel/input_output.h"
#include "runtime/pregel/run_scope.h"
#include "runtime/pregel/task_context.h"

namespace heddle::runtime {

// Belongs to the executor of the run. Every task that ends is put to the saver first and then told.
class TaskRunner {
 public:
  using Told = std::function<void(Task&)>;

  // All outlive this object. `tell` is called for each task that ends here, in the order in which they end.
  TaskRunner(SuperstepScope& superstep, std::span<Task> tasks, const Told& tell)
      : superstep_(superstep), tasks_(tasks), tell_(tell) {}
  TaskRunner(const TaskRunner&) = delete;
  TaskRunner& operator=(const TaskRunner&) = delete;

  // Runs the open tasks that never wait, until one fails. Whether there are others to be run.
  bool run_plain();
  // Runs the rest at the same time. When one fails the others are stopped and awaited. Throws RunCancelled and
  // StoringFailed, then too only after everything has ended.
  boost::asio::awaitable<void> run_waiting();

 private:
  // How a body ended: with a result, with the values of a graph, or by throwing.
  struct Ran {
    NodeResult result;
    std::optional<State> values;
    std::exception_ptr thrown;
  };

  const PlannedNode& node_of(const Task& task) const { return superstep_.plan.nodes[task.planned.node]; }
  PathView path_view() const { return {*superstep_.run.config, {superstep_.step, superstep_.stop}}; }
  bool never_waits(const Task& task) const;
  void run_plain_task(Task& task);
  boost::asio::awaitable<void> run_task(Task& task);
  boost::asio::awaitable<bool> pause_before(const RetryPolicy& policy, int attempt);
  boost::asio::awaitable<void> run_inside(Task& task, TaskContext& context, Ran& ran);
  boost::asio::awaitable<Ran> run_body(Task& task, TaskContext& context);
  boost::asio::awaitable<void> go_on_handling(Task& task);
  boost::asio::awaitable<void> handle_failure(Task& task, TaskContext& context);
  void start_handler(Task& task);
  boost::asio::awaitable<void> run_handler(Task& task, TaskContext& context);
  boost::asio::awaitable<void> run_together(std::vector<Task*> waiting);
  void settle(Task& task, Ran ran);
  void take_result(Task& task, Ran ran);
  void take_failure(Task& task, std::exception_ptr thrown);
  void end_task(Task& task, TaskStream* stream);
  void end_late(std::span<Task* const> tasks);
  void end_stopped(std::span<Task* const> tasks);

  SuperstepScope& superstep_;
  std::span<Task> tasks_;
  const Told& tell_;
  bool over_ = false;    // a task failed or left the graph: nothing new is started
  bool failed_ = false;  // the first of these failed
};

}  // namespace heddle::runtime
