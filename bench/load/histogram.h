#pragma once
// Latencies of many requests in bounded memory.

#include <chrono>
#include <cstdint>
#include <vector>

namespace heddle::load {

// Buckets grow with the value, so that each is known to 1/64 of itself, from a nanosecond to centuries. A value;
// belongs to one thread.
class Histogram {
 public:
  // Negative values count as 0.
  void add(std::chrono::nanoseconds value);

  std::uint64_t count() const { return count_; }
  std::chrono::nanoseconds max() const { return max_; }
  // The least value that a part of `q` (0 to 1) of all values does not exceed, rounded up to the end of its bucket but
  // never beyond max(). 0 without values.
  std::chrono::nanoseconds quantile(double q) const;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds max_{0};
};

}  // namespace heddle::load
