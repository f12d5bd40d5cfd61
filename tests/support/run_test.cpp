#include "tests/support/run.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <stdexcept>

namespace heddle::test {
namespace {

namespace asio = boost::asio;

TEST_CASE("A coroutine that is not done in time has ended when its test is told so") {
  asio::io_context io;
  const auto held = std::make_shared<int>();
  auto wait = [&io](std::shared_ptr<int>) -> asio::awaitable<void> {
    asio::steady_timer timer(io, std::chrono::hours{1});
    co_await timer.async_wait(asio::use_awaitable);
  };
  CHECK_THROWS_AS(run(io, wait(held), std::chrono::seconds{0}), std::logic_error);
  CHECK(held.use_count() == 1);
}

TEST_CASE("What a coroutine returns or throws arrives") {
  asio::io_context io;
  auto answer = []() -> asio::awaitable<int> { co_return 42; };
  CHECK(run(io, answer()) == 42);
  auto fail = []() -> asio::awaitable<int> {
    throw std::runtime_error("no");
    co_return 0;
  };
  CHECK_THROWS_WITH(run(io, fail()), "no");
}

}  // namespace
}  // namespace heddle::test
