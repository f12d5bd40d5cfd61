#include "bench/load/measurement.h"

#include <algorithm>
#include <iterator>

namespace heddle::load {

void Measured::add(std::string name, double value, std::string unit) {
  figures.push_back({std::move(name), value, std::move(unit)});
}

void Measured::add_latency(const std::string& name, const Histogram& latency) {
  if (latency.count() == 0) return;
  const auto milliseconds = [](std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; };
  add(name + ".p50_ms", milliseconds(latency.quantile(0.5)), "ms");
  add(name + ".p90_ms", milliseconds(latency.quantile(0.9)), "ms");
  add(name + ".p99_ms", milliseconds(latency.quantile(0.99)), "ms");
  add(name + ".max_ms", milliseconds(latency.max()), "ms");
}

void Measured::append(Measured other) {
  std::ranges::move(other.figures, std::back_inserter(figures));
  std::ranges::move(other.errors, std::back_inserter(errors));
}

void Measured::rename(const std::string& from, const std::string& to) {
  const auto change = [&](std::string& text) {
    if (text.starts_with(from)) text.replace(0, from.size(), to);
  };
  for (Figure& figure : figures) change(figure.name);
  for (std::string& error : errors) change(error);
}

const Figure* Measured::find(const std::string& name) const {
  const auto found = std::ranges::find(figures, name, &Figure::name);
  return found == figures.end() ? nullptr : &*found;
}

}  // namespace heddle::load
