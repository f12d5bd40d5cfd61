#pragma once
// The keys of the issuer of tokens: fetched when they are needed, once for all who wait, and kept while the issuer is
// down (auth0-token-vault.md 7).

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "api/auth/jwt_keys.h"
#include "graphs/http_client.h"
#include "runtime/clock.h"
#include "runtime/log.h"

namespace heddle::api {

struct JwksLimits {
  std::chrono::seconds refreshed_after{600};   // a key that was taken back works no longer than this
  std::chrono::seconds unknown_key_pause{30};  // between fetches because of unknown keys, which anybody can ask for
  std::chrono::seconds backoff_first{1};       // after a failed fetch; doubles with each failure
  std::chrono::seconds backoff_max{30};
  // For how long old keys are used while the issuer cannot be reached: as long as a token of Auth0 lives by default.
  std::chrono::hours kept_max{24};
};

// Gives the text of the key set, or throws with a text that may be logged. Cancellable.
using JwksFetch = std::function<boost::asio::awaitable<std::string>()>;

// Over HTTP: 5 seconds, 256 KiB, no redirect, status 200. `client` outlives the function.
JwksFetch jwks_over_http(graphs::HttpClient& client, std::string url);

// A resource. Belongs to `executor`: call it only there. Clock and log outlive it.
class Jwks {
 public:
  using Keys = std::shared_ptr<const JwtKeys>;
  struct Unavailable {
    std::chrono::seconds retry_after;  // when the next fetch may be made, at least 1
  };
  using Answer = std::variant<Keys, Unavailable>;

  Jwks(boost::asio::any_io_executor executor, JwksFetch fetch, const runtime::Clock& clock, runtime::Log& log,
       JwksLimits limits = {});
  // stop() was called and has returned, or nothing is being fetched.
  ~Jwks();
  Jwks(const Jwks&) = delete;
  Jwks& operator=(const Jwks&) = delete;

  // The keys as they are known, fetched before if there are none or if they are old.
  boost::asio::awaitable<Answer> keys();

  // Newer keys than `known`, in which a token's key was not found. `known` itself if they were fetched a moment ago:
  // then the issuer has no such key. Unavailable if that cannot be said now.
  boost::asio::awaitable<Answer> keys_after(Keys known);

  // Ends a fetch and returns when it has ended. Whoever waits gets Unavailable.
  boost::asio::awaitable<void> stop();

 private:
  bool is_older_than(std::chrono::seconds age) const;
  bool may_fetch() const;
  void start_fetch();
  boost::asio::awaitable<void> fetch();
  boost::asio::awaitable<void> fetched();
  void note_failure(const std::string& what);
  Answer present() const;
  std::chrono::seconds pause() const;
  Unavailable unavailable() const;

  boost::asio::any_io_executor executor_;
  JwksFetch fetch_;
  const runtime::Clock& clock_;
  runtime::Log& log_;
  JwksLimits limits_;

  Keys keys_;
  storage::Timestamp fetched_at_;  // of keys_
  std::size_t failures_ = 0;       // since the last success
  storage::Timestamp failed_at_;   // if there are failures
  bool is_fetching_ = false;
  bool stopped_ = false;
  boost::asio::cancellation_signal cancel_;
  boost::asio::steady_timer changed_;  // never expires; cancelling it wakes everybody who waits for the fetch
};

}  // namespace heddle::api
