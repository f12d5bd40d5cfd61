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

std::string targets_table(const Measured& measured) {
  std::string out = "| target | bound | measured | ratio to the bound | met |\n|---|---|---|---|---|\n";
  for (const Target& target : targets()) {
    const std::optional<double> value = reached(target, measured);
    if (!value) continue;
    const bool least = target.side == Target::Side::at_least;
    out.append("| ").append(target.what).append(" | ").append(least ? ">= " : "<= ");
    out.append(with_unit(target.bound, target.unit)).append(" | ").append(with_unit(*value, target.unit));
    out.append(" | ").append(target.bound == 0 ? "" : number_text(*value / target.bound));
    out.append(is_met(target, *value) ? " | yes |\n" : " | **no** |\n");
  }
  return out;
}

std::string figures_table(const Session& session) {
  std::string out = session.peer ? "| figure | heddle | " + session.peer_name + " | ratio |\n|---|---|---|---|\n"
                                 : "| figure | heddle |\n|---|---|\n";
  for (const Figure& figure : session.heddle.figures) {
    out.append("| `").append(figure.name).append("` | ").append(with_unit(figure.value, figure.unit));
    if (session.peer) {
      const Figure* other = session.peer->find(figure.name);
      out.append(" | ").append(other ? with_unit(other->value, other->unit) : "");
      out.append(" | ").append(other && other->value != 0 ? number_text(figure.value / other->value) : "");
    }
    out.append(" |\n");
  }
  return out;
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

std::string markdown(const Session& session) {
  const Machine& machine = session.machine;
  std::string out =
      "Machine: " + machine.processor + ", " + std::to_string(machine.cores) + " cores, " +
      number_text(machine.memory_gb) + " GB, Linux " + machine.kernel +
      "; server, load generator and database share it.\nLoad when the session began: " +
      number_text(machine.load_before) +
      (machine.load_before > 0.5 ? " (others were at work: times are worse than they need be).\n" : ".\n");
  out.append("\n## Targets\n\n").append(targets_table(session.heddle));
  out.append("\n## Figures\n\n").append(figures_table(session));
  std::string errors;
  for (const std::string& error : session.heddle.errors) errors.append("- heddle: ").append(error).append("\n");
  if (session.peer) {
    for (const std::string& error : session.peer->errors) {
      errors.append("- ").append(session.peer_name).append(": ").append(error).append("\n");
    }
  }
  if (!errors.empty()) out.append("\n## What went wrong\n\n").append(errors);
  return out;
}

std::string json_text(const Session& session) {
  const Machine& machine = session.machine;
  boost::json::object report{{"machine", boost::json::object{{"processor", machine.processor},
                                                             {"cores", machine.cores},
                                                             {"memory_gb", machine.memory_gb},
                                                             {"kernel", machine.kernel},
                                                             {"load_before", machine.load_before}}}};
  report["heddle"] = json_of(session.heddle);
  if (session.peer) {
    report["peer"] = json_of(*session.peer);
    report["peer_name"] = session.peer_name;
  }
  return boost::json::serialize(report) + "\n";
}

}  // namespace heddle::load
