#include "api/runs/timed_work.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <exception>
#include <utility>

namespace heddle::api {

namespace asio = boost::asio;

namespace {

// A timer may be early by the difference of two clocks; less than this is not worth another timer.
constexpr std::chrono::milliseconds kShortestRest{1};

}  // namespace

TimedWork::TimedWork(asio::any_io_executor executor, const runtime::Clock& clock, runtime::Log& log,
                     TimedWorkSettings settings)
    : clock_(clock),
      log_(log),
      settings_(std::move(settings)),
      timer_(executor),
      has_stopped_(executor, asio::steady_timer::time_point::max()) {}

TimedWork::~TimedWork() = default;

void TimedWork::start(Turn turn) {
  is_working_ = true;
  auto ended = [this](std::exception_ptr) {
    is_working_ = false;
    has_stopped_.cancel();
  };
  asio::co_spawn(timer_.get_executor(), work(std::move(turn)), std::move(ended));
}

asio::awaitable<void> TimedWork::stop() {
  stopping_ = true;
  timer_.cancel();
  while (is_working_) co_await has_stopped_.async_wait(asio::as_tuple(asio::use_awaitable));
}

void TimedWork::wake() {
  woken_ = true;
  timer_.cancel();
}

asio::awaitable<void> TimedWork::work(Turn turn) {
  while (!stopping_) {
    woken_ = false;
    std::optional<storage::Timestamp> next;
    try {
      next = co_await turn();
    } catch (const std::exception& error) {
      log_.error(settings_.failed, boost::json::object{{"what", error.what()}});
      next = clock_.now() + settings_.after_failure;
    }
    if (!stopping_ && !woken_) co_await rest_until(next);
  }
}

asio::awaitable<void> TimedWork::rest_until(std::optional<storage::Timestamp> time) {
  timer_.expires_at(asio::steady_timer::time_point::max());
  if (time) {
    using Rest = asio::steady_timer::duration;
    timer_.expires_after(std::clamp<Rest>(*time - clock_.now(), kShortestRest, settings_.rest_max));
  }
  co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace heddle::api
