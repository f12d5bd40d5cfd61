#include "bench/load/engine_workload.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bench/engine_runs.h"

namespace heddle::load {
namespace {

double microseconds_per_run(const runtime::CompiledGraph& graph) {
  constexpr int kRounds = 21;
  constexpr int kRuns = 500;
  bench::EngineRuns engine;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kRuns; ++i) engine.run(graph, nullptr);
    const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - begin;
    rounds.push_back(taken.count() / kRuns);
  }
  std::ranges::sort(rounds);
  return rounds[rounds.size() / 2];
}

}  // namespace

Measured measure_engine() {
  Measured measured;
  measured.add("engine.chain_us", microseconds_per_run(*bench::chain_of_three()), "us");
  measured.add("engine.fan_out_us", microseconds_per_run(*bench::fan_out_of_five()), "us");
  return measured;
}

}  // namespace heddle::load
