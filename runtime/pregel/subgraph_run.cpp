#include "runtime/pregel/subgraph_run.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <utility>

#include "runtime/error.h"
#include "runtime/pregel/loop.h"
#include "runtime/pregel/snapshot.h"
#include "runtime/pregel/task_spans.h"

namespace heddle::runtime {

namespace asio = boost::asio;

namespace {

// Keeps a second task away from a namespace in which a graph that is kept per thread runs: each would overwrite what
// the other remembers.
class Occupied {
 public:
  Occupied(RunScope& run, const CompiledGraph& graph, const std::string& checkpoint_ns) : run_(run) {
    if (graph.plan().persistence != Persistence::per_thread) return;
    if (!run_.running_per_thread.insert(checkpoint_ns).second) {
      throw GraphError("MultipleSubgraphsError",
                       with_help("Two tasks run graph \"" + graph.name() + "\" in the namespace " + checkpoint_ns +
                                     " at the same time. A graph that is kept per thread may be run by one task at a "
                                     "time; compile it with Persistence::per_run.",
                                 "MULTIPLE_SUBGRAPHS"));
    }
    checkpoint_ns_ = checkpoint_ns;
  }
  ~Occupied() { run_.running_per_thread.erase(checkpoint_ns_); }
  Occupied(const Occupied&) = delete;
  Occupied& operator=(const Occupied&) = delete;

 private:
  RunScope& run_;
  std::string checkpoint_ns_;
};

}  // namespace

asio::awaitable<State> run_subgraph(SuperstepScope& superstep, Task& task, const CompiledGraph& graph,
                                    SubgraphCall call, State input) {
  const Occupied occupied(superstep.run, graph, call.checkpoint_ns);
  const GraphSpan span(superstep.run, task, call.checkpoint_ns);
  Loop::Start start;
  start.nested = true;
  start.resuming = superstep.resuming || call.again;
  start.enclosing = superstep.enclosing;
  start.enclosing.insert_or_assign(superstep.checkpoint_ns, superstep.checkpoint);
  start.own_metadata = subgraph_metadata(superstep, task, call.checkpoint_ns, start.enclosing);
  start.kept = superstep.kept && graph.plan().persistence != Persistence::none;
  start.checkpoint_ns = std::move(call.checkpoint_ns);
  start.root_task = root_task_of(superstep, task);

  Loop loop(graph, superstep.run, std::move(start));
  Loop::Input loop_input = std::move(input);
  Loop::End end;
  std::exception_ptr cut;
  try {
    Loop::End ended = co_await loop.run(std::move(loop_input));
    end = std::move(ended);
  } catch (const RunCancelled&) {
    cut = std::current_exception();
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
    cut = std::current_exception();
  }
  if (cut) {
    // What its nodes have finished is found again by whoever goes on.
    loop.store_what_is_left();
    std::rethrow_exception(cut);
  }
  if (end.parent_command) throw CommandToParent{std::move(*end.parent_command)};
  // What ended well is told by the writes of the task; the rest must be found again, and so must all that a graph
  // remembers from run to run.
  const bool is_found_again = graph.plan().persistence == Persistence::per_thread;
  if (end.status != OutcomeStatus::done || is_found_again) loop.store_what_is_left();
  if (end.status == OutcomeStatus::failed) std::rethrow_exception(end.failure);
  if (end.status == OutcomeStatus::drained) throw TaskDrained{};
  if (end.status == OutcomeStatus::interrupted) throw SubgraphInterrupted{std::move(end.interrupts)};
  co_return loop.output();
}

}  // namespace heddle::runtime
