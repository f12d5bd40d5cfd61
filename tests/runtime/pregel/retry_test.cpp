// How long a failed node waits before it is tried again, and which failures are worth it (runtime.md 8.2).

#include "runtime/pregel/retry.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/error.h"
#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

std::exception_ptr named(const std::string& name) {
  return std::make_exception_ptr(GraphError(name, "it failed"));
}

TEST_CASE("Without jitter the wait doubles from half a second to the cap of 128 seconds") {
  RetryPolicy policy;
  policy.jitter = false;
  CHECK(wait_before(policy, 2).count() == 500);
  CHECK(wait_before(policy, 3).count() == 1'000);
  CHECK(wait_before(policy, 9).count() == 64'000);
  CHECK(wait_before(policy, 11).count() == 128'000);
  // Uncapped it were a day and a half.
  CHECK(wait_before(policy, 20).count() == 128'000);
}

TEST_CASE("A policy has an interval, a factor and a cap of its own") {
  RetryPolicy policy;
  policy.initial_interval = milliseconds{10};
  policy.backoff_factor = 3;
  policy.max_interval = milliseconds{100};
  policy.jitter = false;
  CHECK(wait_before(policy, 2).count() == 10);
  CHECK(wait_before(policy, 3).count() == 30);
  CHECK(wait_before(policy, 4).count() == 90);
  CHECK(wait_before(policy, 5).count() == 100);
}

TEST_CASE("Jitter adds up to a second to a wait, however long that is") {
  RetryPolicy policy;
  const int attempt = GENERATE(2, 3, 20);
  policy.jitter = false;
  const milliseconds least = wait_before(policy, attempt);
  policy.jitter = true;
  std::vector<std::int64_t> added;
  for (int i = 0; i < 1'000; ++i) added.push_back((wait_before(policy, attempt) - least).count());
  const auto [shortest, longest] = std::ranges::minmax(added);
  CHECK(shortest >= 0);
  CHECK(longest <= 1'000);
  // A thousand draws leave no half of the second empty.
  CHECK(shortest < 500);
  CHECK(longest > 500);
}

TEST_CASE("Failures of the network and of a server that is busy or broken are tried again by default") {
  const std::string name = GENERATE(as<std::string>{}, "APIConnectionError", "APIConnectionTimeoutError",
                                    "APITimeoutError", "ConnectionError", "ConnectionTimeoutError",
                                    "InternalServerError", "NodeTimeoutError", "RateLimitError");
  CAPTURE(name);
  CHECK(wants_retry(RetryPolicy{}, named(name)));
}

TEST_CASE("Other failures are not tried again by default") {
  const RetryPolicy policy;
  CHECK_FALSE(wants_retry(policy, named("ValidationError")));
  CHECK_FALSE(wants_retry(policy, std::make_exception_ptr(std::runtime_error("RateLimitError"))));
  const AggregateError busy(1, {named("RateLimitError"), named("ConnectionError")});
  CHECK(wants_retry(policy, std::make_exception_ptr(busy)));
  const AggregateError partly(1, {named("RateLimitError"), named("ValidationError")});
  CHECK_FALSE(wants_retry(policy, std::make_exception_ptr(partly)));
}

TEST_CASE("The predicate of a policy takes the place of the default one") {
  RetryPolicy policy;
  policy.retry_on = [](const std::exception& error) { return std::string(error.what()) == "it failed"; };
  CHECK(wants_retry(policy, named("ValidationError")));
  CHECK_FALSE(wants_retry(policy, std::make_exception_ptr(GraphError("RateLimitError", "another text"))));
}

NodeOptions tried_twice() {
  NodeOptions options;
  options.retry = RetryPolicy{};
  options.retry->initial_interval = milliseconds{1};
  options.retry->max_attempts = 2;
  options.retry->jitter = false;
  return options;
}

// runtime.md 8.5: retryable, and per attempt.
TEST_CASE_METHOD(ThreadFixture, "The timeout of a node counts from the beginning of each attempt") {
  NodeOptions options = tried_twice();
  options.timeout = milliseconds{50};
  int attempts = 0;
  const auto slow_once = [&](NodeContext&) -> asio::awaitable<NodeResult> {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::steady_timer never(executor, asio::steady_timer::time_point::max());
    const bool is_first = ++attempts == 1;
    if (is_first) co_await never.async_wait(asio::use_awaitable);
    NodeResult result = Update{{"log", {"in time"}}};
    co_return result;
  };
  const Graph graph = StateGraph().append("log").node("slow", slow_once, options).edge(kStart, "slow").compile();
  const RunOutcome outcome = input(graph, "{}");
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(text_of(outcome.values) == R"({"log":["in time"]})");
  CHECK(attempts == 2);
}

TEST_CASE_METHOD(ThreadFixture, "A question is no failure and is not tried again, whatever the policy says") {
  NodeOptions options = tried_twice();
  options.retry->retry_on = [](const std::exception&) { return true; };
  int attempts = 0;
  const auto ask = [&](NodeContext& context) -> NodeResult {
    ++attempts;
    return Update{{"log", {context.interrupt("?")}}};
  };
  const Graph graph = StateGraph().append("log").node("ask", ask, options).edge(kStart, "ask").compile();
  CHECK(input(graph, "{}").status == OutcomeStatus::interrupted);
  CHECK(attempts == 1);
}

}  // namespace
}  // namespace heddle::runtime
