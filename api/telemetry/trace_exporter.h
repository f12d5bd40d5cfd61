#pragma once
// Sends traces of runs to a collector by OTLP over HTTP, when runs end. Off unless an endpoint is configured.
//
// Watching must not disturb: runs never wait for it, what is waiting is bounded, and what cannot be sent is dropped and
// logged. Traces hold names, times, counts and ids, never what was said.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "api/runs/timed_work.h"
#include "api/settings.h"
#include "api/telemetry/run_trace.h"
#include "graphs/http_client.h"
#include "runtime/clock.h"
#include "runtime/log.h"

namespace heddle::api {

// Belongs to `executor`, the I/O thread. The references outlive it.
class TraceExporter {
 public:
  TraceExporter(boost::asio::any_io_executor executor, const runtime::Clock& clock, runtime::Log& log,
                const TraceSettings& settings);
  // Precondition: stop() has returned, or start() was not called.
  ~TraceExporter();
  TraceExporter(const TraceExporter&) = delete;
  TraceExporter& operator=(const TraceExporter&) = delete;

  void start();
  // Takes the trace over; drops it when too many wait.
  void add(RunTrace trace);
  // Sends what waits once more, and ends.
  boost::asio::awaitable<void> stop();

 private:
  enum class Sent { yes, later, never };

  boost::asio::awaitable<std::optional<storage::Timestamp>> send_waiting();
  boost::asio::awaitable<Sent> send(std::string body);
  std::vector<const RunTrace*> next_batch() const;  // valid until something is taken from `waiting_`
  void take_out(std::size_t traces);
  void drop(std::size_t traces, const std::string& why);

  const runtime::Clock& clock_;
  runtime::Log& log_;
  const TraceSettings& settings_;
  graphs::HttpClient client_;
  TimedWork work_;
  std::deque<RunTrace> waiting_;
  std::size_t waiting_spans_ = 0;
  int failures_ = 0;                  // of the batch at the front
  std::chrono::milliseconds wish_{};  // of the collector, before the next attempt
  storage::Timestamp complained_{};
  std::size_t dropped_ = 0;  // since then
};

}  // namespace heddle::api
