// The beginning of a run: where it stands and what comes in (runtime.md 2.1, 2.2 and 13).

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <string_view>
#include <utility>

#include "runtime/error.h"
#include "runtime/pregel/input_output.h"
#include "runtime/pregel/loop.h"
#include "runtime/schema_check.h"
#include "runtime/uuid.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;

GraphError no_input() {
  return {"EmptyInputError", "Received no input writes for \"__start__\""};
}

std::string run_id_text(const RunConfig& config) {
  return config.run_id ? config.run_id->text() : std::string();
}

// What nodes are given as a secret is no part of the context that is checked.
bool is_secret(std::string_view key, const RunConfig& config) {
  return key.starts_with('_') || (config.context_secrets && config.context_secrets->contains(key));
}

// The text names keys and kinds, and no value.
void check_context(json::object schema, const RunConfig& config, const std::string& graph) {
  if (json::value* properties = schema.if_contains("properties"); properties && properties->is_object()) {
    json::object shown;
    for (const auto& member : properties->get_object()) {
      if (!is_secret(member.key(), config)) shown.insert(member);
    }
    *properties = std::move(shown);
  }
  if (json::value* required = schema.if_contains("required"); required && required->is_array()) {
    json::array shown;
    for (const json::value& key : required->get_array()) {
      if (!key.is_string() || !is_secret(std::string_view(key.get_string()), config)) shown.push_back(key);
    }
    *required = std::move(shown);
  }
  const json::value& context = config.context;
  const std::optional<std::string> mismatch =
      schema_mismatch(schema, context.is_null() ? json::value(json::object()) : context);
  if (!mismatch) return;
  throw GraphError("ValidationError",
                   "The context of the run does not fit the context schema of graph \"" + graph + "\":" + *mismatch);
}

bool is_made_by_hand(CheckpointSource source) {
  return source == CheckpointSource::update || source == CheckpointSource::fork;
}

}  // namespace

asio::awaitable<void> Loop::load(const Input& input) {
  std::optional<LoadedCheckpoint> found = co_await find_place(input);
  stand_on(std::move(found));
}

void Loop::stand_on(std::optional<LoadedCheckpoint> loaded) {
  if (!loaded) {
    place_.id = run_.services.checkpoint_ids.next(run_.services.clock.now(), -2);
  } else {
    Checkpoint& checkpoint = loaded->checkpoint;
    cells_ = restored_cells(plan_, checkpoint);
    step_ = checkpoint.metadata.step + 1;
    place_ =
        Place{checkpoint.id, checkpoint.parent, checkpoint.created_at, std::move(checkpoint.metadata), true, true, true,
              true};
    stored_parent_ = place_.id;
    loaded_ = true;
    const auto outside = std::ranges::find(loaded->pending, kNullTask, &TaskWrites::task_id);
    if (outside != loaded->pending.end()) outside_ = restored_outside(plan_, outside->writes);
    pending_ = std::move(loaded->pending);
  }
  stop_ = step_ + run_.config->recursion_limit + 1;
}

asio::awaitable<std::optional<LoadedCheckpoint>> Loop::find_place(const Input& input) {
  const auto addressed = run_.addressed.find(start_.checkpoint_ns);
  const bool is_addressed = addressed != run_.addressed.end();
  std::optional<LoadedCheckpoint> newest;
  if (!is_addressed && visits_first_in_replay()) {
    newest = co_await run_.newest_before(start_.checkpoint_ns, *run_.replay_bound);
    co_return newest;
  }
  newest = co_await run_.newest(start_.checkpoint_ns);
  // What is made becomes the head, also when the clock went back since the last one (runtime.md 10.1).
  if (newest) run_.services.checkpoint_ids.seed(newest->checkpoint.id);
  same_run_ = newest && newest->checkpoint.run_id && newest->checkpoint.run_id == run_.config->run_id;
  // A run that is taken up again goes on where it stood, wherever it once started.
  if (!is_addressed || same_run_) co_return newest;

  std::optional<LoadedCheckpoint> found;
  if (newest && newest->checkpoint.id == addressed->second) {
    found = newest;
  } else {
    found = co_await run_.find(start_.checkpoint_ns, addressed->second);
  }
  // From a checkpoint that is not there an input starts afresh, and without one there is nothing to go on with
  // (http-api.md 8.9).
  if (!found) co_return found;
  std::optional<CheckpointId> newest_id;
  if (newest) newest_id = newest->checkpoint.id;
  note_travel(input, *found, newest_id);
  co_return found;
}

