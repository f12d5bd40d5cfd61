#include "bench/load/targets.h"

#include <array>

namespace heddle::load {
namespace {

constexpr Scale kJoined{"joined.readers", 1'000};
constexpr Scale kIdle{"idle.open", 10'000};
constexpr Scale kBig{"start.big_mb", 1'000};
constexpr Scale kLongThread{"long_thread.turns", 10'000};
constexpr Scale kHistory{"history.turns", 100};
constexpr Scale kModels{"models.streams", 200};

}  // namespace

std::span<const Target> targets() {
  using enum Target::Side;
  static constexpr std::array<Target, 24> kTargets = {{
      {"engine, chain of 3 nodes, nothing kept", "engine.chain_us", {}, 4, at_most, "us"},
      {"engine, 5-way fan-out and join, nothing kept", "engine.fan_out_us", {}, 10, at_most, "us"},
      {"stateless runs, part of what the bare Beast echo answers", "stateless.per_second", "echo.per_second", 0.3,
       at_least, ""},
      {"durable runs, 64 clients, FULL", "durable.per_second", {}, 3'000, at_least, "1/s"},
      {"durable runs, part of what SQLite alone does with the same rows", "durable.per_second",
       "sqlite.full.per_second", 0, none, ""},
      {"durable runs, 64 clients, NORMAL", "durable_normal.per_second", {}, 5'000, at_least, "1/s"},
      {"token events, 16 streams", "tokens.events_per_second", {}, 300'000, at_least, "1/s"},
      {"POST to the first byte of a stream, p50", "first_event.p50_ms", {}, 1, at_most, "ms"},
      {"POST to the first byte of a stream, p99", "first_event.p99_ms", {}, 5, at_most, "ms"},
      {"deliveries of one run to 1,000 readers", "joined.deliveries_per_second", {}, 500'000, at_least, "1/s", kJoined},
      {"resident memory of each of 10,000 idle streams", "idle.kb_each", {}, 20, at_most, "KB", kIdle},
      {"10,000 idle streams, all together, of one core", "idle.core_percent", {}, 4, at_most, "%", kIdle},
      {"start to the first 200, empty database, best of five", "start.empty_ms", {}, 50, at_most, "ms"},
      {"start to the first 200, database of 1 GB, best of five", "start.big_ms", {}, 50, at_most, "ms", kBig},
      {"resident memory, idle", "start.resident_mb", {}, 30, at_most, "MB"},
      {"of it anonymous", "start.anonymous_mb", {}, 10, at_most, "MB"},
      {"turn 10,000 of a thread, times turn 100", "long_thread.last_turn_ratio", {}, 1.5, at_most, "", kLongThread},
      {"state of that thread, beyond 0.5 ms per MB, median of 15 readings",
       "long_thread.state_fixed_ms",
       {},
       2,
       at_most,
       "ms",
       kLongThread},
      {"history of 100 turns, limit 1,000", "history.mb_per_second", {}, 200, at_least, "MB/s", kHistory},
      {"500 reads/s and 500 runs/s: p99 of a run beyond its second", "mixed.overhead_p99_ms", {}, 50, at_most, "ms"},
      {"the same: errors", "mixed.errors", {}, 0, at_most, ""},
      {"200 streams of slow models, of one core", "models.core_percent", {}, 5, at_most, "%", kModels},
      {"the same: threads for them", "models.threads_added", {}, 0, at_most, "", kModels},
      {"resident memory after load, times idle", "durable.resident_ratio", {}, 1.2, at_most, ""},
  }};
  return kTargets;
}

std::optional<double> reached(const Target& target, const Measured& measured) {
  const Figure* figure = measured.find(std::string(target.figure));
  if (!figure) return std::nullopt;
  if (target.over.empty()) return figure->value;
  const Figure* over = measured.find(std::string(target.over));
  if (!over || over->value == 0) return std::nullopt;
  return figure->value / over->value;
}

std::optional<double> reduced_effort(const Target& target, const Measured& measured) {
  if (target.scale.figure.empty()) return std::nullopt;
  const Figure* done = measured.find(std::string(target.scale.figure));
  const double value = done ? done->value : 0;
  if (value >= target.scale.least) return std::nullopt;
  return value;
}

bool is_met(const Target& target, double value) {
  switch (target.side) {
    case Target::Side::at_least:
      return value >= target.bound;
    case Target::Side::at_most:
      return value <= target.bound;
    case Target::Side::none:
      break;
  }
  return true;
}

}  // namespace heddle::load
