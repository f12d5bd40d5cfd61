// Runs that are waited for.

#include <chrono>
#include <cstdint>
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
  result.tell_errors(name, measured);
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

// One client, then kClients of them. How many runs that were, with those of the warm-up.
std::uint64_t alone_and_together(const Subject& subject, const Effort& effort, const std::string& name,
                                 const MakeRequest& make, Measured& measured) {
  ClosedLoop loop;
  loop.duration = effort.duration;
  const LoadResult alone = run_closed(subject.endpoint, loop, make);
  note(alone, name + ".alone", measured);
  loop.clients = kClients;
  loop.warm_up = std::chrono::milliseconds(0);
  const ServerCost cost(subject);
  const LoadResult together = run_closed(subject.endpoint, loop, make);
  cost.note(together, name, measured);
  note(together, name, measured);
  return alone.sent + together.sent;
}

}  // namespace

Measured stateless_runs(const Subject& subject, const Effort& effort) {
  Measured measured;
  const std::string request = request_text(subject.endpoint, "POST", "/runs/wait", kLinear);
  const auto make = [&](std::size_t, std::uint64_t) { return request; };
  alone_and_together(subject, effort, "stateless", make, measured);
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
  const std::uint64_t runs = alone_and_together(subject, effort, "durable", make, measured);
  measured.add("durable.runs", static_cast<double>(runs), "");
  return measured;
}

Measured mixed_load(const Subject& subject, const Effort& effort) {
  // A run takes a second, so 500 a second are 500 at a time, and somewhat more while the server is late.
  constexpr std::size_t kWriters = 1'000;
  constexpr std::size_t kReaders = 50;
  constexpr double kPerSecond = 500;
  constexpr std::chrono::seconds kRun{1};  // see kSleep
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
  const std::vector<OpenLoad> loads = {{{kWriters, kPerSecond, effort.mixed}, write, kRun},
                                       {{kReaders, kPerSecond, effort.mixed}, read}};
  const double before = subject.usage().processor_seconds;
  const Clock::time_point start = Clock::now();
  const std::vector<LoadResult> results = run_open(subject.endpoint, loads);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const double after = subject.usage().processor_seconds;
  note(results[0], "mixed.runs", measured);
  note(results[1], "mixed.reads", measured);
  // Not from the quantile of the whole latency, which is known to 1/64 of itself: that would be 16 ms of a second.
  if (results[0].answers > 0) {
    const std::chrono::duration<double, std::milli> p99 = results[0].beyond.quantile(0.99);
    measured.add("mixed.overhead_p99_ms", p99.count(), "ms");
  }
  measured.add("mixed.errors", static_cast<double>(results[0].errors + results[1].errors), "");
  if (subject.pid) measured.add("mixed.cores", (after - before) / seconds, "cores");
  return measured;
}

}  // namespace heddle::load
