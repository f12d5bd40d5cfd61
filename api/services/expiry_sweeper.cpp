#include "api/services/expiry_sweeper.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <exception>
#include <utility>

#include "api/runs/run_queue.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// Erased in one transaction, which others wait for: some milliseconds.
constexpr std::int64_t kItemsAtOnce = 256;
// Found by one query; each is erased in a transaction of its own.
constexpr std::int64_t kThreadsAtOnce = 64;
// Timers count time that passes, not the time of day: how late a sweep may be after the clock was set forward.
constexpr std::chrono::minutes kLookAtLeast{1};

}  // namespace

bool ExpirySweeper::Turn::comes(storage::Timestamp now, std::chrono::minutes interval) {
  // A turn that is more than an interval away was reckoned before the clock was set back.
  const bool is_far = next_ && *next_ > now + interval;
  if (next_ && *next_ > now && !is_far) return false;
  next_ = now + interval;
  return true;
}

ExpirySweeper::ExpirySweeper(ServiceParts parts, StoreService& store, ThreadService& threads)
    : parts_(parts),
      store_(store),
      threads_(threads),
      timer_(parts.queue.executor()),
      has_stopped_(parts.queue.executor(), asio::steady_timer::time_point::max()) {}

ExpirySweeper::~ExpirySweeper() = default;

void ExpirySweeper::start() {
  is_working_ = true;
  auto ended = [this](std::exception_ptr) {
    is_working_ = false;
    has_stopped_.cancel();
  };
  asio::co_spawn(parts_.queue.executor(), work(), std::move(ended));
}

asio::awaitable<void> ExpirySweeper::stop() {
  stopping_ = true;
  timer_.cancel();
  while (is_working_) co_await has_stopped_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> ExpirySweeper::work() {
  while (!stopping_) {
    storage::Timestamp next = parts_.clock.now() + kLookAtLeast;
    try {
      next = co_await sweep_due();
    } catch (const std::exception& error) {
      parts_.log.error("what has expired could not be swept away", json::object{{"what", error.what()}});
    }
    if (stopping_) break;
    const asio::steady_timer::duration rest = next - parts_.clock.now();
    timer_.expires_after(std::clamp<asio::steady_timer::duration>(rest, std::chrono::milliseconds{1}, kLookAtLeast));
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<storage::Timestamp> ExpirySweeper::sweep_due() {
  const storage::Timestamp now = parts_.clock.now();
  if (items_.comes(now, parts_.settings.store.sweep_interval)) co_await sweep_items();
  if (of_threads_.comes(now, parts_.settings.thread_ttl.sweep_interval)) co_await sweep_threads();
  co_return std::min(items_.next(), of_threads_.next());
}

asio::awaitable<void> ExpirySweeper::sweep_items() {
  std::int64_t erased = 0;
  while (!stopping_) {
    const std::int64_t portion = co_await store_.erase_expired(kItemsAtOnce);
    erased += portion;
    if (portion < kItemsAtOnce) break;
  }
  if (erased > 0) parts_.log.debug("expired items were erased", json::object{{"items", erased}});
}

asio::awaitable<void> ExpirySweeper::sweep_threads() {
  std::int64_t left = parts_.settings.thread_ttl.sweep_limit;
  const std::int64_t most = left;
  while (!stopping_ && left > 0) {
    const std::int64_t at_once = std::min(left, kThreadsAtOnce);
    const std::int64_t portion = co_await threads_.expire(at_once);
    left -= portion;
    if (portion < at_once) break;
  }
  if (left < most) parts_.log.debug("expired threads were swept", json::object{{"threads", most - left}});
}

}  // namespace heddle::api
