#include "bench/load/watchdog.h"

#include <csignal>

namespace heddle::load {

void Watchdog::watch(const std::stop_token& stop, pid_t server, std::chrono::milliseconds patience) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (over_.wait_for(lock, stop, patience, [&] { return stop.stop_requested(); })) return;
  has_bitten_ = true;
  kill(server, SIGKILL);
}

}  // namespace heddle::load
