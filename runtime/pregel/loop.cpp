#include "runtime/pregel/loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "runtime/error.h"
#include "runtime/log.h"
#include "runtime/pregel/input_output.h"
#include "runtime/pregel/reserved.h"
#include "runtime/pregel/snapshot.h"
#include "runtime/pregel/task_runner.h"
#include "runtime/uuid.h"

namespace heddle::runtime {

namespace asio = boost::asio;

namespace {

// A graph that never waits lets others have the thread now and then, and can be cancelled there.
constexpr std::int64_t kStepsBetweenYields = 32;

GraphError recursion_error(std::int64_t limit) {
  return {"GraphRecursionError",
          with_help("Recursion limit of " + std::to_string(limit) +
                        " reached without hitting a stop condition. You can increase the limit by setting the "
                        "\"recursionLimit\" config key.",
                    "GRAPH_RECURSION_LIMIT")};
}

// Without a wish for graphs inside only what is seen without it (streaming.md 3.3 to 3.6).
EventKinds kinds_of(const EventKinds& kinds, bool nested) {
  if (!nested || kinds.subgraphs) return kinds;
  EventKinds few;
  few.values = false;
  few.messages = kinds.messages;
  few.custom = kinds.custom;
  few.traces = kinds.traces;
  return few;
}

std::string cache_key(const CachePolicy& policy, const std::string& node, const Task& task, const RunConfig& config) {
  if (policy.key) return NodeCache::key_of(node, policy.key(task.input, config));
  std::string input;
  if (task.planned.kind == TaskKind::push) {
    task.planned.argument.print(input);
  } else {
    task.input.print(input);
  }
  return NodeCache::key_of(node, input);
}

bool has_untracked_keys(const CompiledGraph::Plan& plan) {
  return std::ranges::any_of(plan.state_keys,
                             [&](ChannelIndex key) { return plan.channels[key].kind == ChannelKind::untracked; });
}

}  // namespace

Loop::Loop(const CompiledGraph& graph, RunScope& run, Start start)
    : plan_(graph.plan()),
      run_(run),
      start_(std::move(start)),
      kinds_(kinds_of(run.kinds, start_.nested)),
      tell_([this](Task& task) { tell_end(task); }),
      cells_(plan_) {
  if (!start_.stop_before) start_.stop_before = plan_.interrupt_before;
  if (!start_.stop_after) start_.stop_after = plan_.interrupt_after;
}

// What needs no waiting is done without a coroutine of its own: a superstep of plain nodes makes none.
asio::awaitable<Loop::End> Loop::run(Input input) {
  if (has_saver()) {
    co_await load(input);
  } else {
    stand_on(std::nullopt);
  }
  if (std::exception_ptr refused = take_in(std::move(input))) {
    end_ = {OutcomeStatus::failed, std::move(refused), {}, std::nullopt};
    plan_superstep();
    co_return std::move(end_);
  }
  if (was_to_stop_here()) {
    plan_superstep();
    tell_stop();
    co_return std::move(end_);
  }
  // What was taken in without running START: a Command, an answer, a fork.
  const bool is_stored_first = run_.durability == Durability::sync && stores_at_once() && !fresh_input_;
  if (is_stored_first) co_await run_.flush();
  while (true) {
    const Begun begun = begin_superstep();
    if (begun == Begun::over) break;
    if (begun == Begun::is_open) {
      TaskRunner runner(*superstep_, tasks_, tell_);
      if (runner.run_plain()) co_await runner.run_waiting();
      note_ends();
    }
    if (!end_superstep()) break;
    if (stores_at_once()) co_await wait_for_storage();
    if (stops_behind()) break;
    if (step_ % kStepsBetweenYields == 0) co_await asio::post(run_.executor, asio::use_awaitable);
  }
  co_return std::move(end_);
}

Loop::Begun Loop::begin_superstep() {
  plan_superstep();
  if (run_.services.log) warn_of_unknown_targets();
  if (step_ > stop_) {
    end_.status = OutcomeStatus::failed;
    end_.failure = std::make_exception_ptr(recursion_error(run_.config->recursion_limit));
    return Begun::over;
  }
  if (kinds_.checkpoints && has_saver()) tell_checkpoint();
  if (tasks_.empty()) return Begun::over;
  if (superstep_->is_to_drain()) {
    end_.status = OutcomeStatus::drained;
    return Begun::over;
  }
  tell_restored();
  if (!has_open_task()) return Begun::has_results;
  if (stops(start_.stop_before)) {
    tell_stop();
    return Begun::over;
  }
  if (kinds_.tasks) tell_starts();
  if (plan_.cache) take_cached();
  return Begun::is_open;
}

// Of a Command from outside, or of a checkpoint that is older than the graph; they are passed over (runtime.md 2.3).
// The names are not told: a client may have made them up.
void Loop::warn_of_unknown_targets() const {
  const Channel& sends = cells_.channels[plan_.sends];
  if (!sends.available(plan_.channels[plan_.sends])) return;
  const auto is_push = [](const Task& task) { return task.planned.kind == TaskKind::push; };
  const auto known = static_cast<std::size_t>(std::ranges::count_if(tasks_, is_push));
  const std::size_t sent = sends.get().size();
  if (sent == known) return;
  json::object fields{{"count", sent - known}, {"graph", plan_.name}};
  if (run_.config->run_id) fields["run_id"] = run_.config->run_id->text();
  if (run_.config->thread_id) fields["thread_id"] = run_.config->thread_id->text();
  run_.services.log->warning("Sends to nodes that the graph does not have were passed over", fields);
}

bool Loop::has_open_task() const {
  return std::ranges::any_of(tasks_, [](const Task& task) { return task.end == TaskEnd::open; });
}

// Whether the run goes on.
bool Loop::end_superstep() {
  if (end_.status != OutcomeStatus::done || end_.parent_command) return false;
  std::exception_ptr refused = finish_superstep();
  if (!refused) return true;
  end_.status = OutcomeStatus::failed;
  end_.failure = std::move(refused);
  return false;
}

// Whether a breakpoint behind the superstep ends the run here.
bool Loop::stops_behind() {
  if (!stops(start_.stop_after)) return false;
  plan_superstep();
  tell_stop();
  return true;
}

asio::awaitable<void> Loop::wait_for_storage() {
  if (run_.durability == Durability::sync) {
    co_await run_.flush();
  } else {
    co_await run_.wait_for_room();
  }
}

void Loop::plan_superstep() {
  std::vector<PlannedTask> planned = plan_tasks(plan_, cells_, changed_);
  tasks_.clear();
  tasks_.resize(planned.size());
  superstep_.emplace(SuperstepScope{plan_, run_, cells_, start_.checkpoint_ns, start_.enclosing, place_.id, step_,
                                    stop_, start_.nested, kinds_, resuming_, has_saver(), start_.root_task});
  for (std::size_t index = 0; index < tasks_.size(); ++index) {
    Task& task = tasks_[index];
    task.planned = std::move(planned[index]);
    if (!pending_.empty() && !travels_) {
      identify(*superstep_, task);
      const auto found = std::ranges::find(pending_, *task.id, &TaskWrites::task_id);
      if (found != pending_.end()) task.record = restored_record(plan_, found->writes);
    }
    task.restored = task.record.finished;
    if (task.restored) task.end = TaskEnd::finished;
    if (plan_.nodes[task.planned.node].is_start || plan_.workflow) {
      task.input = fresh_input_ ? *fresh_input_ : State::of(cells_.channels[plan_.start].get().json());
    } else if (task.planned.kind == TaskKind::push) {
      task.input = State::of(task.planned.argument.json());
    } else {
      task.input = node_input(plan_, cells_, task.planned.node, {step_, stop_});
    }
  }
}

// A task that is stopped because another one failed does not count as failed.
void Loop::note_failures(std::vector<std::exception_ptr> failures) {
  if (failures.empty()) return;
  end_.status = OutcomeStatus::failed;
  end_.failure = failures.size() == 1 ? std::move(failures.front())
                                      : std::make_exception_ptr(AggregateError(step_, std::move(failures)));
}

void Loop::note_ends() {
  std::vector<std::exception_ptr> failures;
  bool is_drained = false;
  for (Task& task : tasks_) {
    if (task.end == TaskEnd::to_parent && !end_.parent_command) end_.parent_command = std::move(task.parent_command);
    if (task.end == TaskEnd::failed) failures.push_back(task.failure);
    is_drained = is_drained || task.end == TaskEnd::drained;
    if (task.end == TaskEnd::asked) {
      end_.status = OutcomeStatus::interrupted;
      end_.interrupts.insert(end_.interrupts.end(), task.record.interrupts.begin(), task.record.interrupts.end());
    }
  }
  // What was asked is asked again when the run is taken up.
  if (is_drained) end_.status = OutcomeStatus::drained;
  note_failures(std::move(failures));
  if (end_.status != OutcomeStatus::interrupted || start_.nested || !kinds_.values) return;
  const bool wrote = std::ranges::any_of(tasks_, [&](const Task& task) {
    return task.end == TaskEnd::finished && writes_state(plan_, task.record.writes);
  });
  if (wrote) tell_values(partial_values(), false);
}

std::exception_ptr Loop::finish_superstep() {
  std::vector<FinishedTask> finished;
  finished.reserve(tasks_.size());
  bool wrote = false;
  for (const Task& task : tasks_) {
    finished.push_back({&task.planned, task.record.writes});
    wrote = wrote || writes_state(plan_, task.record.writes);
  }
  try {
    changed_ = apply_writes(plan_, cells_, std::move(finished));
  } catch (const std::exception&) {
    return std::current_exception();
  }
  pending_.clear();
  outside_ = {};
  fresh_input_.reset();
  travels_ = false;
  resuming_ = false;
  save(CheckpointSource::loop);
  if (wrote && kinds_.values) tell_values(values(), true);
  return nullptr;
}

// Makes the checkpoint on which the next superstep runs.
void Loop::save(CheckpointSource source) {
  outside_unstored_ = false;
  if (has_saver()) {
    const Timestamp now = run_.services.clock.now();
    Place next;
    next.id = run_.services.checkpoint_ids.next(now, step_);
    if (place_.exists) next.parent = place_.id;
    next.created_at = now;
    next.metadata =
        CheckpointMetadata{source, step_, start_.enclosing, run_.config->checkpoint_metadata, start_.own_metadata};
    next.exists = true;
    next.exact = true;
    next.stored = stores_at_once();
    place_ = std::move(next);
    if (place_.stored) run_.put(checkpoint_now());
  }
  ++step_;
}

Checkpoint Loop::checkpoint_now() const {
  Checkpoint checkpoint;
  checkpoint.checkpoint_ns = start_.checkpoint_ns;
  checkpoint.id = place_.id;
  checkpoint.parent = place_.parent;
  checkpoint.run_id = run_.config->run_id;
  checkpoint.created_at = place_.created_at;
  checkpoint.metadata = place_.metadata;
  store_cells(plan_, cells_, checkpoint);
  return checkpoint;
}

void Loop::store_what_is_left() {
  if (!has_saver() || stores_at_once()) return;
  if (place_.exists && !place_.stored) {
    Checkpoint checkpoint = checkpoint_now();
    checkpoint.parent = stored_parent_;
    run_.put(std::move(checkpoint));
    place_.stored = true;
  }
  if (!place_.stored) return;
  if (outside_unstored_) {
    run_.put_writes(start_.checkpoint_ns, place_.id, {kNullTask, "", stored_outside(plan_, outside_)});
  }
  // A run that was stopped between two supersteps still has the tasks of the last one, whose writes are in the state.
  if (!superstep_ || superstep_->checkpoint != place_.id) return;
  for (Task& task : tasks_) {
    if (!stored_record(plan_, task.record).empty() && !task.restored && task.end != TaskEnd::to_parent) {
      put_record(*superstep_, task);
    }
  }
}

bool Loop::stops(const std::shared_ptr<const Breakpoints>& breakpoints) const {
  if (!breakpoints || breakpoints->empty()) return false;
  std::vector<NodeIndex> nodes;
  for (const Task& task : tasks_) nodes.push_back(task.planned.node);
  return stops_at(plan_, cells_, *breakpoints, nodes);
}

State Loop::values() const {
  return all_values(plan_, cells_);
}

State Loop::output() const {
  return output_values(plan_, cells_);
}

State Loop::partial_values() const {
  std::vector<FinishedTask> finished;
  for (const Task& task : tasks_) {
    if (task.end == TaskEnd::finished) finished.push_back({&task.planned, task.record.writes});
  }
  if (finished.empty()) return values();
  return values_with(plan_, cells_, std::move(finished));
}

std::vector<std::string> Loop::next() const {
  std::vector<std::string> names;
  for (const Task& task : tasks_) {
    if (task.end != TaskEnd::finished) names.push_back(plan_.nodes[task.planned.node].name);
  }
  return names;
}

std::optional<CheckpointId> Loop::head() const {
  if (!place_.exists || !has_saver()) return std::nullopt;
  return place_.id;
}

void Loop::tell_checkpoint() {
  CheckpointFact fact{start_.checkpoint_ns, place_.id, place_.parent, place_.metadata, values(), {}, {}};
  // What the run lays into its checkpoints is told of those alone that it found here (streaming.md 3.8).
  if (!place_.loaded) {
    fact.metadata.shared = nullptr;
    fact.metadata.own.clear();
  }
  for (Task& task : tasks_) {
    identify(*superstep_, task);
    fact.next.push_back(plan_.nodes[task.planned.node].name);
    fact.tasks.push_back(task_view(plan_, task.planned, *task.id, task.node_ns, task.record));
  }
  run_.emit(std::move(fact));
}

void Loop::tell_restored() {
  if (!kinds_.updates) return;
  for (const Task& task : tasks_) {
    const PlannedNode& node = plan_.nodes[task.planned.node];
    if (!task.restored || node.hidden) continue;
    run_.emit(UpdateFact{start_.checkpoint_ns, node.name, shown_update(plan_, task.record.writes), true});
  }
}

// Tasks whose input has been seen before have their results at once.
void Loop::take_cached() {
  for (Task& task : tasks_) {
    const PlannedNode& node = plan_.nodes[task.planned.node];
    if (task.end != TaskEnd::open || !node.options.cache) continue;
    const std::string key = cache_key(*node.options.cache, node.name, task, *run_.config);
    const std::optional<std::vector<ChannelWrite>> found = plan_.cache->find(key, run_.services.clock.now());
    if (!found) continue;
    task.record = restored_record(plan_, *found);
    task.end = TaskEnd::finished;
    if (superstep_->stores_at_once()) put_record(*superstep_, task);
    if (kinds_.updates && !node.hidden) {
      run_.emit(UpdateFact{start_.checkpoint_ns, node.name, shown_update(plan_, task.record.writes), true});
    }
  }
}

void Loop::keep_in_cache(const Task& task) {
  const PlannedNode& node = plan_.nodes[task.planned.node];
  if (!node.options.cache || task.end != TaskEnd::finished || task.handler) return;
  std::vector<ChannelWrite> writes;
  for (const Write& write : task.record.writes) writes.push_back({plan_.channels[write.channel].name, write.value});
  if (writes.empty()) writes.push_back({std::string(reserved::kNoWrites), Value()});
  plan_.cache->keep(cache_key(*node.options.cache, node.name, task, *run_.config), std::move(writes),
                    run_.services.clock.now(), node.options.cache->ttl);
}

void Loop::tell_starts() {
  for (Task& task : tasks_) {
    const PlannedNode& node = plan_.nodes[task.planned.node];
    if (node.hidden || is_handled(plan_, task)) continue;
    identify(*superstep_, task);
    TaskStartFact fact{
        start_.checkpoint_ns, step_, task.id->text(), node.name, {}, shown_triggers(plan_, task.planned)};
    if (task.planned.kind == TaskKind::push) {
      fact.input = task.planned.argument;
    } else {
      fact.input = task.input;
    }
    run_.emit(std::move(fact));
  }
}

void Loop::tell_end(const Task& task) {
  const PlannedNode& node = plan_.nodes[task.planned.node];
  if (plan_.cache) keep_in_cache(task);
  if (node.hidden) return;
  const std::string name = task.handler ? handler_name(node.name) : node.name;
  if (task.end == TaskEnd::finished && kinds_.updates) {
    run_.emit(UpdateFact{start_.checkpoint_ns, name, shown_update(plan_, task.record.writes), false});
  }
  if (task.end == TaskEnd::asked && (kinds_.updates || kinds_.values)) {
    run_.emit(InterruptFact{start_.checkpoint_ns, task.record.interrupts});
  }
  if (!kinds_.tasks) return;
  TaskEndFact fact;
  fact.checkpoint_ns = start_.checkpoint_ns;
  fact.step = step_;
  fact.id = task.handler ? task.handler->text() : task.id->text();
  fact.name = name;
  if (task.end == TaskEnd::finished) fact.result = shown_result(plan_, task.record.writes);
  if (task.end == TaskEnd::asked) fact.interrupts = task.record.interrupts;
  if (task.end == TaskEnd::failed || task.end == TaskEnd::cancelled) fact.error = task.record.error;
  run_.emit(std::move(fact));
}

void Loop::tell_values(State values, bool exact) {
  if (!kinds_.values) return;
  ValuesFact fact{start_.checkpoint_ns, std::move(values), std::nullopt};
  if (exact && place_.stored && !has_untracked_keys(plan_)) fact.stored_as = place_.id;
  run_.emit(std::move(fact));
}

// A static breakpoint asks nothing.
void Loop::tell_stop() {
  end_.status = OutcomeStatus::interrupted;
  if (kinds_.updates || kinds_.values) run_.emit(InterruptFact{start_.checkpoint_ns, {}});
}

}  // namespace heddle::runtime
