#include "bench/engine_runs.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtime/state_graph.h"

namespace heddle::bench {

using namespace runtime;

namespace {

Update one(const State& state) {
  return Update{{"log", {"x"}}, {"count", state.integer("count") + 1}};
}

Update note(const State&) {
  return Update{{"log", {"x"}}};
}

}  // namespace

std::shared_ptr<const CompiledGraph> chain_of_three() {
  return StateGraph("chain")
      .append("log")
      .last("count")
      .node("a", one)
      .node("b", one)
      .node("c", one)
      .edge(kStart, "a")
      .edge("a", "b")
      .edge("b", "c")
      .compile();
}

std::shared_ptr<const CompiledGraph> fan_out_of_five() {
  StateGraph graph("fan_out");
  graph.append("log").last("count");
  std::vector<std::string> names{"f1", "f2", "f3", "f4", "f5"};
  graph.node("join", note);
  for (const std::string& name : names) graph.node(name, note).edge(kStart, name);
  return graph.edge(names, "join").compile();
}

void EngineRuns::run(const CompiledGraph& graph, CheckpointSaver* saver) {
  const RunServices services{saver, nullptr, clock_, ids_, [](RunEvent) {}};
  RunOptions options;
  options.input = GraphInput{json::value{{"count", 0}}};
  options.config = config_;
  std::exception_ptr thrown;
  OutcomeStatus status = OutcomeStatus::failed;
  auto ended = [&](std::exception_ptr error, RunOutcome outcome) {
    thrown = error;
    status = outcome.status;
  };
  boost::asio::co_spawn(io_, graph.run(std::move(options), services), ended);
  io_.restart();
  io_.run();
  if (thrown) std::rethrow_exception(thrown);
  if (status != OutcomeStatus::done) throw std::runtime_error("a run did not end well");
}

}  // namespace heddle::bench
