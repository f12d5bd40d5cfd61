#pragma once
// Running a coroutine to its end in a test, without a clock.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace heddle::test {

// Runs `coroutine` on `io` and returns its result or throws what it threw. Fails instead of
// hanging when it is not done within `limit`: work on other threads (storage) may answer late.
template <class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> coroutine,
      std::chrono::seconds limit = std::chrono::seconds{20}) {
  using Kept = std::conditional_t<std::is_void_v<T>, char, std::optional<T>>;
  Kept kept{};
  bool done = false;
  std::exception_ptr thrown;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr error) {
      thrown = error;
      done = true;
      io.stop();
    });
  } else {
    boost::asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr error, T value) {
      thrown = error;
      if (!error) kept.emplace(std::move(value));
      done = true;
      io.stop();
    });
  }
  io.restart();
  const auto guard = boost::asio::make_work_guard(io);
  io.run_for(limit);
  if (!done) throw std::logic_error("the coroutine still waits");
  if (thrown) std::rethrow_exception(thrown);
  if constexpr (!std::is_void_v<T>) return std::move(*kept);
}

}  // namespace heddle::test
