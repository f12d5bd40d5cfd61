#include "graphs/token_cache.h"

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "tests/support/manual_clock.h"
#include "tests/support/run.h"

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::graphs;
using namespace std::chrono_literals;

namespace {

TokenPointer token_of(const std::string& text, std::optional<std::chrono::seconds> expires_in = 3600s) {
  auto token = std::make_shared<ThirdPartyToken>();
  token->access_token = runtime::Secret(std::string(text));
  token->expires_in = expires_in;
  return token;
}

std::string text_of(const ExchangeOutcome& outcome) {
  if (const auto* token = std::get_if<TokenPointer>(&outcome)) return std::string((*token)->access_token.reveal());
  if (std::holds_alternative<ConsentNeeded>(outcome)) return "consent";
  return "failed " + std::get<ExchangeFailed>(outcome).text;
}

struct CacheFixture {
  asio::io_context io;
  test::ManualClock clock;
  TokenCacheSettings settings;
  std::unique_ptr<TokenCache> cache = std::make_unique<TokenCache>(clock, settings);
  int made = 0;
  asio::steady_timer gate{io, asio::steady_timer::time_point::max()};  // cancelling it opens it

  void limit(std::size_t tokens_max) {
    settings.tokens_max = tokens_max;
    cache = std::make_unique<TokenCache>(clock, settings);
  }

  // An exchange that brings `outcome` at once.
  TokenCache::Make bringing(ExchangeOutcome outcome) {
    return [this, outcome]() -> asio::awaitable<ExchangeOutcome> {
      ++made;
      co_return outcome;
    };
  }
  // One that waits for the gate.
  TokenCache::Make waiting(ExchangeOutcome outcome) {
    return [this, outcome]() -> asio::awaitable<ExchangeOutcome> {
      ++made;
      co_await gate.async_wait(asio::as_tuple(asio::use_awaitable));
      // Throws here if it was the exchange that was cancelled.
      const auto executor = co_await asio::this_coro::executor;
      co_await asio::post(executor, asio::use_awaitable);
      co_return outcome;
    };
  }

  std::string get(const std::string& key, ExchangeOutcome outcome) {
    return text_of(test::run(io, cache->get(key, bringing(std::move(outcome)))));
  }

  // A caller that runs beside the others.
  struct Caller {
    std::string got = "nothing yet";
    asio::cancellation_signal stop;
  };
  void start(Caller& caller, TokenCache::Make make) {
    auto ended = [&caller](std::exception_ptr error, ExchangeOutcome outcome) {
      caller.got = error ? "cancelled" : text_of(outcome);
    };
    asio::co_spawn(io, cache->get("k", std::move(make)), asio::bind_cancellation_slot(caller.stop.slot(), ended));
    poll();
  }
  void poll() {
    io.restart();
    io.poll();
  }
  void open_gate() {
    gate.cancel();
    poll();
  }
};

}  // namespace

TEST_CASE_METHOD(CacheFixture, "A token is made once per key") {
  CHECK(get("a", token_of("1")) == "1");
  CHECK(get("a", token_of("2")) == "1");
  CHECK(get("b", token_of("3")) == "3");
  CHECK(made == 2);
}

TEST_CASE_METHOD(CacheFixture, "A token is made anew half a minute before its end") {
  get("a", token_of("1", 100s));
  clock.advance(69s);
  CHECK(get("a", token_of("2")) == "1");
  clock.advance(1s);
  CHECK(get("a", token_of("2", 100s)) == "2");
}

TEST_CASE_METHOD(CacheFixture, "A token that lives for less than that is used once") {
  CHECK(get("a", token_of("1", 30s)) == "1");
  CHECK(cache->size() == 0);
  CHECK(get("a", token_of("2", 30s)) == "2");
}

TEST_CASE_METHOD(CacheFixture, "A token without an end stays") {
  get("a", token_of("1", std::nullopt));
  clock.advance(std::chrono::hours(24 * 365));
  CHECK(get("a", token_of("2")) == "1");
}

TEST_CASE_METHOD(CacheFixture, "A failure is not kept") {
  CHECK(get("a", ConsentNeeded{}) == "consent");
  CHECK(get("a", ExchangeFailed{"n", "down"}) == "failed down");
  CHECK(cache->size() == 0);
  CHECK(get("a", token_of("1")) == "1");
}

