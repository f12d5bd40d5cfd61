#pragma once
// What heddle wants to reach, and whether it did.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bench/load/measurement.h"

namespace heddle::load {

struct Target {
  std::string_view what;
  std::string_view figure;     // name of what is measured
  std::string_view over = {};  // the target is a ratio to this figure; empty: the figure itself
  double bound = 0;
  enum class Side { at_least, at_most } side = Side::at_least;
  std::string_view unit = {};
};

std::span<const Target> targets();

// The figure, or its ratio; nothing if it was not measured.
std::optional<double> reached(const Target& target, const Measured& measured);
bool is_met(const Target& target, double value);

}  // namespace heddle::load