void Loop::note_travel(const Input& input, const LoadedCheckpoint& loaded, const std::optional<CheckpointId>& newest) {
  const bool at_head = newest == loaded.checkpoint.id;
  const Command* command = std::get_if<Command>(&input);
  const bool by_hand = is_made_by_hand(loaded.checkpoint.metadata.source);
  const bool answers = (command && command->resume) || (start_.nested && run_.answers.are_there());
  travels_ = answers ? !at_head : !at_head || by_hand;
  // A checkpoint that was made by hand and is the newest is a fork already.
  forks_ = travels_ && !(at_head && by_hand) && !start_.addresses_subgraph;
  if (travels_) {
    run_.replay_bound = by_hand && loaded.checkpoint.parent ? *loaded.checkpoint.parent : loaded.checkpoint.id;
  }
}

// Whether this is a graph inside of a run that goes back, the first one at its place. The next one there is told no.
bool Loop::visits_first_in_replay() {
  if (!start_.nested || !run_.replay_bound) return false;
  const std::string& ns = start_.checkpoint_ns;
  return run_.replayed.insert(ns.substr(0, ns.rfind(':'))).second;
}

std::exception_ptr Loop::take_in(Input input) {
  if (end_.failure) return end_.failure;
  try {
    take_in_or_throw(std::move(input));
  } catch (const std::exception&) {
    return std::current_exception();
  }
  return nullptr;
}

void Loop::take_in_or_throw(Input input) {
  if (run_.config->recursion_limit < 1) throw GraphError("Error", "Passed \"recursionLimit\" must be at least 1.");
  if (plan_.context_schema && !start_.nested) check_context(*plan_.context_schema, *run_.config, plan_.name);
  const bool begun = cells_.newest > 0;
  const Command* command = std::get_if<Command>(&input);
  if (command) check_command(*command);

  const std::vector<Write> outside = outside_writes(command);
  if (!outside.empty()) {
    apply_writes(plan_, cells_, {{nullptr, outside}});
    place_.exact = false;
  }
  bool goes_on = same_run_ || std::holds_alternative<NoInput>(input) || (command && command->resume);
  if (start_.nested) goes_on = travels_ || (start_.resuming && begun_in_this_task());
  if (begun && goes_on) {
    go_on();
  } else if (command) {
    cells_.seen_at_stop = cells_.versions;
    outside_ = {};
    save(CheckpointSource::input);
    tell_values(values(), true);
  } else if (State* given = std::get_if<State>(&input)) {
    start_with(std::move(*given));
  } else {
    throw no_input();
  }
}

// A graph that is kept per thread may stand where an earlier run of it ended; then it is started anew.
bool Loop::begun_in_this_task() const {
  return plan_.persistence != Persistence::per_thread || place_.metadata.parents == start_.enclosing;
}

void Loop::check_command(const Command& command) const {
  if (command.graph == CommandTarget::parent_graph) {
    throw GraphError("InvalidUpdateError", "There is no parent graph.");
  }
  if (command.resume && !has_saver()) {
    throw GraphError("Error", "Cannot use Command(resume=...) without checkpointer");
  }
  // If a checkpoint of this run exists its answer was taken before.
  if (command.resume && run_.strict_resume && !same_run_) check_strictly(*command.resume);
  // An answer that nobody asked for is passed over (http-api.md 8.8), and then there is nothing to go on with.
  if (command.resume && cells_.newest == 0 && command.update.empty() && command.go_to.empty()) throw no_input();
  if (!command.resume && command.update.empty() && command.go_to.empty()) {
    throw GraphError("EmptyInputError", "Received empty Command input");
  }
}

