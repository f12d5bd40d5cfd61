#include "bench/load/measurement.h"

#include <algorithm>

namespace heddle::load {

void Measured::add(std::string name, double value, std::string unit) {
  figures.push_back({std::move(name), value, std::move(unit)});
}

void Measured::add_latency(const std::string& name, const Histogram& latency) {
  const auto milliseconds = [](std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; };
  add(name + ".p50_ms", milliseconds(latency.quantile(0.5)), "ms");
  add(name + ".p90_ms", milliseconds(latency.quantile(0.9)), "ms");
  add(name + ".p99_ms", milliseconds(latency.quantile(0.99)), "ms");
  add(name + ".max_ms", milliseconds(latency.max()), "ms");
}

const Figure* Measured::find(const std::string& name) const {
  const auto found = std::ranges::find(figures, name, &Figure::name);
  return found == figures.end() ? nullptr : &*found;
}

}  // namespace heddle::load
