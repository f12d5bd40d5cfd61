// The outermost loop of a run: what it starts with, what is made durable, and what is told of its end.

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <map>
#include <utility>

#include "runtime/compiled_graph.h"
#include "runtime/error.h"
#include "runtime/pregel/loop.h"
#include "runtime/pregel/task_stream.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;

EventKinds kinds_wanted(const RunOptions& options, const RunServices& services) {
  if (services.events) return options.kinds;
  EventKinds none;
  none.values = false;
  return none;
}

std::map<std::string, CheckpointId> addressed_places(const std::optional<CheckpointAddress>& from) {
  if (!from) return {};
  std::map<std::string, CheckpointId> places = from->map;
  if (from->id) places.insert_or_assign(from->checkpoint_ns, *from->id);
  return places;
}

Loop::Input loop_input(const RunInput& input) {
  if (const GraphInput* given = std::get_if<GraphInput>(&input)) return State::of(given->value);
  if (const Command* command = std::get_if<Command>(&input)) return *command;
  return NoInput{};
}

json::value shown_input(const RunInput& input) {
  if (const GraphInput* given = std::get_if<GraphInput>(&input)) return given->value;
  if (const Command* command = std::get_if<Command>(&input)) return to_json(*command);
  return nullptr;
}

ErrorInfo info_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error_info(error);
  } catch (...) {
    return {"Error", "a node threw something that is no std::exception"};
  }
}

// `drain`: there if the run was drained.
RunOutcome outcome_of(const Loop& loop, const Loop::End& end, const DrainRequest* drain) {
  RunOutcome outcome;
  outcome.status = end.status;
  outcome.values = end.status == OutcomeStatus::done ? loop.values() : loop.partial_values();
  outcome.next = loop.next();
  for (const Task& task : loop.tasks()) {
    if (task.end == TaskEnd::finished || task.record.interrupts.empty() || !task.id) continue;
    outcome.interrupts.emplace(task.id->text(), task.record.interrupts);
    for (const Interrupt& interrupt : task.record.interrupts) outcome.all_interrupts.push_back(interrupt);
  }
  if (end.failure) outcome.error = info_of(end.failure);
  if (end.status == OutcomeStatus::drained) {
    outcome.error = ErrorInfo{"GraphDrained", "Graph drained: " + drain->reason()};
  }
  outcome.head = loop.head();
  return outcome;
}

asio::awaitable<void> make_durable(Loop& loop, const RunScope& run) {
  loop.store_what_is_left();
  co_await run.flush();
}

}  // namespace

asio::awaitable<RunOutcome> CompiledGraph::run(RunOptions options, const RunServices& services) const {
  RunScope run{services, options.config,       kinds_wanted(options, services), options.durability, {}, {}, {},
               {},       options.strict_resume};
  if (!run.config) run.config = std::make_shared<const RunConfig>();
  run.executor = co_await asio::this_coro::executor;
  run.addressed = addressed_places(options.from);
  run.drain = std::move(options.drain);

  Loop::Start start;
  start.addresses_subgraph = !run.addressed.empty() && !run.addressed.rbegin()->first.empty();
  start.stop_before = std::move(options.interrupt_before);
  start.stop_after = std::move(options.interrupt_after);
  Loop loop(*this, run, std::move(start));
  if (run.kinds.traces) trace_run_start(run, name(), shown_input(options.input));

  Loop::End end;
  bool cancelled = false;
  std::exception_ptr broken;
  try {
    Loop::Input input = loop_input(options.input);
    Loop::End ended = co_await loop.run(std::move(input));
    end = std::move(ended);
    if (run.has_saver()) loop.store_what_is_left();
    const bool is_waited_for = options.returns_durable || end.status == OutcomeStatus::drained;
    if (run.has_saver() && is_waited_for) co_await run.flush();
  } catch (const RunCancelled&) {
    cancelled = true;
  } catch (const StoringFailed& failed) {
    broken = failed.failure;
  } catch (const boost::system::system_error& error) {
    // Nodes' failures stay inside the loop: this is a wait of the loop itself.
    cancelled = error.code() == asio::error::operation_aborted;
    if (!cancelled) throw;
  }
  if (cancelled) {
    // What finished is kept, and the caller can wait for other things again.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    try {
      if (run.has_saver()) co_await make_durable(loop, run);
    } catch (const StoringFailed& failed) {
      broken = failed.failure;
    }
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  }
  if (broken) std::rethrow_exception(broken);
  if (cancelled) throw boost::system::system_error(asio::error::operation_aborted);

  if (run.kinds.traces && end.status != OutcomeStatus::failed) trace_run_end(run, name(), loop.values().to_value());
  co_return outcome_of(loop, end, run.drain.get());
}

}  // namespace heddle::runtime
