#pragma once
// The engine alone, in this process.

#include "bench/load/measurement.h"

namespace heddle::load {

// Microseconds per run of two graphs, nothing kept: the median of some rounds.
Measured measure_engine();

}  // namespace heddle::load
