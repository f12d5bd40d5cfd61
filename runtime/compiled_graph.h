#pragma once
// A checked, frozen graph: what can be run, read and drawn.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "runtime/awaited.h"
#include "runtime/checkpoint_saver.h"
#include "runtime/clock.h"
#include "runtime/command.h"
#include "runtime/drain_request.h"
#include "runtime/run_config.h"
#include "runtime/run_event.h"
#include "runtime/span.h"
#include "runtime/state.h"
#include "runtime/store.h"
#include "runtime/uuid.h"

namespace heddle::runtime {

struct Breakpoints;
class Log;

enum class Durability {
  sync,   // the next superstep starts when the last one is stored
  async,  // stored while the run goes on
  exit,   // stored when the run ends
};

struct NoInput {};  // go on from where the thread stands
struct GraphInput {
  json::value value;  // an object
};
using RunInput = std::variant<NoInput, GraphInput, Command>;

// A place in a thread. Without an id: the newest of the namespace.
struct CheckpointAddress {
  std::string checkpoint_ns;
  std::optional<CheckpointId> id;
  std::map<std::string, CheckpointId> map;  // checkpoint_map: enclosing and own namespaces
};

// What a run works with. References outlive the run.
struct RunServices {
  CheckpointSaver* saver = nullptr;  // null: nothing is kept, no interrupt is possible
  Store* store = nullptr;
  const Clock& clock;
  CheckpointIds& checkpoint_ids;
  EventSink events;    // may be empty
  SpanSink spans{};    // may be empty
  Log* log = nullptr;  // of what is passed over with a warning; null: nobody wants to know
};

struct RunOptions {
  RunInput input;
  std::optional<CheckpointAddress> from;
  std::shared_ptr<const RunConfig> config;
  EventKinds kinds;
  Durability durability = Durability::async;
  std::shared_ptr<const Breakpoints> interrupt_before;  // null: those of the graph
  std::shared_ptr<const Breakpoints> interrupt_after;
  // Whether an answer to an interrupt that does not wait fails the run (`UnknownInterruptError`) and changes nothing;
  // otherwise it is passed over (runtime.md 7.4).
  bool strict_resume = false;
  // Asks the run to stop; null pointer: nobody will. Once asked, tasks that run come to their end and no further ones
  // are started, also in graphs inside and by workflows. The run then ends as OutcomeStatus::drained. Without a saver
  // it has no effect: nothing could be taken up again.
  std::shared_ptr<const DrainRequest> drain{};
  // Whether run() returns only when everything that it has stored is durable, and throws if that fails. Otherwise what
  // the last supersteps have stored may be on its way still where a run was not stopped before its end: whoever calls
  // has to see to it that nothing is built on it which is not stored behind it, or flush the saver.
  bool returns_durable = true;
};

enum class OutcomeStatus {
  done,         // nothing is left to do
  interrupted,  // something waits in `next`: a question, a breakpoint
  failed,
  // Stopped by a DrainRequest between two supersteps, or between two tasks of a workflow. What was done is durable: the
  // same run (by its id and with the same input), or one without input, goes on with `next`. `error` is a GraphDrained
  // with the reason.
  drained,
};

// How a run ended. A cancelled run has no outcome: run() throws operation_aborted.
struct RunOutcome {
  OutcomeStatus status = OutcomeStatus::done;
  State values;  // of the root, with finished siblings' writes
  std::vector<std::string> next;
  std::map<std::string, std::vector<Interrupt>> interrupts;  // task id -> questions; only tasks that ask
  std::vector<Interrupt> all_interrupts;                     // the same in task order
  std::optional<ErrorInfo> error;
  std::optional<CheckpointId> head;  // newest root checkpoint, if one was loaded or made
};

struct GraphNodeDrawing {
  std::string id;
  std::string name;          // of the node in its own graph; of a graph as a node: that graph's
  bool is_schema = false;    // __start__ and __end__
  bool is_subgraph = false;  // a graph drawn as one node
};
struct GraphEdgeDrawing {
  std::string source;
  std::string target;
  std::optional<std::string> label;  // only if it is not the target's name
  bool conditional = false;
};
struct GraphDrawing {
  std::vector<GraphNodeDrawing> nodes;
  std::vector<GraphEdgeDrawing> edges;
};

struct GraphSchemas {
  json::object input;
  json::object output;
  json::object state;
  std::optional<json::object> config;
  std::optional<json::object> context;
};

// Immutable; any thread may use it at any time.
class CompiledGraph : public std::enable_shared_from_this<CompiledGraph> {
 public:
  // How a graph is held inside; only runtime/ looks in (runtime/pregel/plan.h).
  struct Plan;
  explicit CompiledGraph(std::unique_ptr<const Plan> plan);
  ~CompiledGraph();
  CompiledGraph(const CompiledGraph&) = delete;
  CompiledGraph& operator=(const CompiledGraph&) = delete;

  const std::string& name() const;
  const std::optional<std::string>& description() const;
  const GraphSchemas& schemas() const;
  // Of this graph or one inside of it; null if there is none of this name.
  const Probe* find_probe(const std::string& name) const;
  // Direct subgraphs by node name.
  std::map<std::string, std::shared_ptr<const CompiledGraph>> subgraphs() const;
  // `depth`: down to which level subgraphs are drawn instead of their node; 0 none (FIXTURES.md 1.5).
  GraphDrawing drawing(int depth) const;
  std::string mermaid() const;

  // Runs on the executor of the calling coroutine until the graph ends, stops or fails. Cancellable: on
  // terminal cancellation the running nodes are cancelled and awaited, what finished is kept, and
  // operation_aborted is thrown. Everything is durable when it returns (but for RunOptions::returns_durable).
  boost::asio::awaitable<RunOutcome> run(RunOptions options, const RunServices& services) const;

  const Plan& plan() const { return *plan_; }

 private:
  std::unique_ptr<const Plan> plan_;
};

}  // namespace heddle::runtime
