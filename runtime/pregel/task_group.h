#pragma once
// Coroutines that another one starts and waits for.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <list>

namespace heddle::runtime {

// Belongs to `executor`. The owner waits until nothing runs any more before this object is destroyed.
class TaskGroup {
 public:
  enum class Waited {
    one_ended,
    late,       // the deadline has passed
    cancelled,  // the waiting coroutine was; from here on its cancellation is disabled, so that it can wait on
  };
  using Deadline = std::chrono::steady_clock::time_point;

  explicit TaskGroup(boost::asio::any_io_executor executor);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  void start(boost::asio::awaitable<void> work);
  // Tells every running one to stop.
  void cancel();
  // Until one has ended since the last call.
  boost::asio::awaitable<Waited> wait(Deadline deadline = Deadline::max());

  std::size_t running() const { return running_; }
  const std::exception_ptr& thrown() const { return thrown_; }  // what the first that threw has thrown

 private:
  struct Member {
    boost::asio::cancellation_signal stop;
    bool running = true;
  };

  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer changed_;  // cancelled when one ends
  std::list<Member> members_;
  std::size_t running_ = 0;
  std::size_t ended_ = 0;  // since the last wait
  std::exception_ptr thrown_;
};

}  // namespace heddle::runtime
