#pragma once
// What was measured, and how it reads in a report.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/histogram.h"

namespace heddle::load {

// One figure. Its name is the key under which targets, limits and peers are compared.
struct Figure {
  std::string name;  // like "stateless.per_second"
  double value = 0;
  std::string unit;
};

struct Measured {
  std::vector<Figure> figures;
  std::vector<std::string> errors;  // what went wrong on the way; a figure beside it is not to be trusted

  void add(std::string name, double value, std::string unit);
  // NAME.p50_ms, .p90_ms, .p99_ms and .max_ms; nothing without values, since no time is no fast answer.
  void add_latency(const std::string& name, const Histogram& latency);
  void append(Measured other);
  // Puts `to` in the place of `from` where names of figures, and errors, begin with it.
  void rename(const std::string& from, const std::string& to);
  const Figure* find(const std::string& name) const;  // null pointer if it was not measured
};

}  // namespace heddle::load
