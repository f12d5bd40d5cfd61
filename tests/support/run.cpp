#include "tests/support/run.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <exception>
#include <stdexcept>

namespace heddle::test {

void run(boost::asio::io_context& io, boost::asio::awaitable<void> coroutine, std::chrono::seconds limit) {
  bool done = false;
  std::exception_ptr thrown;
  boost::asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr error) {
    thrown = error;
    done = true;
    io.stop();
  });
  io.restart();
  const auto guard = boost::asio::make_work_guard(io);
  io.run_for(limit);
  if (!done) throw std::logic_error("the coroutine still waits");
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace heddle::test
