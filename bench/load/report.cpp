#include "bench/load/report.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <thread>
#include <utility>

#include "bench/load/targets.h"

namespace heddle::load {
namespace {

// With as many digits as say something: three, or all in front of the point.
std::string number_text(double value) {
  std::array<char, 64> text{};
  const double size = std::abs(value);
  const int digits = size == 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string with_unit(double value, std::string_view unit) {
  std::string text = number_text(value);
  if (!unit.empty()) text.append(" ").append(unit);
  return text;
}

std::string whole(double value) {
  return std::to_string(static_cast<long long>(std::floor(value)));
}

// The last columns of a target: its bound beside what was measured, unless that was something else.
std::string verdict(const Target& target, double value, const Measured& measured) {
  const std::optional<double> done = reduced_effort(target, measured);
  if (done) {
    return "  | reduced effort: `" + std::string(target.scale.figure) + "` " + whole(*done) + " of " +
           whole(target.scale.least) + " |\n";
  }
  if (target.side == Target::Side::none) return "  |  |\n";
  const std::string ratio = target.bound == 0 ? "" : number_text(value / target.bound);
  return " " + ratio + (is_met(target, value) ? " | yes |\n" : " | **no** |\n");
}

std::string bound_text(const Target& target) {
  if (target.side == Target::Side::none) return "";
  const std::string sign = target.side == Target::Side::at_least ? ">= " : "<= ";
  return sign + with_unit(target.bound, target.unit);
}

std::string targets_table(const Measured& measured) {
  std::string out = "| target | bound | measured | ratio to the bound | met |\n|---|---|---|---|---|\n";
  for (const Target& target : targets()) {
    const std::optional<double> value = reached(target, measured);
    if (!value) continue;
    out.append("| ").append(target.what).append(" | ").append(bound_text(target)).append(" | ");
    out.append(with_unit(*value, target.unit)).append(" |").append(verdict(target, *value, measured));
  }
  return out;
}

std::string figures_table(const Series& series) {
  std::string out = series.peer ? "| figure | heddle | " + series.peer_name + " | ratio |\n|---|---|---|---|\n"
                                : "| figure | heddle |\n|---|---|\n";
  for (const Figure& figure : series.heddle.figures) {
    out.append("| `").append(figure.name).append("` | ").append(with_unit(figure.value, figure.unit));
    if (series.peer) {
      const Figure* other = series.peer->find(figure.name);
      out.append(" | ").append(other ? with_unit(other->value, other->unit) : "");
      out.append(" | ").append(other && other->value != 0 ? number_text(figure.value / other->value) : "");
    }
    out.append(" |\n");
  }
  return out;
}

std::string effort_text(const Effort& effort) {
  return "Effort: closed loops of " + std::to_string(effort.duration.count()) + " ms, a mix of " +
         std::to_string(effort.mixed.count()) + " ms, " + std::to_string(effort.joined_streams) +
         " readers of one run, " + std::to_string(effort.idle_streams) + " idle streams, a thread of " +
         std::to_string(effort.turns) + " turns, a database of " + std::to_string(effort.big_database_mb) + " MB.\n";
}

boost::json::object json_of(const Effort& effort) {
  return {{"duration_ms", effort.duration.count()},
          {"mixed_ms", effort.mixed.count()},
          {"joined_streams", effort.joined_streams},
          {"idle_streams", effort.idle_streams},
          {"turns", effort.turns},
          {"big_database_mb", effort.big_database_mb}};
}

boost::json::object json_of(const Measured& measured) {
  boost::json::object figures;
  for (const Figure& figure : measured.figures) {
    figures[figure.name] = boost::json::object{{"value", figure.value}, {"unit", figure.unit}};
  }
  boost::json::array errors;
  for (const std::string& error : measured.errors) errors.emplace_back(error);
  return {{"figures", std::move(figures)}, {"errors", std::move(errors)}};
}

}  // namespace

Machine this_machine() {
  Machine machine;
  std::ifstream processors("/proc/cpuinfo");
  for (std::string line; std::getline(processors, line) && machine.processor.empty();) {
    if (line.starts_with("model name")) machine.processor = line.substr(line.find(':') + 2);
  }
  machine.cores = std::thread::hardware_concurrency();
  struct sysinfo info{};
  if (sysinfo(&info) == 0) {
    machine.memory_gb = static_cast<double>(info.totalram) * info.mem_unit / 1e9;
    machine.load_before = static_cast<double>(info.loads[0]) / (1 << SI_LOAD_SHIFT);
  }
  struct utsname names{};
  if (uname(&names) == 0) machine.kernel = names.release;
  return machine;
}

std::string markdown(const Series& series) {
  const Machine& machine = series.machine;
  std::string out = "# Measured\n\nMade with `" + series.command + "`.";
  if (series.peer) {
    out.append(" Workloads of the ").append(series.peer_name).append(" that did not come to their end are named last.");
  }
  out.append(" What bounds a target that is missed: `docs/performance.md`.\n\n");
  out += "Machine: " + machine.processor + ", " + std::to_string(machine.cores) + " cores, " +
         number_text(machine.memory_gb) + " GB, Linux " + machine.kernel +
         "; server, load generator and database share it.\nLoad when the measuring began: " +
         number_text(machine.load_before) +
         (machine.load_before > 0.5 ? " (others were at work: times are worse than they need be).\n" : ".\n");
  out.append(effort_text(series.effort));
  out.append("\n## Targets\n\n").append(targets_table(series.heddle));
  out.append("\n## Figures\n\n").append(figures_table(series));
  std::string errors;
  for (const std::string& error : series.heddle.errors) errors.append("- heddle: ").append(error).append("\n");
  if (series.peer) {
    for (const std::string& error : series.peer->errors) {
      errors.append("- ").append(series.peer_name).append(": ").append(error).append("\n");
    }
  }
  if (!errors.empty()) out.append("\n## What went wrong\n\n").append(errors);
  return out;
}

std::string json_text(const Series& series) {
  const Machine& machine = series.machine;
  boost::json::object report{{"machine", boost::json::object{{"processor", machine.processor},
                                                             {"cores", machine.cores},
                                                             {"memory_gb", machine.memory_gb},
                                                             {"kernel", machine.kernel},
                                                             {"load_before", machine.load_before}}}};
  report["effort"] = json_of(series.effort);
  report["heddle"] = json_of(series.heddle);
  if (series.peer) {
    report["peer"] = json_of(*series.peer);
    report["peer_name"] = series.peer_name;
  }
  return boost::json::serialize(report) + "\n";
}

}  // namespace heddle::load
