#include "graphs/token_cache.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace heddle::graphs {

namespace asio = boost::asio;

namespace {

// Somebody who waits for another caller's exchange. Belongs to its executor.
struct Waiter {
  explicit Waiter(asio::any_io_executor of_waiter)
      : executor(std::move(of_waiter)), changed(executor, asio::steady_timer::time_point::max()) {}
  const asio::any_io_executor executor;
  asio::steady_timer changed;  // never expires; cancelling it wakes the waiter
  bool woken = false;
};

asio::awaitable<void> wait_until_woken(Waiter& waiter) {
  while (!waiter.woken) {
    // If it was the waiter that was cancelled, and not the timer, the next co_await throws.
    co_await waiter.changed.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void wake(const std::shared_ptr<Waiter>& waiter) {
  asio::post(waiter->executor, [waiter] {
    waiter->woken = true;
    waiter->changed.cancel();
  });
}

}  // namespace

// An exchange under way. Guarded by the cache's mutex.
struct TokenCache::Flight {
  std::vector<std::shared_ptr<Waiter>> waiters;
  std::optional<ExchangeOutcome> outcome;  // nothing after its end: it was given up
};

// Who exchanges. However it leaves, the flight ends and its waiters wake.
class TokenCache::Leader {
 public:
  Leader(TokenCache& cache, std::string key, std::shared_ptr<Flight> flight)
      : cache_(cache), key_(std::move(key)), flight_(std::move(flight)) {}
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;
  ~Leader() { end(std::nullopt); }

  void end(std::optional<ExchangeOutcome> outcome) {
    if (flight_ == nullptr) return;
    const std::shared_ptr<Flight> flight = std::exchange(flight_, nullptr);
    std::vector<std::shared_ptr<Waiter>> waiters;
    {
      const std::lock_guard lock(cache_.mutex_);
      if (outcome) {
        if (const TokenPointer* token = std::get_if<TokenPointer>(&*outcome))
          cache_.keep(key_, *token, cache_.clock_.now());
      }
      flight->outcome = std::move(outcome);
      waiters.swap(flight->waiters);
      cache_.flights_.erase(key_);
    }
    for (const std::shared_ptr<Waiter>& waiter : waiters) wake(waiter);
  }

 private:
  TokenCache& cache_;
  std::string key_;
  std::shared_ptr<Flight> flight_;
};

TokenCache::TokenCache(const runtime::Clock& clock, TokenCacheSettings settings) : clock_(clock), settings_(settings) {}

bool TokenCache::is_fresh(const Entry& entry) const {
  if (!entry.token->expires_in) return true;
  return clock_.now() < entry.made + *entry.token->expires_in - settings_.renew_before;
}

// With the mutex held. A user who does not come back leaves no token in memory for ever.
void TokenCache::sweep() {
  const storage::Timestamp now = clock_.now();
  if (now < swept_ + settings_.sweep_after) return;
  swept_ = now;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (!is_fresh(entry->second)) erase(entry);
    entry = next;
  }
}

// With the mutex held.
TokenPointer TokenCache::find_kept(const std::string& key) {
  sweep();
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  if (!is_fresh(found->second)) {
    erase(found);
    return nullptr;
  }
  uses_.splice(uses_.begin(), uses_, found->second.use);
  return found->second.token;
}

// With the mutex held.
void TokenCache::keep(const std::string& key, const TokenPointer& token, storage::Timestamp made) {
  if (const auto old = entries_.find(key); old != entries_.end()) erase(old);
  uses_.push_front(key);
  const auto kept = entries_.emplace(key, Entry{token, made, uses_.begin()}).first;
  if (!is_fresh(kept->second)) erase(kept);  // it lives too short to be used twice
  while (entries_.size() > settings_.tokens_max) erase(entries_.find(uses_.back()));
}

// With the mutex held.
void TokenCache::erase(std::map<std::string, Entry>::iterator entry) {
  uses_.erase(entry->second.use);
  entries_.erase(entry);
}

asio::awaitable<ExchangeOutcome> TokenCache::get(std::string key, Make make) {
  const auto executor = co_await asio::this_coro::executor;
  for (;;) {
    std::shared_ptr<Flight> flight;
    std::shared_ptr<Waiter> waiter;
    {
      const std::lock_guard lock(mutex_);
      if (TokenPointer kept = find_kept(key)) co_return kept;
      std::shared_ptr<Flight>& place = flights_[key];
      if (place == nullptr) {
        place = std::make_shared<Flight>();
      } else {
        waiter = std::make_shared<Waiter>(executor);
        place->waiters.push_back(waiter);
      }
      flight = place;
    }
    if (waiter == nullptr) {
      Leader leader(*this, key, flight);
      ExchangeOutcome outcome = co_await make();
      leader.end(outcome);
      co_return outcome;
    }
    co_await wait_until_woken(*waiter);
    const std::lock_guard lock(mutex_);
    if (flight->outcome) co_return *flight->outcome;
    // The one who exchanged was cancelled: the next one takes over.
  }
}

TokenPointer TokenCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  return find_kept(key);
}

void TokenCache::keep_same(const std::string& key, const std::string& other) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  const Entry entry = found->second;
  const auto kept = entries_.find(other);
  if (kept == entries_.end() || kept->second.token != entry.token) keep(other, entry.token, entry.made);
}

void TokenCache::forget(const std::string& key, const TokenPointer& token) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found != entries_.end() && found->second.token == token) erase(found);
}

std::size_t TokenCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace heddle::graphs
