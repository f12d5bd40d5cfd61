#pragma once
// What heddle wants to reach, and whether it did.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bench/load/measurement.h"

namespace heddle::load {

// What the words of a target say about how much was done: a figure, and what it is at least.
struct Scale {
  std::string_view figure = {};  // empty: they say nothing of the kind
  double least = 0;
};

struct Target {
  std::string_view what;
  std::string_view figure;     // name of what is measured
  std::string_view over = {};  // the target is a ratio to this figure; empty: the figure itself
  double bound = 0;
  enum class Side { at_least, at_most, none } side = Side::at_least;  // none: told, without a bound
  std::string_view unit = {};
  Scale scale = {};
};

std::span<const Target> targets();

// The figure, or its ratio; nothing if it was not measured.
std::optional<double> reached(const Target& target, const Measured& measured);
// How much was done if that is less than the words of the target say, so that the figure tells nothing about it. 0 if
// that was not measured.
std::optional<double> reduced_effort(const Target& target, const Measured& measured);
bool is_met(const Target& target, double value);

}  // namespace heddle::load
