#include "api/services/expiry_sweeper.h"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <exception>
#include <ratio>
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
// In one transaction; each takes its events along, of which a long run has megabytes.
constexpr std::int64_t kRunsAtOnce = 64;
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
      work_(parts.queue.executor(), parts.clock, parts.log,
            {"what has expired could not be swept away", kLookAtLeast, kLookAtLeast}) {}

ExpirySweeper::~ExpirySweeper() = default;

void ExpirySweeper::start() {
  work_.start([this] { return sweep_due(); });
}

asio::awaitable<void> ExpirySweeper::stop() {
  return work_.stop();
}

asio::awaitable<std::optional<storage::Timestamp>> ExpirySweeper::sweep_due() {
  const storage::Timestamp now = parts_.clock.now();
  if (items_.comes(now, parts_.settings.store.sweep_interval)) co_await sweep_items();
  if (of_threads_.comes(now, parts_.settings.thread_ttl.sweep_interval)) {
    co_await sweep_threads();
    co_await sweep_runs(now);
  }
  co_return std::min(items_.next(), of_threads_.next());
}

asio::awaitable<void> ExpirySweeper::sweep_items() {
  std::int64_t erased = 0;
  while (!work_.stopping()) {
    const std::int64_t portion = co_await store_.erase_expired(kItemsAtOnce);
    erased += portion;
    if (portion < kItemsAtOnce) break;
  }
  if (erased > 0) parts_.log.debug("expired items were erased", json::object{{"items", erased}});
}

asio::awaitable<void> ExpirySweeper::sweep_threads() {
  std::int64_t left = parts_.settings.thread_ttl.sweep_limit;
  const std::int64_t most = left;
  while (!work_.stopping() && left > 0) {
    const std::int64_t at_once = std::min(left, kThreadsAtOnce);
    const std::int64_t portion = co_await threads_.expire(at_once);
    left -= portion;
    if (portion < at_once) break;
  }
  if (left < most) parts_.log.debug("expired threads were swept", json::object{{"threads", most - left}});
}

asio::awaitable<void> ExpirySweeper::sweep_runs(storage::Timestamp now) {
  if (!parts_.settings.run_retention_minutes) co_return;
  const std::chrono::duration<double, std::ratio<60>> kept(*parts_.settings.run_retention_minutes);
  const storage::Timestamp before = now - std::chrono::duration_cast<std::chrono::microseconds>(kept);
  std::int64_t erased = 0;
  while (!work_.stopping()) {
    auto erase = [before](storage::Transaction& transaction) {
      return transaction.runs().erase_ended(before, kRunsAtOnce);
    };
    const std::int64_t portion = co_await parts_.storage.commit(std::move(erase));
    erased += portion;
    if (portion < kRunsAtOnce) break;
  }
  if (erased > 0) parts_.log.debug("runs that ended long ago were erased", json::object{{"runs", erased}});
}

}  // namespace heddle::api
