#include "bench/load/series.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <thread>
#include <utility>

#include "bench/load/engine_workload.h"
#include "bench/load/limits.h"
#include "bench/load/load_loop.h"
#include "bench/load/model_workload.h"
#include "bench/load/server_process.h"
#include "bench/load/watchdog.h"

namespace heddle::load {
namespace {

constexpr std::size_t kStarts = 5;     // the targets say so
constexpr std::size_t kWarmRuns = 20;  // on threads, and as many without

void say(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
}

void take(Measured& into, Measured from) {
  for (const Figure& figure : from.figures) {
    say("  " + figure.name + " = " + std::to_string(figure.value) + " " + figure.unit);
  }
  for (const std::string& error : from.errors) say("  " + error);
  into.append(std::move(from));
}

// A figure that cannot be taken is reported and does not keep the others from being taken.
template <class Step>
void attempt(Measured& measured, const std::string& name, Step step) {
  say(name);
  try {
    take(measured, step());
  } catch (const std::exception& error) {
    say("  " + std::string(error.what()));
    measured.errors.push_back(name + ": " + error.what());
  }
}

// A folder of its own for each server, which goes with it.
class Room {
 public:
  Room(const Plan& plan, const std::string& name) : path_(plan.folder / name) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Room() {
    std::error_code ignored;  // what is left in a folder of temporary files does no harm
    std::filesystem::remove_all(path_, ignored);
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::vector<std::string> heddle_command(const std::filesystem::path& server, const std::string& synchronous) {
  return {server.string(),      "serve",       "--host",  "127.0.0.1",     "--port",   "{port}", "--db",
          "{folder}/heddle.db", "--log-level", "warning", "--synchronous", synchronous};
}

// Memory some seconds after a workload, when the server has had time to give back what it took.
void note_memory(const std::string& name, const ServerProcess& server, const Usage& before, Measured& measured) {
  std::this_thread::sleep_for(std::chrono::seconds(6));
  const Usage after = server.usage();
  measured.add(name + ".resident_before_mb", before.resident_mb, "MB");
  measured.add(name + ".resident_mb", after.resident_mb, "MB");
  measured.add(name + ".resident_ratio", after.resident_mb / before.resident_mb, "");
}

// Memory before the load is that of a server that has worked a little: code that has run once stays resident.
Usage warmed(const ServerProcess& server) {
  for (std::size_t i = 0; i < kWarmRuns; ++i) {
    const std::string thread = make_thread(server.endpoint());
    call_once(server.endpoint(), "POST", "/threads/" + thread + "/runs/wait", chat_body("one two", ""));
    call_once(server.endpoint(), "POST", "/runs/stream", chat_body("one two", "messages-tuple"));
  }
  return server.usage();
}

Measured run_on(const ServerProcess& server, const Workload& workload, const Effort& effort) {
  const Usage before = warmed(server);
  Measured measured = workload.run({server.endpoint(), server.pid()}, effort);
  note_memory(std::string(workload.name), server, before, measured);
  return measured;
}

struct Start {
  double best_ms = 0;  // to the first 200
  Usage usage;         // of the last one
};
// One start in each of `folders`, one after another.
Start best_start(const std::vector<std::string>& command, const std::vector<std::filesystem::path>& folders) {
  Start start;
  for (const std::filesystem::path& folder : folders) {
    const ServerProcess process(command, folder);
    const double taken_ms = process.start_time().count() * 1e3;
    start.best_ms = start.best_ms == 0 ? taken_ms : std::min(start.best_ms, taken_ms);
    start.usage = process.usage();
  }
  return start;
}

Measured measure_empty_start(const std::vector<std::string>& command, const Room& room) {
  std::vector<std::filesystem::path> folders;
  for (std::size_t i = 0; i < kStarts; ++i) {
    folders.push_back(room.path() / std::to_string(i));
    std::filesystem::create_directories(folders.back());
  }
  const Start start = best_start(command, folders);
  Measured measured;
  measured.add("start.empty_ms", start.best_ms, "ms");
  measured.add("start.resident_mb", start.usage.resident_mb, "MB");
  measured.add("start.anonymous_mb", start.usage.anonymous_mb, "MB");
  measured.add("start.threads", static_cast<double>(start.usage.threads), "");
  return measured;
}

// Threads with large states, until the database has the size that is wanted, or it takes too long; then starts with it.
Measured measure_big_start(const std::filesystem::path& server, const Plan& plan) {
  constexpr std::size_t kThreads = 32;
  const Room room(plan, "big");
  const std::filesystem::path database = room.path() / "heddle.db";
  {
    ServerProcess process(heddle_command(server, "normal"), room.path());
    const std::string body = R"({"assistant_id":"linear","input":{"text":")" + std::string(32 * 1024, 'x') +
                             R"("},"multitask_strategy":"enqueue"})";
    std::vector<std::string> requests;
    for (std::size_t i = 0; i < kThreads; ++i) {
      const std::string path = "/threads/" + make_thread(process.endpoint()) + "/runs/wait";
      requests.push_back(request_text(process.endpoint(), "POST", path, body));
    }
    ClosedLoop loop{kThreads, std::chrono::milliseconds(0), std::chrono::milliseconds(2'000)};
    const auto make = [&](std::size_t lane, std::uint64_t) { return requests[lane]; };
    for (int i = 0; i < 100 && std::filesystem::file_size(database) < plan.effort.big_database_mb * 1'000'000; ++i) {
      const LoadResult filled = run_closed(process.endpoint(), loop, make);
      if (filled.errors > 0) throw std::runtime_error("the database does not grow: " + filled.first_error);
    }
  }
  Measured measured;
  measured.add("start.big_mb", static_cast<double>(std::filesystem::file_size(database)) / 1e6, "MB");
  const std::vector<std::filesystem::path> folders(kStarts, room.path());
  const Start start = best_start(heddle_command(server, "full"), folders);
  measured.add("start.big_ms", start.best_ms, "ms");
  return measured;
}

// The durable workload, and SQLite alone with what it has stored.
Measured measure_durable(const std::filesystem::path& server, const Workload& workload, const Plan& plan) {
  const Room room(plan, "durable");
  Measured measured;
  {
    ServerProcess process(heddle_command(server, "full"), room.path());
    measured = run_on(process, workload, plan.effort);
  }
  if (!plan.wants("limits")) return measured;
  const double runs = measured.find("durable.runs")->value + kWarmRuns;
  const StoredRun stored = stored_per_run(room.path() / "heddle.db", runs);
  measured.append(measure_sqlite(stored, plan.effort, room.path()));
  return measured;
}

Measured measure_long_thread(const std::filesystem::path& server, const Workload& workload, const Plan& plan) {
  const Room room(plan, "long_thread");
  Measured measured;
  {
    ServerProcess process(heddle_command(server, "normal"), room.path());
    measured = run_on(process, workload, plan.effort);
  }
  const auto bytes = static_cast<double>(std::filesystem::file_size(room.path() / "heddle.db"));
  measured.add("long_thread.disk_mb", bytes / 1e6, "MB");
  measured.add("long_thread.disk_bytes_per_turn", bytes / measured.find("long_thread.turns")->value, "B");
  return measured;
}

// Some servers do not come to the end of what others do in seconds.
constexpr std::chrono::minutes kPeerPatience{4};
// A longer mix would end with its patience, whatever the peer does.
constexpr std::chrono::seconds kPeerMixMax{30};

Measured run_watched(const ServerProcess& server, const Workload& workload, Effort effort) {
  effort.mixed = std::min<std::chrono::milliseconds>(effort.mixed, kPeerMixMax);
  const Watchdog watchdog(server.pid(), kPeerPatience);
  try {
    Measured measured = run_on(server, workload, effort);
    if (!watchdog.has_bitten()) return measured;
  } catch (const std::exception&) {
    if (!watchdog.has_bitten()) throw;
  }
  throw std::runtime_error("did not come to its end within " + std::to_string(kPeerPatience.count()) +
                           " minutes, and was stopped");
}

}  // namespace

Measured measure_heddle(const std::filesystem::path& server, const Plan& plan) {
  Measured measured;
  if (plan.wants("engine")) attempt(measured, "engine", measure_engine);
  if (plan.wants("limits")) {
    attempt(measured, "limit: bare Beast echo", [&] {
      const Room room(plan, "echo");
      return measure_echo(plan.effort, room.path());
    });
  }
  if (plan.wants("start")) {
    attempt(measured, "start", [&] {
      const Room room(plan, "start");
      return measure_empty_start(heddle_command(server, "full"), room);
    });
  }
  for (const Workload& workload : workloads()) {
    const std::string name(workload.name);
    if (!plan.wants(name)) continue;
    attempt(measured, name + ": " + std::string(workload.about), [&] {
      if (name == "durable") return measure_durable(server, workload, plan);
      if (name == "long_thread") return measure_long_thread(server, workload, plan);
      const Room room(plan, name);
      const ServerProcess process(heddle_command(server, "full"), room.path());
      return run_on(process, workload, plan.effort);
    });
  }
  if (plan.wants("models")) {
    attempt(measured, "models: 200 agents whose model is slow", [&] {
      const Room room(plan, "models");
      return measure_slow_models(server.parent_path() / "heddle", room.path());
    });
  }
  if (plan.wants("normal")) {
    attempt(measured, "durable, synchronous=NORMAL", [&] {
      const Room room(plan, "normal");
      const ServerProcess process(heddle_command(server, "normal"), room.path());
      Measured normal = durable_runs({process.endpoint(), process.pid()}, plan.effort);
      normal.rename("durable", "durable_normal");
      return normal;
    });
  }
  if (plan.wants("big")) {
    attempt(measured, "start with a big database", [&] { return measure_big_start(server, plan); });
  }
  return measured;
}

Measured measure_peer(const std::filesystem::path& folder, const Plan& plan) {
  const std::vector<std::string> command = {"node",    (folder / "serve.mjs").string(), "--port", "{port}", "--data",
                                            "{folder}"};
  Measured measured;
  if (plan.wants("start")) {
    attempt(measured, "peer: start", [&] {
      const Room room(plan, "peer");
      return measure_empty_start(command, room);
    });
  }
  for (const Workload& workload : workloads()) {
    const std::string name(workload.name);
    if (!plan.wants(name)) continue;
    attempt(measured, "peer: " + name, [&] {
      const Room room(plan, "peer");
      const ServerProcess process(command, room.path());
      return run_watched(process, workload, plan.effort);
    });
  }
  return measured;
}

Measured measure_running(const Subject& subject, const Plan& plan) {
  Measured measured;
  for (const Workload& workload : workloads()) {
    const std::string name(workload.name);
    if (!plan.wants(name)) continue;
    attempt(measured, name, [&] { return workload.run(subject, plan.effort); });
  }
  return measured;
}

}  // namespace heddle::load
