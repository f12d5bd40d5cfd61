#pragma once
// Runs of small graphs, without HTTP: what is measured of the engine.

#include <boost/asio/io_context.hpp>
#include <memory>

#include "runtime/clock.h"
#include "runtime/compiled_graph.h"
#include "runtime/uuid.h"

namespace heddle::bench {

// Three nodes in a row; each adds to a list and to a number.
std::shared_ptr<const runtime::CompiledGraph> chain_of_three();
// Five nodes at once, and one that waits for all of them.
std::shared_ptr<const runtime::CompiledGraph> fan_out_of_five();

// Belongs to one thread.
class EngineRuns {
 public:
  // Runs `graph` to its end on this thread. Null pointer: nothing is kept. Throws what the run throws, and
  // std::runtime_error if it does not end well.
  void run(const runtime::CompiledGraph& graph, runtime::CheckpointSaver* saver);
  boost::asio::io_context& context() { return io_; }

 private:
  boost::asio::io_context io_{1};
  runtime::SystemClock clock_;
  runtime::CheckpointIds ids_;
  std::shared_ptr<const runtime::RunConfig> config_ = std::make_shared<const runtime::RunConfig>();
};

}  // namespace heddle::bench
