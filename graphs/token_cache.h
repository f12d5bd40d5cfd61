#pragma once
// Tokens of third parties in memory, each exchanged by one caller at a time (auth0-token-vault.md 2.4).
//
// Who wants a token that is being exchanged waits for it. A failure is told to those who wait and then forgotten:
// consent may be given a second later. A caller that is cancelled while it exchanges leaves the exchange to
// the next one who waits. Nothing is written anywhere; what leaves the cache is wiped when its last user is done.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "graphs/third_party_token.h"
#include "graphs/token_exchange.h"
#include "runtime/clock.h"

namespace heddle::graphs {

struct TokenCacheSettings {
  std::size_t tokens_max = 10'000;        // the least recently used one goes; a token takes about 3 KiB
  std::chrono::seconds renew_before{30};  // the end: a call with the token has to arrive before it
  std::chrono::seconds sweep_after{60};   // since the last sweep, whoever uses the cache takes out what has expired
};

// Any thread may call; callers may run on different executors.
class TokenCache {
 public:
  using Make = std::function<boost::asio::awaitable<ExchangeOutcome>()>;

  // The clock outlives the cache.
  explicit TokenCache(const runtime::Clock& clock, TokenCacheSettings settings = {});
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;

  // The token under `key`: the kept one, or what `make` brings, or what the caller brings who is making it already.
  // Cancellable. The cache outlives the call.
  boost::asio::awaitable<ExchangeOutcome> get(std::string key, Make make);

  // The kept one; null if there is none that is fresh.
  TokenPointer find(const std::string& key);
  // Keeps what is under `key` under `other` as well, for as long. Nothing happens if nothing is kept.
  void keep_same(const std::string& key, const std::string& other);

  // Forgets `token` if it is still the one under `key`.
  void forget(const std::string& key, const TokenPointer& token);

  std::size_t size() const;

 private:
  struct Flight;
  class Leader;
  struct Entry {
    TokenPointer token;
    storage::Timestamp made;
    std::list<std::string>::iterator use;
  };

  TokenPointer find_kept(const std::string& key);
  void keep(const std::string& key, const TokenPointer& token, storage::Timestamp made);
  void erase(std::map<std::string, Entry>::iterator entry);
  void sweep();
  bool is_fresh(const Entry& entry) const;

  const runtime::Clock& clock_;
  const TokenCacheSettings settings_;
  // A run stays on one engine thread, but the calls that share a token may be of runs on several of them, and none of
  // these threads lives as long as the cache, so there is nobody to post to. Never held while something waits.
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::list<std::string> uses_;  // keys, the most recently used one first
  storage::Timestamp swept_{};
  std::map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace heddle::graphs
