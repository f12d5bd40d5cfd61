#pragma once
// The report of a session of measurements, for people and for programs. Pure.

#include <optional>
#include <string>

#include "bench/load/measurement.h"

namespace heddle::load {

struct Machine {
  std::string processor;
  std::size_t cores = 0;
  double memory_gb = 0;
  std::string kernel;
  double load_before = 0;  // average of the last minute when the session began
};
Machine this_machine();

struct Session {
  Machine machine;
  Measured heddle;  // with the limits of the machine among its figures
  std::optional<Measured> peer;
  std::string peer_name;
};

// Tables: targets, then all figures beside those of the peer with their ratios, then what went wrong.
std::string markdown(const Session& session);
std::string json_text(const Session& session);

}  // namespace heddle::load
