#include "tests/support/run.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

namespace asio = boost::asio;

namespace heddle::test {

void run(asio::io_context& io, asio::awaitable<void> coroutine, std::chrono::seconds limit) {
  bool done = false;
  std::exception_ptr thrown;
  asio::cancellation_signal stop;
  auto ended = [&](std::exception_ptr error) {
    thrown = error;
    done = true;
    io.stop();
  };
  asio::co_spawn(io, std::move(coroutine), asio::bind_cancellation_slot(stop.slot(), std::move(ended)));
  io.restart();
  const auto guard = asio::make_work_guard(io);
  io.run_for(limit);
  if (!done) {
    // What the coroutine refers to goes with the caller, and whoever runs `io` next would let it go on.
    stop.emit(asio::cancellation_type::all);
    io.run_for(std::chrono::seconds{20});
    if (!done) {
      std::fputs("the coroutine still waits, and cannot be cancelled\n", stderr);
      std::abort();
    }
    throw std::logic_error("the coroutine was not done in time");
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace heddle::test
