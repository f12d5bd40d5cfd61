#pragma once
// The runs in flight: order per thread, strategies, limits, cancelling (http-api.md 8).

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/runs/active_run.h"
#include "api/runs/engine_threads.h"
#include "api/runs/run_counters.h"
#include "api/runs/run_worker.h"
#include "api/runs/thread_news.h"
#include "api/runs/webhooks.h"
#include "api/settings.h"
#include "graphs/registry.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/uuid.h"
#include "storage/storage.h"

namespace heddle::api {

// Usually a few commits of the database. Other tasks of the step that asked may go on for longer; then the thread is
// busy indeed.
constexpr std::chrono::milliseconds kEndAfterQuestion{1000};

// Belongs to the I/O thread.
class RunQueue {
 public:
  RunQueue(boost::asio::any_io_executor executor, EngineThreads& engines, storage::Storage& storage,
           const runtime::Clock& clock, runtime::CheckpointIds& checkpoint_ids, runtime::Log& log,
           const ServerSettings& settings, Webhooks& webhooks);
  // Precondition: drain() has returned.
  ~RunQueue();
  RunQueue(const RunQueue&) = delete;
  RunQueue& operator=(const RunQueue&) = delete;

  boost::asio::any_io_executor executor() const { return executor_; }

  // Of threads whose runs begin and end here. Others tell it what they do to a thread. Closed by drain().
  ThreadNews& thread_news() { return thread_news_; }

  // Whether so many more runs may be taken in.
  bool has_room(std::size_t count) const { return by_id_.size() + count <= settings_.runs_queued_max; }

  // Whether one owner may have so many more, runs_per_user_max.
  bool has_room_for(const storage::Owner& owner, std::size_t count) const;

  // Takes in a run whose record is stored (or temporary). It starts when it is due and its thread is free.
  void add(std::shared_ptr<ActiveRun> run);

  // See RunWorker.
  void when_awaiting(std::function<void()> tell) { worker_.when_awaiting(std::move(tell)); }
  void when_traced(std::function<void(RunTrace)> tell) { worker_.when_traced(std::move(tell)); }
  runtime::StateCache& states() { return worker_.states(); }

  // In flight. Null pointer otherwise.
  std::shared_ptr<ActiveRun> find(storage::RunId id) const;
  // The one that works on this thread. Null pointer if there is none.
  std::shared_ptr<ActiveRun> find_working(storage::ThreadId id) const;
  // The temporary run that works on this thread, which is stored nowhere. Null pointer if there is none.
  std::shared_ptr<ActiveRun> find_temporary(const storage::Owner& owner, storage::ThreadId id) const;
  // All of an owner.
  std::vector<std::shared_ptr<ActiveRun>> find_all(const storage::Owner& owner) const;
  std::size_t in_flight() const { return by_id_.size(); }
  std::size_t running() const { return running_; }
  bool is_draining() const { return draining_; }
  // The threads that its runs have.
  const EngineThreads& engines() const { return engines_; }
  // Of runs that have ended since the start.
  const RunCounters& counters() const { return counters_; }

  // Asks the run to stop; it has ended when ended() of it returns. Asking twice keeps the first action.
  void cancel(const std::shared_ptr<ActiveRun>& run, CancelAction action);

  // If the run that works on this thread has shown a question, returns when it has ended, or after kEndAfterQuestion.
  // A client that reads the stream may answer before the end of the run is stored, and is not to be told that the
  // thread is busy.
  boost::asio::awaitable<void> end_of_asking_run(storage::Owner owner, storage::ThreadId id);

  // Cancels everything of the thread (or assistant) and returns when it has ended.
  boost::asio::awaitable<void> stop_thread(storage::ThreadId id);
  boost::asio::awaitable<void> stop_assistant(storage::AssistantId id);
  boost::asio::awaitable<void> stop_everything();

  // Starts nothing more and lets running ones come to their next checkpoint, or to their end, for `patience`; then
  // stops them where they are. The next start takes them up from their last checkpoint.
  boost::asio::awaitable<void> drain(std::chrono::milliseconds patience);

 private:
  struct Lane {
    std::shared_ptr<ActiveRun> running;
    std::deque<std::shared_ptr<ActiveRun>> pending;  // in the order of creation
  };

  void start_next(storage::ThreadId id);
  void start_ready();
  void leave(const std::shared_ptr<ActiveRun>& run);
  boost::asio::awaitable<void> wait_until_due(std::shared_ptr<ActiveRun> run);
  boost::asio::awaitable<void> execute(std::shared_ptr<ActiveRun> run);
  boost::asio::awaitable<void> give_up(std::shared_ptr<ActiveRun> run);
  boost::asio::awaitable<void> stop_all(std::vector<std::shared_ptr<ActiveRun>> runs);
  // `run`: what an error is told of.
  void spawn(std::shared_ptr<const ActiveRun> run, boost::asio::awaitable<void> work);

  boost::asio::any_io_executor executor_;
  EngineThreads& engines_;
  const runtime::Clock& clock_;
  runtime::Log& log_;
  const ServerSettings& settings_;
  ThreadNews thread_news_;
  RunWorker worker_;

  std::unordered_map<storage::RunId, std::shared_ptr<ActiveRun>> by_id_;
  std::unordered_map<storage::ThreadId, Lane> lanes_;
  std::unordered_map<std::string, std::size_t> of_owner_;  // number of those in by_id_
  std::deque<std::shared_ptr<ActiveRun>> ready_;           // may start, but for the limit of runs at once
  std::size_t running_ = 0;
  RunCounters counters_;
  std::size_t coroutines_ = 0;
  bool draining_ = false;
  boost::asio::steady_timer idle_;  // never expires; cancelled when a coroutine of the queue ends
};

}  // namespace heddle::api
