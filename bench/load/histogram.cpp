#include "bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace heddle::load {
namespace {

constexpr int kPrecisionBits = 6;
constexpr std::uint64_t kExact = std::uint64_t{1} << (kPrecisionBits + 1);  // below it each value has its own bucket

std::size_t bucket_of(std::uint64_t value) {
  if (value < kExact) return static_cast<std::size_t>(value);
  const int shift = static_cast<int>(std::bit_width(value)) - kPrecisionBits - 1;
  const std::uint64_t leading = value >> shift;  // 64 to 127
  return static_cast<std::size_t>((static_cast<std::uint64_t>(shift) << kPrecisionBits) + leading);
}

std::uint64_t last_value_of(std::size_t bucket) {
  if (bucket < kExact) return bucket;
  const std::uint64_t shift = (bucket >> kPrecisionBits) - 1;
  const std::uint64_t leading = bucket - (shift << kPrecisionBits);
  return ((leading + 1) << shift) - 1;
}

}  // namespace

void Histogram::add(std::chrono::nanoseconds value) {
  value = std::max(value, std::chrono::nanoseconds::zero());
  const std::size_t bucket = bucket_of(static_cast<std::uint64_t>(value.count()));
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1, 0);
  ++buckets_[bucket];
  ++count_;
  max_ = std::max(max_, value);
}

std::chrono::nanoseconds Histogram::quantile(double q) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_)));
  std::uint64_t passed = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    passed += buckets_[bucket];
    if (passed > 0 && passed >= wanted) {
      return std::min(max_, std::chrono::nanoseconds(static_cast<std::int64_t>(last_value_of(bucket))));
    }
  }
  return max_;
}

}  // namespace heddle::load