TEST_CASE_METHOD(CacheFixture, "The token that was used least lately makes room") {
  limit(2);
  get("a", token_of("1"));
  get("b", token_of("2"));
  get("a", token_of("unused"));
  get("c", token_of("3"));
  CHECK(cache->size() == 2);
  CHECK(get("a", token_of("4")) == "1");
  CHECK(get("b", token_of("5")) == "5");
}

TEST_CASE_METHOD(CacheFixture, "A refused token is forgotten, but not the one that has taken its place") {
  const TokenPointer old = token_of("1");
  get("a", old);
  cache->forget("a", old);
  CHECK(get("a", token_of("2")) == "2");
  cache->forget("a", old);
  cache->forget("unknown", old);
  CHECK(get("a", token_of("3")) == "2");
}

TEST_CASE_METHOD(CacheFixture, "A token that nobody uses any more is gone") {
  std::weak_ptr<const ThirdPartyToken> seen;
  {
    const TokenPointer token = token_of("1");
    seen = token;
    get("a", token);
    cache->forget("a", token);
    CHECK_FALSE(seen.expired());
  }
  CHECK(seen.expired());
}

TEST_CASE_METHOD(CacheFixture,
                 "A token that has expired goes when anybody uses the cache, a minute after the last time at most") {
  get("a", token_of("1"));
  get("b", token_of("2"));
  CHECK(cache->size() == 2);
  clock.advance(std::chrono::hours(1));
  get("c", token_of("3"));
  CHECK(cache->size() == 1);
}

TEST_CASE_METHOD(CacheFixture, "Who comes while a token is being made waits for it") {
  Caller first;
  Caller second;
  start(first, waiting(token_of("1")));
  start(second, waiting(token_of("2")));
  CHECK(made == 1);
  open_gate();
  CHECK(first.got == "1");
  CHECK(second.got == "1");
}

TEST_CASE_METHOD(CacheFixture, "Who waits is told the failure too, and the next one tries again") {
  Caller first;
  Caller second;
  start(first, waiting(ConsentNeeded{}));
  start(second, waiting(token_of("2")));
  open_gate();
  CHECK(first.got == "consent");
  CHECK(second.got == "consent");
  CHECK(get("k", token_of("3")) == "3");
}

TEST_CASE_METHOD(CacheFixture, "A cancelled caller leaves the making to one who waits") {
  Caller first;
  Caller second;
  Caller third;
  start(first, waiting(token_of("1")));
  start(second, waiting(token_of("2")));
  start(third, waiting(token_of("3")));
  first.stop.emit(asio::cancellation_type::terminal);
  poll();
  CHECK(first.got == "cancelled");
  CHECK(second.got == "nothing yet");
  CHECK(made == 2);
  open_gate();
  CHECK(second.got == "2");
  CHECK(third.got == "2");
}

TEST_CASE_METHOD(CacheFixture, "A cancelled waiter disturbs nobody") {
  Caller first;
  Caller second;
  start(first, waiting(token_of("1")));
  start(second, waiting(token_of("2")));
  second.stop.emit(asio::cancellation_type::terminal);
  poll();
  CHECK(second.got == "cancelled");
  open_gate();
  CHECK(first.got == "1");
}

TEST_CASE("Callers on several threads make a token once") {
  constexpr int kThreads = 4;
  // The executors of callers outlive the cache, which wakes them.
  std::array<asio::io_context, kThreads> contexts;
  const runtime::SystemClock clock;
  TokenCache cache(clock);
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      asio::io_context& io = contexts.at(static_cast<std::size_t>(i));
      for (int round = 0; round < 200; ++round) {
        const TokenCache::Make make = [&made, round]() -> asio::awaitable<ExchangeOutcome> {
          ++made;
          const auto executor = co_await asio::this_coro::executor;
          co_await asio::post(executor, asio::use_awaitable);
          co_return token_of(std::to_string(round));
        };
        const std::string key = std::to_string(round);
        if (text_of(test::run(io, cache.get(key, make))) == key) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == kThreads * 200);
  CHECK(made == 200);
}
