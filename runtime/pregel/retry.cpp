#include "runtime/pregel/retry.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cmath>
#include <random>
#include <string_view>

#include "runtime/error.h"

namespace heddle::runtime {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;

bool is_worth_a_retry(const std::exception& error);

bool is_failure_worth_a_retry(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return is_worth_a_retry(error);
  } catch (...) {
    return false;
  }
}

// Network errors and answers of a server that is busy or broken (runtime.md 8.2). Models and tools tell theirs by
// these names.
bool is_worth_a_retry(const std::exception& error) {
  if (const auto* system = dynamic_cast<const boost::system::system_error*>(&error)) {
    return system->code() != asio::error::operation_aborted;
  }
  if (const auto* several = dynamic_cast<const AggregateError*>(&error)) {
    return std::ranges::all_of(several->errors(), is_failure_worth_a_retry);
  }
  const auto* graph_error = dynamic_cast<const GraphError*>(&error);
  if (!graph_error) return false;
  static constexpr std::string_view kNames[] = {
      "APIConnectionError",     "APIConnectionTimeoutError", "APITimeoutError",  "ConnectionError",
      "ConnectionTimeoutError", "InternalServerError",       "NodeTimeoutError", "RateLimitError"};
  return std::ranges::find(kNames, graph_error->name()) != std::end(kNames);
}

}  // namespace

bool wants_retry(const RetryPolicy& policy, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return policy.retry_on ? policy.retry_on(error) : is_worth_a_retry(error);
  } catch (...) {
    return false;
  }
}

milliseconds wait_before(const RetryPolicy& policy, int attempt) {
  const double initial = static_cast<double>(policy.initial_interval.count());
  const double grown = initial * std::pow(policy.backoff_factor, attempt - 2);
  const double bounded = std::min(grown, static_cast<double>(policy.max_interval.count()));
  milliseconds wait{static_cast<milliseconds::rep>(bounded)};
  if (policy.jitter) {
    thread_local std::minstd_rand random{std::random_device{}()};
    wait += milliseconds{std::uniform_int_distribution<int>{0, 1000}(random)};
  }
  return wait;
}

}  // namespace heddle::runtime
