// Microseconds per run of two graphs, without checkpoints, with checkpoints in memory, and in SQLite (a file in the
// folder that is named, default the folder of temporary files; durable when the run ends). Each number is the median of
// 10 rounds. The time that passed says something on a quiet machine only; that of the processor, over all threads, says
// something on a busy one too.
//
//   cmake --build build/release --target engine_bench && build/release/bin/engine_bench [FOLDER]

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "bench/engine_runs.h"
#include "runtime/clock.h"
#include "runtime/memory_saver.h"
#include "runtime/stored_saver.h"
#include "runtime/uuid.h"
#include "storage/storage.h"

namespace {

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::runtime;

constexpr std::size_t kRounds = 10;

// A saver for one run on a thread of its own; null pointer: none.
using MakeSaver = std::function<std::unique_ptr<CheckpointSaver>(asio::io_context&)>;

// Microseconds per run.
struct Cost {
  double passed = 0;
  double processor = 0;
};

double median(const std::array<Cost, kRounds>& rounds, double Cost::* part) {
  std::array<double, kRounds> sorted{};
  std::ranges::transform(rounds, sorted.begin(), part);
  std::ranges::sort(sorted);
  return (sorted[kRounds / 2 - 1] + sorted[kRounds / 2]) / 2;
}

Cost round(bench::EngineRuns& engine, const CompiledGraph& graph, const MakeSaver& make, int runs) {
  const auto started = std::chrono::steady_clock::now();
  const std::clock_t begin = std::clock();
  for (int i = 0; i < runs; ++i) {
    const std::unique_ptr<CheckpointSaver> saver = make(engine.context());
    engine.run(graph, saver.get());
  }
  const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - started;
  const double processor = 1e6 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  return {taken.count() / runs, processor / runs};
}

void measure(const char* name, const CompiledGraph& graph, const char* kept, const MakeSaver& make, int runs) {
  bench::EngineRuns engine;
  round(engine, graph, make, runs);  // warm
  std::array<Cost, kRounds> rounds{};
  for (Cost& cost : rounds) cost = round(engine, graph, make, runs);
  std::printf("%-28s %-12s %9.1f us per run, %9.1f of the processor\n", name, kept, median(rounds, &Cost::passed),
              median(rounds, &Cost::processor));
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder =
      argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::temp_directory_path();
  const std::filesystem::path database = folder / ("engine_bench-" + uuid4().text() + ".db");
  storage::StorageOptions options;
  options.path = database.string();
  {
    const std::unique_ptr<storage::Storage> storage = storage::open(options);
    CheckpointIds ids;
    const SystemClock clock;
    const MakeSaver none = [](asio::io_context&) { return nullptr; };
    const MakeSaver memory = [](asio::io_context&) { return std::make_unique<MemorySaver>(); };
    const MakeSaver sqlite = [&](asio::io_context& io) {
      return std::make_unique<StoredSaver>(*storage, ThreadId{uuid7(clock.now())}, io.get_executor());
    };
    const std::pair<const char*, std::shared_ptr<const CompiledGraph>> graphs[] = {
        {"chain of 3 nodes", bench::chain_of_three()}, {"5-way fan-out and a join", bench::fan_out_of_five()}};
    for (const auto& [name, graph] : graphs) {
      measure(name, *graph, "nothing kept", none, 500);
      measure(name, *graph, "in memory", memory, 500);
      measure(name, *graph, "in SQLite", sqlite, 100);
    }
  }
  for (const char* suffix : {"", "-wal", "-shm", "-lock"}) std::filesystem::remove(database.string() + suffix);
}
