#pragma once
// Patience with a server that is measured.

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace heddle::load {

// Kills the process when it has not been let go in time, so that its clients get errors and the series goes on. A
// resource: its end lets go. The process is somebody's child and is not waited for before, so its id stays its own.
class Watchdog {
 public:
  Watchdog(pid_t server, std::chrono::milliseconds patience)
      : thread_([this, server, patience](const std::stop_token& stop) { watch(stop, server, patience); }) {}
  bool has_bitten() const { return has_bitten_; }

 private:
  void watch(const std::stop_token& stop, pid_t server, std::chrono::milliseconds patience);

  std::mutex mutex_;
  std::condition_variable_any over_;
  std::atomic<bool> has_bitten_{false};
  std::jthread thread_;  // last, so that it ends before what it uses
};

}  // namespace heddle::load
