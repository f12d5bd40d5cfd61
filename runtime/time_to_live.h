#pragma once
// How long records live that are not kept for ever.

#include <algorithm>
#include <chrono>

#include "storage/timestamp.h"

namespace heddle::runtime {

// 100 years: a time to live beyond it means for ever, and the sum with any date still fits a Timestamp.
inline constexpr double kMinutesToLiveMax = 100.0 * 365.25 * 24 * 60;

inline storage::Timestamp::duration time_to_live(double minutes) {
  const std::chrono::duration<double, std::ratio<60>> kept(std::min(minutes, kMinutesToLiveMax));
  return std::chrono::duration_cast<storage::Timestamp::duration>(kept);
}

}  // namespace heddle::runtime
