#include "api/runs/run_worker.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "api/runs/awaited.h"
#include "api/runs/engine_bridge.h"
#include "api/runs/run_plan.h"
#include "api/runs/webhook_call.h"
#include "api/services/run_service.h"
#include "runtime/item_store.h"
#include "runtime/json.h"
#include "runtime/memory_saver.h"
#include "runtime/object_text.h"
#include "runtime/stored_saver.h"
#include "storage/error.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// Between two tries to store what must be stored: a full disk is not emptied in less, and nobody waits for long when it
// is.
constexpr std::chrono::milliseconds kStoringPause{1000};

// Of one attempt; the rest is counted. An agent makes three or so per step.
constexpr std::size_t kSpansMax = 2'000;

// Everything that a run uses on the engine's thread. Lives there until the run has ended.
struct EngineSide {
  RunPlan plan;
  runtime::EventKinds kinds;
  storage::Owner owner;
  std::optional<storage::ThreadId> stored_thread;  // none: checkpoints are kept in memory
  storage::Storage& storage;
  const runtime::StoreRules& store_rules;
  const runtime::Clock& clock;
  runtime::CheckpointIds& checkpoint_ids;
  std::shared_ptr<EngineBridge> bridge;
  runtime::SpanSink spans;
  std::shared_ptr<const runtime::DrainRequest> drain;
};

asio::awaitable<runtime::RunOutcome> run_on_engine(std::shared_ptr<EngineSide> side) {
  const auto executor = co_await asio::this_coro::executor;
  std::unique_ptr<runtime::CheckpointSaver> saver;
  if (side->stored_thread) {
    saver = std::make_unique<runtime::StoredSaver>(*side->bridge, *side->stored_thread, executor);
  } else {
    saver = std::make_unique<runtime::MemorySaver>();
  }
  runtime::ItemStore store(side->storage, side->owner, side->clock, side->store_rules);
  runtime::EventSink sink = [side](runtime::RunEvent event) {
    Fact fact;
    fact.time = side->clock.now();
    fact.what = std::move(event);
    side->bridge->send(std::move(fact));
  };
  runtime::RunServices services{saver.get(), &store, side->clock, side->checkpoint_ids, std::move(sink), side->spans};
  runtime::RunOptions options;
  options.input = std::move(side->plan.input);
  options.from = side->plan.from;
  options.config = side->plan.config;
  options.kinds = side->kinds;
  // What is kept in memory is gone with the run, so only where it stands at its end is of use, for its questions.
  options.durability = side->stored_thread ? side->plan.durability : runtime::Durability::exit;
  options.interrupt_before = side->plan.interrupt_before;
  options.interrupt_after = side->plan.interrupt_after;
  options.drain = side->drain;
  options.strict_resume = side->plan.strict_resume;
  runtime::RunOutcome outcome = co_await side->plan.graph->run(std::move(options), services);
  co_return outcome;
}

json::object error_json(const runtime::ErrorInfo& error) {
  return {{"error", error.name}, {"message", error.message}};
}

json::object interrupts_json(const runtime::RunOutcome& outcome) {
  json::object by_task;
  for (const auto& [task_id, interrupts] : outcome.interrupts) by_task[task_id] = runtime::to_json(interrupts);
  return by_task;
}

bool is_cancellation(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& thrown) {
    return thrown.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

runtime::ErrorInfo told_as(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return runtime::error_info(thrown);
  } catch (...) {
    return {"Error", "the graph threw something that is no error"};
  }
}

runtime::ErrorInfo took_too_long(std::chrono::seconds limit) {
  return {"TimeoutError", "The run was stopped because it worked for longer than " + std::to_string(limit.count()) +
                              " seconds (run_seconds_max)."};
}

}  // namespace

std::string wait_result(const runtime::RunOutcome& outcome) {
  std::string text;
  if (outcome.status == runtime::OutcomeStatus::interrupted) {
    runtime::ObjectText object(text);
    object.json("__interrupt__", runtime::to_json(outcome.all_interrupts));
    object.end();
  } else {
    outcome.values.print(text);
  }
  return text;
}

std::string wait_result(const runtime::ErrorInfo& error) {
  return runtime::to_text(json::object{{"__error__", error_json(error)}});
}

json::object ActiveRun::log_fields() const {
  json::object fields{{"run_id", record.run_id.text()}, {"thread_id", record.thread_id.text()}};
  if (!request_id.empty()) fields["request_id"] = request_id;
  return fields;
}

