#pragma once
// The report of a series of measurements, for people and for programs. Pure.

#include <optional>
#include <string>

#include "bench/load/effort.h"
#include "bench/load/measurement.h"

namespace heddle::load {

struct Machine {
  std::string processor;
  std::size_t cores = 0;
  double memory_gb = 0;
  std::string kernel;
  double load_before = 0;  // average of the last minute when the measuring began
};
Machine this_machine();

struct Series {
  std::string command;  // that made it, its arguments as they were given
  Machine machine;
  Effort effort;    // that was asked for; figures say how much of it was done
  Measured heddle;  // with the limits of the machine among its figures
  std::optional<Measured> peer;
  std::string peer_name;
};

// How it was made, machine and effort, then tables: targets, then all figures beside those of the peer with their
// ratios, then what went wrong. A target whose words say more than was done is neither met nor missed.
std::string markdown(const Series& series);
std::string json_text(const Series& series);

}  // namespace heddle::load
