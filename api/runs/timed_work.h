#pragma once
// Work of the server beside requests that comes again at a time of day: crons, answers that are waited for, what has
// expired.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "runtime/clock.h"
#include "runtime/log.h"
#include "storage/timestamp.h"

namespace heddle::api {

struct TimedWorkSettings {
  std::string failed;  // for the log, when a turn threw: "crons could not be looked through"
  // How late a turn may be after the wall clock was set forward: timers count time that passes, not the time of day.
  std::chrono::milliseconds rest_max{};
  std::chrono::milliseconds after_failure{};
};

// Belongs to the I/O thread.
class TimedWork {
 public:
  // One turn. Returns when the next one is to come; none: not before wake(). What it throws is logged.
  using Turn = std::function<boost::asio::awaitable<std::optional<storage::Timestamp>>()>;

  // `clock` and `log` outlive this object.
  TimedWork(boost::asio::any_io_executor executor, const runtime::Clock& clock, runtime::Log& log,
            TimedWorkSettings settings);
  // Precondition: never started, or stop() has returned.
  ~TimedWork();
  TimedWork(const TimedWork&) = delete;
  TimedWork& operator=(const TimedWork&) = delete;

  // The first turn comes at once. Called once.
  void start(Turn turn);
  // No further turn begins; returns when the one under way has ended.
  boost::asio::awaitable<void> stop();
  bool stopping() const { return stopping_; }

  // Something has changed: the next turn comes at once, behind the one under way.
  void wake();

 private:
  boost::asio::awaitable<void> work(Turn turn);
  boost::asio::awaitable<void> rest_until(std::optional<storage::Timestamp> time);

  const runtime::Clock& clock_;
  runtime::Log& log_;
  TimedWorkSettings settings_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer has_stopped_;  // never expires; cancelled when work() has ended
  bool is_working_ = false;
  bool stopping_ = false;
  bool woken_ = false;  // since the last turn began
};

}  // namespace heddle::api
