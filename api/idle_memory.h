#pragma once
// Memory that a burst has taken goes back to the system when the burst is over: an allocator keeps it at hand as long
// as nobody asks.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <optional>

#include "api/runs/timed_work.h"

namespace heddle::api {

// Decides when. A value; pure.
class Lull {
 public:
  // `activity`: a number that changes whenever the server does something. Whether nothing has happened since the last
  // call, for the first time since something did.
  bool has_come(std::uint64_t activity);

 private:
  std::optional<std::uint64_t> seen_;
  std::optional<std::uint64_t> used_;  // the activity behind which a lull was told of
};

// Gives back what the calling thread and the process hold without using it. May take some milliseconds.
void return_memory();

// Belongs to the I/O thread.
class IdleMemory {
 public:
  using Activity = std::function<std::uint64_t()>;
  using GiveBack = std::function<void()>;

  // Every two seconds `activity` is asked, and in a lull `give_back` is called. `clock` and `log` outlive this object.
  IdleMemory(boost::asio::any_io_executor executor, const runtime::Clock& clock, runtime::Log& log, Activity activity,
             GiveBack give_back);

  void start();
  boost::asio::awaitable<void> stop();

 private:
  boost::asio::awaitable<std::optional<storage::Timestamp>> turn();

  const runtime::Clock& clock_;
  Activity activity_;
  GiveBack give_back_;
  Lull lull_;
  TimedWork work_;
};

}  // namespace heddle::api