void ActiveRun::close() {
  phase = Phase::ended;
  plan = RunPlan{};
  stream->end();
  has_ended.cancel();
  for (asio::steady_timer* timer : waiting) timer->cancel();
}

asio::awaitable<void> ActiveRun::ended() {
  while (phase != Phase::ended) co_await has_ended.async_wait(asio::as_tuple(asio::use_awaitable));
}

// Filled on the engine's thread; read here when the engine has ended.
struct RunWorker::NotedSpans {
  std::vector<runtime::Span> spans;
  std::size_t left_out = 0;

  void add(runtime::Span span) {
    if (spans.size() < kSpansMax) {
      spans.push_back(std::move(span));
    } else {
      ++left_out;
    }
  }
};

// How the engine left a run.
struct RunWorker::EngineResult {
  bool is_too_late = false;                    // it worked for longer than it may, and was stopped
  std::optional<runtime::RunOutcome> outcome;  // none: it was cancelled, or failed before it began
  std::optional<runtime::ErrorInfo> error;
  bool cancelled = false;
  bool paused = false;  // behind a superstep, for the next start
};

RunWorker::RunWorker(asio::any_io_executor executor, EngineThreads& engines, storage::Storage& storage,
                     const runtime::Clock& clock, runtime::CheckpointIds& checkpoint_ids, runtime::Log& log,
                     const ServerSettings& settings, Webhooks& webhooks, ThreadNews& thread_news)
    : executor_(std::move(executor)),
      engines_(engines),
      storage_(storage),
      clock_(clock),
      checkpoint_ids_(checkpoint_ids),
      log_(log),
      settings_(settings),
      webhooks_(webhooks),
      thread_news_(thread_news) {}

void RunWorker::stop(ActiveRun& run) {
  if (!run.stop) return;
  // The signal belongs to the engine's thread.
  asio::post(run.engine, [stop = run.stop] { stop->emit(asio::cancellation_type::terminal); });
}

void RunWorker::pause(ActiveRun& run) {
  if (run.cancel) return;
  // It has not begun, or has ended but for the storing of that.
  if (!run.stop && !run.temporary) run.stop_for_restart = true;
  if (run.drain) run.drain->ask();
}

asio::awaitable<void> RunWorker::mark_running(std::shared_ptr<ActiveRun> run) {
  run->record.status = storage::RunStatus::running;
  run->record.attempt += 1;
  run->record.updated_at = clock_.now();
  if (!run->record.started_at) run->record.started_at = run->record.updated_at;
  if (run->temporary) co_return;
  auto work = [record = run->record](storage::Transaction& transaction) { transaction.runs().update(record); };
  co_await commit_when_possible(run, std::move(work));
}

