#pragma once
// Running a coroutine to its end in a test, without a clock.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <utility>

namespace heddle::test {

// Runs `coroutine` on `io` or throws what it threw. Fails instead of hanging when it is not done within `limit`: work
// on other threads (storage) may answer late. It is cancelled then, and std::logic_error thrown when it has ended; one
// that does not end even so ends the program.
void run(boost::asio::io_context& io, boost::asio::awaitable<void> coroutine,
         std::chrono::seconds limit = std::chrono::seconds{20});

// The same for one with a result, which is returned.
template <class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> coroutine,
      std::chrono::seconds limit = std::chrono::seconds{20}) {
  std::optional<T> result;
  const auto keep = [&result](boost::asio::awaitable<T> made) -> boost::asio::awaitable<void> {
    T value = co_await std::move(made);
    result.emplace(std::move(value));
  };
  run(io, keep(std::move(coroutine)), limit);
  return std::move(*result);
}

}  // namespace heddle::test
