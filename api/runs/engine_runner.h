#pragma once
// One attempt of a run: to a thread of the engine and back, with what it may use there and for how long.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "api/runs/active_run.h"
#include "api/runs/engine_threads.h"
#include "api/settings.h"
#include "api/telemetry/run_trace.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/state_cache.h"
#include "runtime/uuid.h"
#include "storage/storage.h"

namespace heddle::api {

// How the engine left a run.
struct EngineResult {
  bool is_too_late = false;                    // it worked for longer than it may, and was stopped
  std::optional<runtime::RunOutcome> outcome;  // none: it was cancelled, or failed before it began
  std::optional<runtime::ErrorInfo> error;
  bool cancelled = false;
  bool paused = false;  // behind a superstep, for the next start
};

// Belongs to `executor`, the I/O thread. All references outlive it.
class EngineRunner {
 public:
  EngineRunner(boost::asio::any_io_executor executor, EngineThreads& engines, storage::Storage& storage,
               const runtime::Clock& clock, runtime::CheckpointIds& checkpoint_ids, runtime::Log& log,
               const ServerSettings& settings);

  // Takes the run's plan through its graph; what happens there goes to the run's stream. The secrets of the plan are
  // gone afterwards. Throws nothing that a graph throws: that is in the result. What the graph has stored may be on its
  // way still, before what is handed to the storage from now on; a failure of it is one of the run's log.
  boost::asio::awaitable<EngineResult> run(std::shared_ptr<ActiveRun> run);

  // Stops one that is under way where it is. run() then returns soon.
  void stop(ActiveRun& run);

  // `tell` is called with what each attempt did. Empty: nobody wants to know, and it is not noted.
  void when_traced(std::function<void(RunTrace)> tell) { tell_of_trace_ = std::move(tell); }

  // What the runs of a moment ago have left for the next ones on their threads (states_bytes_in_memory).
  runtime::StateCache& states() { return states_; }

 private:
  struct NotedSpans;
  void tell_of(const ActiveRun& run, const EngineResult& result, storage::Timestamp began, NotedSpans& spans) const;

  boost::asio::any_io_executor executor_;
  EngineThreads& engines_;
  storage::Storage& storage_;
  const runtime::Clock& clock_;
  runtime::CheckpointIds& checkpoint_ids_;
  runtime::Log& log_;
  const ServerSettings& settings_;
  runtime::StateCache states_;
  std::function<void(RunTrace)> tell_of_trace_;
};

}  // namespace heddle::api