asio::awaitable<void> RunWorker::commit_when_possible(std::shared_ptr<ActiveRun> run, Work work) {
  for (bool is_first = true;; is_first = false) {
    std::exception_ptr failure;
    std::string reason;
    try {
      Work again = work;
      co_await storage_.commit(std::move(again));
    } catch (const storage::StorageUnwritable& error) {
      failure = std::current_exception();
      reason = error.what();
    } catch (const storage::StorageBusy& error) {
      failure = std::current_exception();
      reason = error.what();
    }
    if (!failure) co_return;
    if (run->stop_for_restart) std::rethrow_exception(failure);
    if (is_first) {
      json::object fields = run->log_fields();
      fields["what"] = reason;
      log_.error("the status of a run cannot be stored, which is tried again until it can", fields);
    }
    asio::steady_timer pause(executor_, kStoringPause);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<bool> RunWorker::flush_log(std::shared_ptr<ActiveRun> run) {
  const std::shared_ptr<RunLog> log = run->stream->log();
  if (!log) co_return true;
  try {
    co_await log->flush();
  } catch (const storage::StorageError& error) {
    json::object fields = run->log_fields();
    fields["what"] = error.what();
    log_.error("the events of a run could not be stored", fields);
    co_return false;
  }
  co_return true;
}

asio::awaitable<RunWorker::EngineResult> RunWorker::run_engine(std::shared_ptr<ActiveRun> run) {
  run->engine = engines_.next();
  run->stop = std::make_shared<asio::cancellation_signal>();
  auto config = std::make_shared<runtime::RunConfig>(*run->plan.config);
  config->attempt = run->record.attempt;
  config->metadata["run_attempt"] = run->record.attempt;
  if (config->checkpoint_metadata) {
    auto shared = std::make_shared<json::object>(*config->checkpoint_metadata);
    (*shared)["run_attempt"] = run->record.attempt;
    config->checkpoint_metadata = std::move(shared);
  }

  const StreamShape& shape = *run->stream->shape();
  auto bridge = std::make_shared<EngineBridge>(executor_, run->stream, storage_);
  auto side = std::make_shared<EngineSide>(
      EngineSide{run->plan,
                 event_kinds(shape.modes, shape.subgraphs),
                 run->record.owner,
                 run->temporary ? std::nullopt : std::optional<storage::ThreadId>(run->record.thread_id),
                 storage_,
                 settings_.store.rules,
                 clock_,
                 checkpoint_ids_,
                 bridge,
                 {},
                 nullptr});
  auto noted = std::make_shared<NotedSpans>();
  if (tell_of_trace_) side->spans = [noted](runtime::Span span) { noted->add(std::move(span)); };
  const storage::Timestamp began = clock_.now();
  // One that is stored nowhere cannot be taken up by the next start.
  if (!run->temporary) run->drain = std::make_shared<runtime::DrainRequest>("the server stops");
  side->drain = run->drain;
  side->plan.config = config;
  // The run's secrets live no longer than the run.
  run->plan.config.reset();

  auto finished = std::make_shared<asio::steady_timer>(executor_, asio::steady_timer::time_point::max());
  struct Answer {
    bool arrived = false;
    std::exception_ptr error;
    std::optional<runtime::RunOutcome> outcome;
  };
  auto answer = std::make_shared<Answer>();
  auto done = [io = executor_, finished, answer](std::exception_ptr error, runtime::RunOutcome outcome) {
    asio::post(io, [finished, answer, error, outcome = std::move(outcome)]() mutable {
      answer->arrived = true;
      answer->error = error;
      if (!error) answer->outcome = std::move(outcome);
      finished->cancel();
    });
  };
  // Started on the engine's thread, because the slot of the signal belongs to it.
  auto start = [side, stop = run->stop, engine = run->engine, done = std::move(done)]() mutable {
    asio::co_spawn(engine, run_on_engine(std::move(side)), asio::bind_cancellation_slot(stop->slot(), std::move(done)));
  };
  side.reset();
  asio::post(run->engine, std::move(start));
  EngineResult result;
  if (settings_.run_seconds_max.count() > 0) finished->expires_after(settings_.run_seconds_max);
  while (!answer->arrived) {
    co_await finished->async_wait(asio::as_tuple(asio::use_awaitable));
    if (answer->arrived || asio::steady_timer::clock_type::now() < finished->expiry()) continue;
    result.is_too_late = true;
    finished->expires_at(asio::steady_timer::time_point::max());
    stop(*run);
  }

  // One that has come to its end in the last moment has its result.
  result.is_too_late = result.is_too_late && answer->error && is_cancellation(answer->error);
  if (result.is_too_late && !run->cancel) {
    result.error = took_too_long(settings_.run_seconds_max);
  } else if (answer->error) {
    if ((run->cancel || run->stop_for_restart) && is_cancellation(answer->error)) {
      result.cancelled = true;
    } else {
      result.error = told_as(answer->error);
    }
  } else {
    result.outcome = std::move(answer->outcome);
    result.error = result.outcome->error;
    result.paused = result.outcome->status == runtime::OutcomeStatus::drained;
    if (result.paused) result.error.reset();
  }
  if (tell_of_trace_) tell_of(*run, result, began, *noted);
  co_return result;
}

void RunWorker::tell_of(const ActiveRun& run, const EngineResult& result, storage::Timestamp began,
                        NotedSpans& noted) const {
  RunTrace trace;
  trace.run_id = run.record.run_id;
  trace.thread_id = run.record.thread_id;
  trace.assistant_id = run.record.assistant_id;
  trace.graph_id = graph_id_of(run.record);
  trace.attempt = run.record.attempt;
  trace.began = began;
  trace.ended = clock_.now();
  const bool asks = result.outcome && result.outcome->status == runtime::OutcomeStatus::interrupted;
  trace.status = result.error ? "error" : result.cancelled || result.paused || asks ? "interrupted" : "success";
  if (result.error) trace.error = result.error->name;
  trace.spans = std::move(noted.spans);
  trace.left_out = noted.left_out;
  tell_of_trace_(std::move(trace));
}

asio::awaitable<void> RunWorker::execute(std::shared_ptr<ActiveRun> run) {
  run->phase = ActiveRun::Phase::running;
  if (run->record.status == storage::RunStatus::pending) co_await mark_running(run);
  // Whoever asked it to stop while that was being stored found nothing yet that could be stopped.
  if (run->cancel) {
    co_await end_unstarted(run);
    co_return;
  }
  if (run->stop_for_restart) {
    run->result = "{}";
    run->close();
    co_return;
  }
  Fact attempt;
  attempt.time = clock_.now();
  attempt.what = AttemptFact{run->record.attempt, run->first_frame};
  std::vector<Fact> first;
  first.push_back(std::move(attempt));
  run->stream->publish(std::move(first));
  thread_news_.tell(run->record.thread_id);

  EngineResult engine_result = co_await run_engine(run);
  run->stop.reset();
  const bool is_logged = co_await flush_log(run);
  if (!is_logged && !engine_result.error && !engine_result.cancelled) {
    engine_result.error = runtime::ErrorInfo{"StorageError", "what the run did could not be stored"};
  }
  const auto result = std::make_shared<const EngineResult>(std::move(engine_result));

  const bool goes_on_later = result->paused || (result->cancelled && run->stop_for_restart);
  if (goes_on_later && !run->cancel) {
    log_.info("a run goes on after the next start", run->log_fields());
    run->result = "{}";
    run->close();
    co_return;
  }
  std::optional<Webhooks::Hold> hold;
  if (!run->plan.webhook.empty()) hold.emplace(webhooks_, run->record.run_id);
  if (run->cancel == CancelAction::rollback) {
    co_await store_rollback(run);
  } else {
    co_await store_end(run, result);
  }
  if (result->error && !run->cancel) {
    Fact failure;
    failure.time = clock_.now();
    failure.what = FailureFact{*result->error};
    std::vector<Fact> last;
    last.push_back(std::move(failure));
    run->stream->publish(std::move(last));
    co_await flush_log(run);
  }
  log_end(*run, *result);
  close(*run);
}

void RunWorker::close(ActiveRun& run) {
  run.close();
  if (run.owed_call) webhooks_.add_unstored(std::move(*run.owed_call));
  run.owed_call.reset();
}

asio::awaitable<std::shared_ptr<const storage::Webhook>> RunWorker::owed_call(std::shared_ptr<ActiveRun> run) {
  if (run->plan.webhook.empty()) co_return nullptr;
  std::optional<std::string> values;
  // http-api.md 16: absent for temporary and cancelled runs.
  const bool has_values =
      run->record.status != storage::RunStatus::interrupted && run->record.on_completion == storage::OnCompletion::keep;
  if (has_values) {
    const json::object fields = run->log_fields();
    try {
      values = co_await newest_values(storage_, run->record.thread_id, run->plan.graph);
    } catch (const std::exception& error) {
      // The end of the run is worth more than what its webhook tells.
      log_.error("a webhook goes without values, because they could not be read", fields);
    }
    if (values && values->size() > settings_.webhooks.values_bytes_max) {
      log_.warning("a webhook goes without values, because they are larger than webhooks_values_bytes_max", fields);
      values.reset();
    }
  }
  storage::Webhook call = webhook_call(run->record, run->plan.webhook, values);
  if (run->temporary) {
    run->owed_call = std::move(call);
    co_return nullptr;
  }
  co_return std::make_shared<const storage::Webhook>(std::move(call));
}

asio::awaitable<void> RunWorker::store_end(std::shared_ptr<ActiveRun> run, std::shared_ptr<const EngineResult> result) {
  using storage::RunStatus;
  using storage::ThreadStatus;
  const bool cancelled = result->cancelled || run->cancel.has_value();
  run->record.updated_at = clock_.now();
  if (cancelled) {
    run->record.status = RunStatus::interrupted;
    run->record.cancel_reason = run->cancel_reason;
    run->result = "{}";
    if (result->outcome) run->result = wait_result(*result->outcome);
  } else if (result->error) {
    run->record.status = result->is_too_late ? RunStatus::timeout : RunStatus::error;
    run->record.error_json = runtime::to_text(error_json(*result->error));
    run->result = wait_result(*result->error);
  } else {
    run->record.status = RunStatus::success;
    run->result = wait_result(*result->outcome);
  }
  const std::shared_ptr<const storage::Webhook> call = co_await owed_call(run);
  if (run->temporary) co_return;

  std::vector<storage::Awaited> awaited;
  if (!cancelled && result->outcome) {
    awaited = awaited_by(run->record, *run->plan.graph, *result->outcome, run->record.updated_at, settings_);
  }
  const bool has_awaited = !awaited.empty();
  auto store = [run, record = run->record, result, cancelled, call, awaited](storage::Transaction& transaction) {
    if (call) transaction.webhooks().insert(*call);
    std::optional<storage::Thread> thread = transaction.threads().find(record.owner, record.thread_id);
    if (!thread) return;  // deleted meanwhile
    transaction.runs().update(record);
    if (record.on_completion == storage::OnCompletion::delete_thread) {
      transaction.threads().erase(record.thread_id);
      return;
    }
    std::size_t others = 0;
    for (const storage::Run& other : transaction.runs().in_flight(record.thread_id)) {
      if (other.run_id != record.run_id) ++others;
    }
    const bool waits = !cancelled && result->outcome && !result->outcome->next.empty();
    // A strict resume that was refused has changed nothing: the thread waits, or not, as it did.
    const bool was_refused = result->error && result->error->name == "UnknownInterruptError";
    const bool has_failed = record.status == RunStatus::error || record.status == RunStatus::timeout;
    if (has_failed && !was_refused) {
      thread->status = ThreadStatus::error;
    } else if (waits) {
      thread->status = ThreadStatus::interrupted;
    } else {
      thread->status = others > 0 ? ThreadStatus::busy : ThreadStatus::idle;
    }
    const std::optional<storage::Checkpoint> head = transaction.checkpoints().newest(record.thread_id, "");
    if (head) thread->values_checkpoint = head->checkpoint_id;
    if (result->outcome && !was_refused) thread->interrupts_json = runtime::to_text(interrupts_json(*result->outcome));
    if (!result->outcome && cancelled) thread->interrupts_json = "{}";
    if (!was_refused) thread->error_json = record.error_json;
    thread->changed(record.updated_at);
    transaction.threads().update(*thread);
    transaction.awaited().replace(record.thread_id, awaited);
  };
  co_await commit_when_possible(run, std::move(store));
  if (has_awaited && tell_of_awaited_) tell_of_awaited_();
}

// The name of an error is one of the program, its text may hold what a client sent.
void RunWorker::log_end(const ActiveRun& run, const EngineResult& result) {
  json::object fields = run.log_fields();
  fields["status"] = to_text(run.record.status);
  fields["attempt"] = run.record.attempt;
  if (run.record.started_at) fields["ms"] = (run.record.updated_at - *run.record.started_at).count() / 1000;
  if (run.record.status != storage::RunStatus::error || !result.error) {
    log_.debug("a run has ended", fields);
    return;
  }
  fields["error"] = result.error->name;
  log_.info("a run has failed", fields);
}

asio::awaitable<void> RunWorker::store_rollback(std::shared_ptr<ActiveRun> run) {
  const storage::Timestamp now = clock_.now();
  run->record.status = storage::RunStatus::interrupted;
  run->record.updated_at = now;
  run->result = "{}";
  const std::shared_ptr<const storage::Webhook> call = co_await owed_call(run);
  if (run->temporary) co_return;
  auto store = [record = run->record, now, call](storage::Transaction& transaction) {
    if (call) transaction.webhooks().insert(*call);
    transaction.checkpoints().erase_run(record.thread_id, record.run_id);
    transaction.runs().erase(record.run_id);
    std::optional<storage::Thread> thread = transaction.threads().find(record.owner, record.thread_id);
    if (!thread) return;
    const bool is_busy = !transaction.runs().in_flight(record.thread_id).empty();
    thread->status = is_busy ? storage::ThreadStatus::busy : storage::ThreadStatus::idle;
    const std::optional<storage::Checkpoint> head = transaction.checkpoints().newest(record.thread_id, "");
    thread->values_checkpoint.reset();
    if (head) thread->values_checkpoint = head->checkpoint_id;
    thread->changed(now);
    transaction.threads().update(*thread);
  };
  co_await commit_when_possible(run, std::move(store));
}

asio::awaitable<void> RunWorker::end_unstarted(std::shared_ptr<ActiveRun> run) {
  std::optional<Webhooks::Hold> hold;
  if (!run->plan.webhook.empty()) hold.emplace(webhooks_, run->record.run_id);
  if (run->cancel == CancelAction::rollback) {
    co_await store_rollback(run);
  } else {
    EngineResult cancelled;
    cancelled.cancelled = true;
    const auto result = std::make_shared<const EngineResult>(std::move(cancelled));
    co_await store_end(run, result);
  }
  close(*run);
}

}  // namespace heddle::api
