// Runs that are waited for.

#include <string>
#include <vector>

#include "bench/load/load_loop.h"
#include "bench/load/workload.h"

namespace heddle::load {
namespace {

constexpr std::size_t kClients = 64;
constexpr const char* kLinear = R"({"assistant_id":"linear","input":{"text":"x"}})";
// The runs of one thread have one client, so that they are never at the same time.
constexpr const char* kSleep = R"({"assistant_id":"delay","input":{"tag":"m","ms":1000}})";

void note(const LoadResult& result, const std::string& name, Measured& measured) {
  measured.add(name + ".per_second", result.per_second(), "1/s");
  measured.add_latency(name, result.latency);
  if (result.errors > 0) {
    measured.errors.push_back(name + ": " + std::to_string(result.errors) +
                              " errors, the first: " + result.first_error);
  }
}

std::vector<std::string> make_threads(const Endpoint& endpoint, std::size_t count) {
  std::vector<std::string> threads;
  for (std::size_t i = 0; i < count; ++i) threads.push_back(make_thread(endpoint));
  return threads;
}

// The processor time of the server per answer.
class ServerCost {
 public:
  explicit ServerCost(const Subject& subject) : subject_(subject), before_(now()) {}
  void note(const LoadResult& result, const std::string& name, Measured& measured) const {
    if (!subject_.pid || result.answers == 0) return;
    measured.add(name + ".processor_us", 1e6 * (now() - before_) / static_cast<double>(result.answers), "us");
  }

 private:
  double now() const { return subject_.usage().processor_seconds; }

  const Subject& subject_;
  double before_;
};

}  // namespace

Measured stateless_runs(const Subject& subject, const Effort& effort) {
  Measured measured;
  const std::string request = request_text(subject.endpoint, "POST", "/runs/wait", kLinear);
  const auto make = [&](std::size_t, std::uint64_t) { return request; };
  ClosedLoop loop;
  loop.duration = effort.duration;
  note(run_closed(subject.endpoint, loop, make), "stateless.alone", measured);
  loop.clients = kClients;
  loop.warm_up = std::chrono::milliseconds(0);
  const ServerCost cost(subject);
  const LoadResult result = run_closed(subject.endpoint, loop, make);
  cost.note(result, "stateless", measured);
  note(result, "stateless", measured);
  return measured;
}

Measured durable_runs(const Subject& subject, const Effort& effort) {
  Measured measured;
  const std::vector<std::string> threads = make_threads(subject.endpoint, kClients);
  std::vector<std::string> requests;
  for (const std::string& thread : threads) {
    requests.push_back(request_text(subject.endpoint, "POST", "/threads/" + thread + "/runs/wait", kLinear));
  }
  const auto make = [&](std::size_t lane, std::uint64_t) { return requests[lane]; };
  ClosedLoop loop;
  loop.duration = effort.duration;
  note(run_closed(subject.endpoint, loop, make), "durable.alone", measured);
  loop.clients = kClients;
  loop.warm_up = std::chrono::milliseconds(0);
  const ServerCost cost(subject);
  const LoadResult result = run_closed(subject.endpoint, loop, make);
  cost.note(result, "durable", measured);
  note(result, "durable", measured);
  return measured;
}

Measured mixed_load(const Subject& subject, const Effort& effort) {
  // A run takes a second, so 500 a second are 500 at a time, and somewhat more while the server is late.
  constexpr std::size_t kWriters = 1'000;
  constexpr std::size_t kReaders = 50;
  constexpr double kPerSecond = 500;
  Measured measured;
  const std::vector<std::string> threads = make_threads(subject.endpoint, kWriters);
  std::vector<std::string> writes;
  std::vector<std::string> reads;
  for (const std::string& thread : threads) {
    writes.push_back(request_text(subject.endpoint, "POST", "/threads/" + thread + "/runs/wait", kSleep));
    reads.push_back(request_text(subject.endpoint, "GET", "/threads/" + thread + "/state", ""));
  }
  const auto write = [&](std::size_t lane, std::uint64_t) { return writes[lane]; };
  const auto read = [&](std::size_t lane, std::uint64_t number) {
    return reads[(lane + number * kReaders) % reads.size()];
  };
  const double before = subject.usage().processor_seconds;
  const std::vector<LoadResult> results = run_open(
      subject.endpoint, {{{kWriters, kPerSecond, effort.mixed}, write}, {{kReaders, kPerSecond, effort.mixed}, read}});
  const double after = subject.usage().processor_seconds;
  note(results[0], "mixed.runs", measured);
  note(results[1], "mixed.reads", measured);
  const Figure* p99 = measured.find("mixed.runs.p99_ms");
  measured.add("mixed.overhead_p99_ms", p99->value - 1000, "ms");
  measured.add("mixed.errors", static_cast<double>(results[0].errors + results[1].errors), "");
  if (subject.pid) measured.add("mixed.cores", (after - before) / results[0].seconds, "cores");
  return measured;
}

}  // namespace heddle::load
