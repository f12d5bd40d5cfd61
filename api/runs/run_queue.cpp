#include "api/runs/run_queue.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "api/runs/run_status.h"

namespace heddle::api {
namespace asio = boost::asio;

RunQueue::RunQueue(asio::any_io_executor executor, EngineThreads& engines, storage::Storage& storage,
                   const runtime::Clock& clock, runtime::CheckpointIds& checkpoint_ids, runtime::Log& log,
                   const ServerSettings& settings, Webhooks& webhooks)
    : executor_(executor),
      engines_(engines),
      clock_(clock),
      log_(log),
      settings_(settings),
      worker_(executor, engines, storage, clock, checkpoint_ids, log, settings, webhooks, thread_news_),
      idle_(executor, asio::steady_timer::time_point::max()) {}

RunQueue::~RunQueue() = default;

void RunQueue::spawn(std::shared_ptr<const ActiveRun> run, asio::awaitable<void> work) {
  ++coroutines_;
  auto done = [this, run = std::move(run)](std::exception_ptr error) {
    --coroutines_;
    idle_.cancel();
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
      boost::json::object fields = run->log_fields();
      fields["what"] = thrown.what();
      log_.error("a run could not be brought to its end", fields);
    }
  };
  asio::co_spawn(executor_, std::move(work), std::move(done));
}

bool RunQueue::has_room_for(const storage::Owner& owner, std::size_t count) const {
  if (settings_.runs_per_user_max == 0) return true;
  const auto found = of_owner_.find(owner.text);
  return (found == of_owner_.end() ? 0 : found->second) + count <= settings_.runs_per_user_max;
}

void RunQueue::add(std::shared_ptr<ActiveRun> run) {
  by_id_[run->record.run_id] = run;
  ++of_owner_[run->record.owner.text];
  Lane& lane = lanes_[run->record.thread_id];
  lane.pending.push_back(run);
  if (run->record.created_at > clock_.now()) {
    run->due = false;
    spawn(run, wait_until_due(run));
    return;
  }
  start_next(run->record.thread_id);
}

asio::awaitable<void> RunQueue::wait_until_due(std::shared_ptr<ActiveRun> run) {
  const auto wait = run->record.created_at - clock_.now();
  run->delay.emplace(executor_, wait);
  co_await run->delay->async_wait(asio::as_tuple(asio::use_awaitable));
  run->due = true;
  if (run->phase == ActiveRun::Phase::waiting && !run->cancel) start_next(run->record.thread_id);
}

// Starts the oldest run of the thread that is due, if nothing of it runs. A delayed one does not hold up the others.
void RunQueue::start_next(storage::ThreadId id) {
  if (draining_) return;
  const auto found = lanes_.find(id);
  if (found == lanes_.end()) return;
  Lane& lane = found->second;
  if (lane.running) return;
  const auto next =
      std::find_if(lane.pending.begin(), lane.pending.end(), [](const auto& run) { return run->due && !run->cancel; });
  if (next == lane.pending.end()) return;
  lane.running = *next;
  lane.pending.erase(next);
  ready_.push_back(lane.running);
  start_ready();
}

void RunQueue::start_ready() {
  while (!ready_.empty() && running_ < settings_.runs_at_once) {
    const std::shared_ptr<ActiveRun> run = std::move(ready_.front());
    ready_.pop_front();
    ++running_;
    spawn(run, execute(run));
  }
}

asio::awaitable<void> RunQueue::execute(std::shared_ptr<ActiveRun> run) {
  std::exception_ptr error;
  try {
    if (run->cancel) {
      co_await worker_.end_unstarted(run);
    } else {
      co_await worker_.execute(run);
    }
  } catch (...) {
    // Storage refuses: nothing more can be said about this run; its readers must not wait for ever.
    error = std::current_exception();
  }
  --running_;
  if (error) {
    run->result = R"({"__error__":{"error":"StorageError","message":"the end of the run could not be stored"}})";
    run->close();
  }
  leave(run);
  start_ready();
  if (error) std::rethrow_exception(error);
}

asio::awaitable<void> RunQueue::give_up(std::shared_ptr<ActiveRun> run) {
  co_await worker_.end_unstarted(run);
  leave(run);
}

void RunQueue::leave(const std::shared_ptr<ActiveRun>& run) {
  by_id_.erase(run->record.run_id);
  const auto others = of_owner_.find(run->record.owner.text);
  if (others != of_owner_.end() && --others->second == 0) of_owner_.erase(others);
  if (is_over(run->record.status)) counters_.add(run->record);
  thread_news_.tell(run->record.thread_id);
  const auto found = lanes_.find(run->record.thread_id);
  if (found == lanes_.end()) return;
  Lane& lane = found->second;
  if (lane.running == run) lane.running.reset();
  std::erase(lane.pending, run);
  if (!lane.running && lane.pending.empty()) {
    lanes_.erase(found);
  } else {
    start_next(run->record.thread_id);
  }
}

