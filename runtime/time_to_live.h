#pragma once
// When a record with a time to live expires.

#include <algorithm>
#include <chrono>

#include "storage/timestamp.h"

namespace heddle::api {

// 100 years: a time to live beyond it means for ever, and the sum with any date still fits a Timestamp.
inline constexpr double kMinutesToLiveMax = 100.0 * 365.25 * 24 * 60;

inline storage::Timestamp after_minutes(storage::Timestamp now, double minutes) {
  const std::chrono::duration<double, std::ratio<60>> kept(std::min(minutes, kMinutesToLiveMax));
  return now + std::chrono::duration_cast<storage::Timestamp::duration>(kept);
}

}  // namespace heddle::api
