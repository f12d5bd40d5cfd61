#pragma once
// A clock that stands until a test moves it.

#include <atomic>
#include <chrono>

#include "runtime/clock.h"

namespace heddle::test {

class ManualClock : public runtime::Clock {
 public:
  explicit ManualClock(storage::Timestamp start = std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}) {
    set(start);
  }

  storage::Timestamp now() const override { return storage::Timestamp{storage::Timestamp::duration{now_.load()}}; }
  void set(storage::Timestamp now) { now_ = now.time_since_epoch().count(); }
  void advance(storage::Timestamp::duration by) { now_ += by.count(); }

 private:
  std::atomic<storage::Timestamp::rep> now_{0};
};

}  // namespace heddle::test
