#pragma once
// Coroutines that run beside each other on one thread until the last has ended.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

namespace heddle::load {

// Belongs to the thread that calls run(). `io` outlives it.
class Lanes {
 public:
  explicit Lanes(boost::asio::io_context& io) : io_(io) {}
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  void start(boost::asio::awaitable<void> lane);
  // Returns when all have ended or `io` was stopped; throws what the first that threw has thrown.
  void run();
  std::size_t running() const { return running_; }

 private:
  boost::asio::io_context& io_;
  std::size_t running_ = 0;
  std::exception_ptr thrown_;
};

}  // namespace heddle::load
