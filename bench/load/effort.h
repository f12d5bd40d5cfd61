#pragma once
// How much is done to measure.

#include <chrono>
#include <cstddef>

namespace heddle::load {

// The words of the targets are about these numbers.
struct Effort {
  std::chrono::milliseconds duration{5'000};  // of each closed loop
  std::chrono::milliseconds mixed{30'000};    // of the mix of reads and writes
  std::size_t joined_streams = 1'000;
  std::size_t idle_streams = 10'000;
  std::size_t turns = 10'000;  // of the long thread; 100 at least
  std::size_t big_database_mb = 1'000;
};

}  // namespace heddle::load
