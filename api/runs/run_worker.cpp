#include "api/runs/run_worker.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "api/runs/awaited.h"
#include "api/runs/run_json.h"
#include "api/runs/webhook_call.h"
#include "runtime/erased_run.h"
#include "runtime/json.h"
#include "storage/error.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// Between two tries to store what must be stored: a full disk is not emptied in less, and nobody waits for long when it
// is.
constexpr std::chrono::milliseconds kStoringPause{1000};

json::object error_json(const runtime::ErrorInfo& error) {
  return {{"error", error.name}, {"message", error.message}};
}

json::object interrupts_json(const runtime::RunOutcome& outcome) {
  json::object by_task;
  for (const auto& [task_id, interrupts] : outcome.interrupts) by_task[task_id] = runtime::to_json(interrupts);
  return by_task;
}

}  // namespace

RunWorker::RunWorker(asio::any_io_executor executor, EngineThreads& engines, storage::Storage& storage,
                     const runtime::Clock& clock, runtime::CheckpointIds& checkpoint_ids, runtime::Log& log,
                     const ServerSettings& settings, Webhooks& webhooks, ThreadNews& thread_news)
    : executor_(executor),
      engine_(std::move(executor), engines, storage, clock, checkpoint_ids, log, settings),
      storage_(storage),
      clock_(clock),
      log_(log),
      settings_(settings),
      webhooks_(webhooks),
      thread_news_(thread_news) {}

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

asio::awaitable<bool> RunWorker::commit_behind_log(std::shared_ptr<ActiveRun> run, Work work) {
  const std::shared_ptr<RunLog> log = run->stream->log();
  if (!log || log->has_failed()) {
    co_await commit_when_possible(run, std::move(work));
    co_return true;
  }
  Work behind = log->behind(std::move(work));
  std::exception_ptr failure;
  try {
    co_await commit_when_possible(run, std::move(behind));
  } catch (const storage::StorageError&) {
    failure = std::current_exception();
  }
  if (!failure) co_return true;
  // Which of the two it was.
  const bool is_logged = co_await flush_log(run);
  if (is_logged) std::rethrow_exception(failure);
  co_return false;
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
  // A commit that a run does without. If a crash leaves nothing of the first attempt, the second begins behind its
  // frame in any case; of a later one the next has to know.
  if (run->first_frame == 0) {
    run->stream->publish_stored_later(std::move(first));
  } else {
    run->stream->publish(std::move(first));
  }
  thread_news_.tell(run->record.thread_id);

  EngineResult engine_result = co_await engine_.run(run);
  run->stop.reset();
  const auto result = std::make_shared<EngineResult>(std::move(engine_result));
  const auto note_unstored = [&result] {
    if (result->error || result->cancelled) return;
    result->error = runtime::ErrorInfo{"StorageError", "what the run did could not be stored"};
  };
  // Whoever goes on from here, or reads what the run has left, finds its log stored; and one that has failed is told
  // of.
  const bool is_read_first = result->paused || result->cancelled || run->cancel || !run->plan.webhook.empty();
  const std::shared_ptr<RunLog> log = run->stream->log();
  if (is_read_first || (log && log->has_failed())) {
    const bool is_logged = co_await flush_log(run);
    if (!is_logged) note_unstored();
  }

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
    const bool is_stored = co_await store_end(run, result);
    if (!is_stored) {
      note_unstored();
      co_await store_end(run, result);
    }
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
  storage::Webhook call = webhook_call(run->shown_record(), run->plan.webhook, values);
  if (run->temporary) {
    run->owed_call = std::move(call);
    co_return nullptr;
  }
  co_return std::make_shared<const storage::Webhook>(std::move(call));
}

asio::awaitable<bool> RunWorker::store_end(std::shared_ptr<ActiveRun> run, std::shared_ptr<const EngineResult> result) {
  using storage::RunStatus;
  using storage::ThreadStatus;
  const bool cancelled = result->cancelled || run->cancel.has_value();
  run->record.updated_at = clock_.now();
  if (cancelled) {
    run->record.status = RunStatus::interrupted;
    run->record.cancel_reason = run->cancel_reason;
    run->result = "{}";
    if (result->outcome) run->result = result_of(*result->outcome);
  } else if (result->error) {
    run->record.status = result->is_too_late ? RunStatus::timeout : RunStatus::error;
    run->record.error_json = runtime::to_text(error_json(*result->error));
    run->result = result_of(*result->error);
  } else {
    run->record.status = RunStatus::success;
    run->result = result_of(*result->outcome);
  }
  const std::shared_ptr<const storage::Webhook> call = co_await owed_call(run);
  if (run->temporary) co_return true;

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
    const std::optional<storage::CheckpointId> head = transaction.checkpoints().newest_id(record.thread_id, "");
    if (head) thread->values_checkpoint = head;
    if (result->outcome && !was_refused) thread->interrupts_json = runtime::to_text(interrupts_json(*result->outcome));
    if (!result->outcome && cancelled) thread->interrupts_json = "{}";
    if (!was_refused) thread->error_json = record.error_json;
    thread->changed(record.updated_at);
    transaction.threads().update(*thread);
    transaction.awaited().replace(record.thread_id, awaited);
  };
  const bool is_stored = co_await commit_behind_log(run, std::move(store));
  if (is_stored && has_awaited && tell_of_awaited_) tell_of_awaited_();
  co_return is_stored;
}

// The name of an error is one of the program, its text may hold what a client sent.
void RunWorker::log_end(const ActiveRun& run, const EngineResult& result) {
  const bool has_failed = run.record.status == storage::RunStatus::error && result.error;
  if (!log_.writes(has_failed ? runtime::LogLevel::info : runtime::LogLevel::debug)) return;
  json::object fields = run.log_fields();
  fields["status"] = to_text(run.record.status);
  fields["attempt"] = run.record.attempt;
  if (run.record.started_at) fields["ms"] = (run.record.updated_at - *run.record.started_at).count() / 1000;
  if (!has_failed) {
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
    runtime::erase_run(transaction, record.thread_id, record.run_id);
    transaction.runs().erase(record.run_id);
    std::optional<storage::Thread> thread = transaction.threads().find(record.owner, record.thread_id);
    if (!thread) return;
    const bool is_busy = !transaction.runs().in_flight(record.thread_id).empty();
    thread->status = is_busy ? storage::ThreadStatus::busy : storage::ThreadStatus::idle;
    thread->values_checkpoint = transaction.checkpoints().newest_id(record.thread_id, "");
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
    // Its place among the runs of the thread, for those who read them all.
    if (!run->record.started_at) run->record.started_at = clock_.now();
    EngineResult cancelled;
    cancelled.cancelled = true;
    const auto result = std::make_shared<const EngineResult>(std::move(cancelled));
    co_await store_end(run, result);
  }
  close(*run);
}

}  // namespace heddle::api