std::shared_ptr<ActiveRun> RunQueue::find(storage::RunId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::shared_ptr<ActiveRun> RunQueue::find_working(storage::ThreadId id) const {
  const auto found = lanes_.find(id);
  return found == lanes_.end() ? nullptr : found->second.running;
}

std::shared_ptr<ActiveRun> RunQueue::find_temporary(const storage::Owner& owner, storage::ThreadId id) const {
  const auto found = lanes_.find(id);
  if (found == lanes_.end()) return nullptr;
  const std::shared_ptr<ActiveRun> run = found->second.running ? found->second.running : found->second.pending.front();
  return run->temporary && run->record.owner == owner ? run : nullptr;
}

std::vector<std::shared_ptr<ActiveRun>> RunQueue::find_all(const storage::Owner& owner) const {
  std::vector<std::shared_ptr<ActiveRun>> runs;
  for (const auto& [id, run] : by_id_) {
    if (run->record.owner == owner) runs.push_back(run);
  }
  return runs;
}

asio::awaitable<void> RunQueue::end_of_asking_run(storage::Owner owner, storage::ThreadId id) {
  const auto lane = lanes_.find(id);
  if (lane == lanes_.end() || !lane->second.running) co_return;
  const std::shared_ptr<ActiveRun> run = lane->second.running;
  if (run->record.owner != owner || !run->stream->has_asked()) co_return;
  co_await run->ended_within(kEndAfterQuestion);
}

void RunQueue::cancel(const std::shared_ptr<ActiveRun>& run, CancelAction action) {
  if (run->phase == ActiveRun::Phase::ended || run->cancel) return;
  run->cancel = action;
  if (run->phase == ActiveRun::Phase::running) {
    worker_.stop(*run);
    return;
  }
  if (run->delay) run->delay->cancel();
  const auto lane = lanes_.find(run->record.thread_id);
  // One that waits for room among the runs at once is ended by execute().
  if (lane != lanes_.end() && lane->second.running == run) return;
  run->phase = ActiveRun::Phase::running;
  spawn(run, give_up(run));
}

asio::awaitable<void> RunQueue::stop_all(std::vector<std::shared_ptr<ActiveRun>> runs) {
  for (const auto& run : runs) cancel(run, CancelAction::interrupt);
  for (const auto& run : runs) co_await run->ended();
}

asio::awaitable<void> RunQueue::stop_thread(storage::ThreadId id) {
  std::vector<std::shared_ptr<ActiveRun>> runs;
  for (const auto& [run_id, run] : by_id_) {
    if (run->record.thread_id == id) runs.push_back(run);
  }
  co_await stop_all(std::move(runs));
}

asio::awaitable<void> RunQueue::stop_assistant(storage::AssistantId id) {
  std::vector<std::shared_ptr<ActiveRun>> runs;
  for (const auto& [run_id, run] : by_id_) {
    if (run->record.assistant_id == id) runs.push_back(run);
  }
  co_await stop_all(std::move(runs));
}

asio::awaitable<void> RunQueue::stop_everything() {
  std::vector<std::shared_ptr<ActiveRun>> runs;
  for (const auto& [run_id, run] : by_id_) runs.push_back(run);
  co_await stop_all(std::move(runs));
}

asio::awaitable<void> RunQueue::drain(std::chrono::milliseconds patience) {
  draining_ = true;
  for (const auto& [id, run] : by_id_) {
    if (run->delay) run->delay->cancel();
    if (run->phase == ActiveRun::Phase::running) worker_.pause(*run);
  }
  asio::steady_timer limit(executor_, patience);
  limit.async_wait([this](boost::system::error_code error) {
    if (error) return;
    for (const auto& [id, run] : by_id_) {
      if (run->phase != ActiveRun::Phase::running) continue;
      run->stop_for_restart = true;
      worker_.stop(*run);
    }
  });
  while (coroutines_ > 0) co_await idle_.async_wait(asio::as_tuple(asio::use_awaitable));
  limit.cancel();
  // Those that never started end their streams here; they are stored as pending.
  for (const auto& [id, run] : by_id_) {
    run->result = "{}";
    run->close();
  }
  by_id_.clear();
  lanes_.clear();
  of_owner_.clear();
  ready_.clear();
  thread_news_.close();
}

}  // namespace heddle::api