// The writes that Commands left on the checkpoint, with those of the Command of this run. Gives out its answer.
std::vector<Write> Loop::outside_writes(const Command* command) {
  const std::string run_id = run_id_text(*run_.config);
  // If a checkpoint of this run exists the Command is part of it.
  if (command && !same_run_) {
    OutsideWrites::Group group{run_id, std::nullopt, {}};
    const OutsideWrites::Group* earlier = outside_.of_run(run_id);
    if (command->resume) group.answers = bind_answer(*command->resume, earlier);
    group.resume = command->resume;
    if (!earlier) {
      group.writes = command_writes(plan_, *command);
      outside_.groups.push_back(std::move(group));
      outside_unstored_ = true;
    }
  }
  const bool brings_answer = command && command->resume;
  if (!brings_answer && !travels_) bind_kept_answers();
  // An earlier attempt stands on its own fork, and its answers may not have been given out.
  const OutsideWrites::Group* on_fork = brings_answer && same_run_ ? outside_.of_run(run_id) : nullptr;
  if (on_fork) give_again(on_fork->targets, *command->resume, plan_, pending_, run_.answers);
  return outside_.all();
}

// An answer whose run was cut off before it was used is there for the run that goes on without another one.
void Loop::bind_kept_answers() {
  if (outside_.groups.empty()) return;
  const std::vector<std::string> waiting = stored_questions();
  for (const OutsideWrites::Group& group : outside_.groups) {
    if (!group.resume) continue;
    const bool by_id = is_answers_by_id(*group.resume);
    for (const std::string& question : waiting) {
      const json::value* answer = by_id ? find_member(*group.resume, question) : nullptr;
      if (answer != nullptr) run_.answers.exact.insert_or_assign(question, *answer);
      if (!by_id && group.answers == question) bind_single(question, *group.resume);
    }
  }
}

// Makes the answer known to the tasks. Gives the question that a single answer is for; "" for whichever comes first.
std::optional<std::string> Loop::bind_answer(const json::value& resume, const OutsideWrites::Group* earlier) {
  ResumeAnswers& answers = run_.answers;
  if (travels_) {
    travel_answers_ = TravelAnswers(superstep_place(), pending_, resume);
    return std::nullopt;
  }
  const std::vector<std::string> waiting = stored_questions();
  if (is_answers_by_id(resume)) {
    for (const auto& member : resume.get_object()) answers.by_id.emplace(member.key(), member.value());
    return std::nullopt;
  }
  if (earlier && earlier->answers) {
    // Taken up again: the same question as before, never one that was asked since.
    if (!earlier->answers->empty()) {
      bind_single(*earlier->answers, resume);
    } else if (waiting.empty()) {
      answers.any = resume;
    }
    return earlier->answers;
  }
  if (waiting.size() > 1) throw several_questions();
  if (waiting.empty()) {
    answers.any = resume;
    return "";
  }
  bind_single(waiting.front(), resume);
  return waiting.front();
}

void Loop::bind_single(const std::string& question, const json::value& answer) {
  run_.answers.exact.insert_or_assign(question, answer);
  for (const TaskWrites& writes : pending_) {
    const std::vector<Interrupt> asked = restored_record(plan_, writes.writes).interrupts;
    const bool is_by_it = std::ranges::find(asked, question, &Interrupt::id) != asked.end();
    if (is_by_it && writes.task_id != kNullTask) run_.answers.single = ResumeAnswers::Single{question, writes.task_id};
  }
}

