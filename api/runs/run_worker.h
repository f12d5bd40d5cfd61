#pragma once
// Takes one run through the engine and stores how it ended.
//
// When a run ends, in this order: its last checkpoint and its events are stored; the run's and the thread's status
// are stored in one transaction, with the call that the run's webhook gets; readers get the last event and the end of
// the stream; the webhook is called (http-api.md 8.5). The first two may be one commit.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "api/runs/active_run.h"
#include "api/runs/engine_runner.h"
#include "api/runs/engine_threads.h"
#include "api/runs/thread_news.h"
#include "api/runs/webhooks.h"
#include "api/settings.h"
#include "api/telemetry/run_trace.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/uuid.h"
#include "storage/storage.h"

namespace heddle::api {

// Belongs to `executor`, the I/O thread. All references outlive it.
class RunWorker {
 public:
  RunWorker(boost::asio::any_io_executor executor, EngineThreads& engines, storage::Storage& storage,
            const runtime::Clock& clock, runtime::CheckpointIds& checkpoint_ids, runtime::Log& log,
            const ServerSettings& settings, Webhooks& webhooks, ThreadNews& thread_news);

  // Executes the run. When it returns the run has ended (phase, result, stream), or was stopped for a restart.
  boost::asio::awaitable<void> execute(std::shared_ptr<ActiveRun> run);

  // Ends a run that was cancelled before it started.
  boost::asio::awaitable<void> end_unstarted(std::shared_ptr<ActiveRun> run);

  // `tell` is called when a run has ended that waits for something outside (api/runs/resumer.h). Empty: nobody.
  void when_awaiting(std::function<void()> tell) { tell_of_awaited_ = std::move(tell); }
  // `tell` is called with what each attempt did. Empty: nobody wants to know, and it is not noted.
  void when_traced(std::function<void(RunTrace)> tell) { engine_.when_traced(std::move(tell)); }

  runtime::StateCache& states() { return engine_.states(); }

  // Stops a running one where it is. execute() then returns soon.
  void stop(ActiveRun& run) { engine_.stop(run); }

  // Asks a running one to end before its next superstep, so that the next start goes on there. One that is stored
  // nowhere goes on.
  void pause(ActiveRun& run);

 private:
  using Work = std::function<void(storage::Transaction&)>;
  // Does what has to be stored so that the run's thread is not stuck, and waits while nothing can be. Throws what
  // storing threw when the server ends meanwhile: then the next start takes the run up.
  boost::asio::awaitable<void> commit_when_possible(std::shared_ptr<ActiveRun> run, Work work);
  // Returns when the log is stored, and whether it could be.
  boost::asio::awaitable<bool> flush_log(std::shared_ptr<ActiveRun> run);
  boost::asio::awaitable<void> mark_running(std::shared_ptr<ActiveRun> run);
  // As commit_when_possible(), behind what of the log is not stored yet, without waiting for that. False if that could
  // not be stored: then nothing of `work` is kept. Behind a log that is known to have failed it is done alone.
  boost::asio::awaitable<bool> commit_behind_log(std::shared_ptr<ActiveRun> run, Work work);
  // As commit_behind_log().
  boost::asio::awaitable<bool> store_end(std::shared_ptr<ActiveRun> run, std::shared_ptr<const EngineResult> result);
  boost::asio::awaitable<void> store_rollback(std::shared_ptr<ActiveRun> run);
  // What the run's webhook is told; null if it has none. The record says how the run ended.
  boost::asio::awaitable<std::shared_ptr<const storage::Webhook>> owed_call(std::shared_ptr<ActiveRun> run);
  void close(ActiveRun& run);
  void log_end(const ActiveRun& run, const EngineResult& result);

  boost::asio::any_io_executor executor_;
  EngineRunner engine_;
  storage::Storage& storage_;
  const runtime::Clock& clock_;
  runtime::Log& log_;
  const ServerSettings& settings_;
  Webhooks& webhooks_;
  ThreadNews& thread_news_;
  std::function<void()> tell_of_awaited_;
};

}  // namespace heddle::api
