#pragma once
// A thread in memory on which graphs are run without a server: for tests, tools and measurements.
//
//   LocalThread thread;
//   const RunOutcome outcome = thread.input(graph, {{"text", "hello"}});

#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>
#include <vector>

#include "runtime/clock.h"
#include "runtime/compiled_graph.h"
#include "runtime/memory_saver.h"
#include "runtime/run_config.h"
#include "runtime/run_event.h"
#include "runtime/state_api.h"
#include "runtime/uuid.h"

namespace heddle::runtime {

// Belongs to the thread that made it. Each call returns when the run has ended.
class LocalThread {
 public:
  LocalThread() = default;
  LocalThread(const LocalThread&) = delete;
  LocalThread& operator=(const LocalThread&) = delete;

  RunConfig config;  // of the next runs
  EventKinds kinds;  // which facts of the next runs are kept; `values` alone if nothing is said
  Store* store = nullptr;

  RunOutcome run(const CompiledGraph& graph, RunInput input);
  RunOutcome input(const CompiledGraph& graph, json::object input);
  // Answers the question that waits.
  RunOutcome resume(const CompiledGraph& graph, json::value answer);
  // Goes on after a breakpoint or a failure.
  RunOutcome go_on(const CompiledGraph& graph);

  StateSnapshot state(const CompiledGraph& graph);
  // Of the last run, in order.
  const std::vector<RunEvent>& events() const { return events_; }

 private:
  boost::asio::io_context io_;
  SystemClock clock_;
  CheckpointIds checkpoint_ids_;
  MemorySaver saver_;
  std::vector<RunEvent> events_;
};

}  // namespace heddle::runtime