// Refuses an answer that no interrupt of the loaded checkpoint waits for.
void Loop::check_strictly(const json::value& resume) const {
  // Taken up again: the first attempt has checked it, and what it answered may have been consumed since.
  if (outside_.of_run(run_id_text(*run_.config))) return;
  const std::vector<std::string> waiting = stored_questions();
  if (resume.is_object() && resume.get_object().empty()) {
    throw GraphError("UnknownInterruptError", "The resume map names no interrupt");
  }
  if (!is_answers_by_id(resume)) {
    if (waiting.empty()) throw GraphError("UnknownInterruptError", "No interrupt waits for an answer");
    return;
  }
  for (const auto& member : resume.get_object()) {
    if (std::ranges::find(waiting, member.key()) != waiting.end()) continue;
    throw GraphError("UnknownInterruptError", "Unknown or already-consumed interrupt: " + std::string(member.key()));
  }
}

SuperstepPlace Loop::superstep_place() const {
  return {plan_, cells_, start_.checkpoint_ns, place_.id, step_};
}

std::vector<std::string> Loop::stored_questions() const {
  std::vector<std::string> questions;
  for (const TaskWrites& writes : pending_) {
    if (writes.task_id == kNullTask) continue;
    const TaskRecord record = restored_record(plan_, writes.writes);
    if (record.finished) continue;
    for (const Interrupt& interrupt : record.interrupts) questions.push_back(interrupt.id);
  }
  return questions;
}

// From where the thread stands: past the breakpoint it stopped at, and on a checkpoint of its own when it goes back.
void Loop::go_on() {
  resuming_ = true;
  const bool is_by_hand = place_.loaded && place_.metadata.source == CheckpointSource::update;
  if (start_.nested && is_by_hand && stored_questions().empty()) run_.answers.follow_update(start_.root_task);
  // A run that is taken up again may stand in front of a breakpoint that it has not told anybody of.
  if (!same_run_) cells_.seen_at_stop = cells_.versions;
  if (forks_) {
    outside_ = {};
    pending_.clear();
    save(CheckpointSource::fork);
  }
  if (!travel_answers_.empty()) {
    AnswerTargets targets = travel_answers_.give(superstep_place(), changed_, run_.answers);
    if (forks_) {
      OutsideWrites::Group group{run_id_text(*run_.config), std::nullopt, {}};
      group.targets = std::move(targets);
      outside_.groups.push_back(std::move(group));
      outside_unstored_ = true;
    }
  }
  if (outside_unstored_ && stores_at_once()) {
    run_.put_writes(start_.checkpoint_ns, place_.id, {kNullTask, "", stored_outside(plan_, outside_)});
    outside_unstored_ = false;
  }
  tell_values(values(), place_.exact);
}

// Whether an earlier attempt came to a breakpoint behind the loaded checkpoint, and was cut off before its end was
// stored.
bool Loop::was_to_stop_here() const {
  const bool has_breakpoints = start_.stop_after && !start_.stop_after->empty();
  if (!has_breakpoints || !same_run_ || place_.metadata.source != CheckpointSource::loop) return false;
  // Every superstep makes one version, and its nodes saw the one before: else what was sent has run since.
  const RanLast last = ran_last(plan_, cells_);
  return last.saw == cells_.newest - 1 && stops_at(plan_, cells_, *start_.stop_after, last.nodes);
}

// New input: the tasks that the old checkpoint would have run are given up.
void Loop::start_with(State input) {
  State taken = taken_input(plan_, input);
  // The object is for the checkpoint alone; START is given the values themselves.
  Value stored;
  if (has_saver()) stored = Value(taken.to_json());
  const std::vector<Write> writes{{plan_.start, std::move(stored)}};
  const std::vector<PlannedTask> given_up = plan_tasks(plan_, cells_, std::nullopt);
  std::vector<FinishedTask> finished{{nullptr, writes}};
  for (const PlannedTask& task : given_up) finished.push_back({&task, {}});
  changed_ = apply_writes(plan_, cells_, std::move(finished));
  fresh_input_ = std::move(taken);
  travels_ = false;
  if (!start_.nested) run_.replay_bound.reset();
  outside_ = {};
  pending_.clear();
  save(CheckpointSource::input);
}

}  // namespace heddle::runtime
