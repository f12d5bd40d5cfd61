#pragma once
// The wish that runs stop at their next boundary between two supersteps or two tasks of a workflow, where they can be
// taken up again.

#include <atomic>
#include <string>
#include <utility>

namespace heddle::runtime {

// One object may serve any number of runs, and outlives them (RunOptions::drain). Any thread may call.
class DrainRequest {
 public:
  // `reason`: for the error of the runs that it stops.
  explicit DrainRequest(std::string reason) : reason_(std::move(reason)) {}
  DrainRequest(const DrainRequest&) = delete;
  DrainRequest& operator=(const DrainRequest&) = delete;

  // There is no way back.
  void ask() { is_asked_.store(true, std::memory_order_relaxed); }
  bool is_asked() const { return is_asked_.load(std::memory_order_relaxed); }
  const std::string& reason() const { return reason_; }

 private:
  const std::string reason_;
  std::atomic<bool> is_asked_{false};
};

}  // namespace heddle::runtime
