#pragma once
// Calls the webhooks of runs that have ended (http-api.md 16).
//
// What is owed stands in the outbox of the storage, written with the end of the run. A loop takes what is due from
// there: at once what has just ended, later what is tried again, after a start what the process before left. A call
// that got through (2xx) or had its last attempt is erased; a process that dies in between calls again, so a receiver
// may get a call twice (same `run_id`). Calls of one thread go out one after the other, in the order in which its runs
// ended.
//
// Calls of runs that are stored nowhere are kept in memory, up to a limit, and are lost with the process.
//
// Failures are logged, without path, query, header or body, and change nothing else.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "api/settings.h"
#include "graphs/http_client.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "storage/storage.h"

namespace heddle::api {

// Belongs to `executor`, the I/O thread. All references outlive it.
class Webhooks {
 public:
  Webhooks(boost::asio::any_io_executor executor, storage::Storage& storage, const runtime::Clock& clock,
           runtime::Log& log, const WebhookSettings& settings);
  // Precondition: stop() has returned, or start() was not called.
  ~Webhooks();
  Webhooks(const Webhooks&) = delete;
  Webhooks& operator=(const Webhooks&) = delete;

  // Begins to call. `own_url`: of this server, for webhooks that begin with `/`.
  void start(std::string own_url);

  // Keeps the call of a run back, from before it is written until the end of the run is visible to everybody.
  class Hold {
   public:
    Hold(Webhooks& webhooks, storage::RunId id);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Webhooks& webhooks_;
    storage::RunId id_;
  };

  // A call of a run that is stored nowhere.
  void add_unstored(storage::Webhook call);

  // Begins no further attempt, gives those under way `patience` to end, then cuts them off: what is stored is called
  // after the next start.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds patience);

 private:
  enum class Attempt {
    succeeded,
    failed,
    hopeless,  // would fail again
    cut_off,   // by stop(); does not count
  };
  using Call = std::shared_ptr<const storage::Webhook>;
  struct Logged;

  boost::asio::awaitable<void> work();
  boost::asio::awaitable<std::optional<storage::Timestamp>> start_due();
  std::optional<storage::Timestamp> start_due_unstored(storage::Timestamp now);
  boost::asio::awaitable<void> wait_until(std::optional<storage::Timestamp> time);
  boost::asio::awaitable<void> call_stored(storage::RunId id);
  boost::asio::awaitable<void> call_unstored(Call call);
  boost::asio::awaitable<Attempt> attempt(Call call);
  // When the call is tried again after an attempt that failed; nothing if it was the last one.
  std::optional<storage::Timestamp> next_attempt(const storage::Webhook& call, Attempt attempt);
  bool has_room() const { return under_way_ < settings_.at_once; }
  graphs::HttpClient& client();
  void spawn(boost::asio::awaitable<void> work);
  void pause_after(const std::exception_ptr& error);
  void wake();

  boost::asio::any_io_executor executor_;
  storage::Storage& storage_;
  const runtime::Clock& clock_;
  runtime::Log& log_;
  const WebhookSettings& settings_;
  std::string own_url_;

  std::unordered_set<storage::RunId> held_;  // under way, or kept back by a Hold
  std::deque<Call> unstored_;                // that wait for their time or for room
  std::size_t unstored_bytes_ = 0;           // with those under way
  std::size_t under_way_ = 0;
  bool is_working_ = false;
  bool is_woken_ = false;
  bool is_stopping_ = false;
  storage::Timestamp paused_until_{};  // the storage refused something
  boost::asio::steady_timer wake_;     // of work(); cancelled when there may be something to do
  boost::asio::steady_timer idle_;     // never expires; cancelled when a coroutine ends
  std::optional<graphs::HttpClient>
      client_;  // made for the first call, so that a server without webhooks has no thread
};

}  // namespace heddle::api
