#include "runtime/clock.h"

#include <chrono>

namespace heddle::runtime {

storage::Timestamp SystemClock::now() const {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace heddle::runtime
