#pragma once
// Runs that wait for a model, which is what most runs of an agent server do most of the time.

#include <filesystem>

#include "bench/load/measurement.h"

namespace heddle::load {

// `server`: the program heddle. Starts it beside a slow model, with 200 agents that stream their answers at a time.
// `folder`: for database, settings and logs.
Measured measure_slow_models(const std::filesystem::path& server, const std::filesystem::path& folder);

}  // namespace heddle::load
