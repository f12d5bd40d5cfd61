#pragma once
// Functional workflows: a coroutine that calls tasks, kept like a graph (runtime.md 15).
//
//   const auto fetch = called_task("fetch", [](NodeContext&, json::value id) -> asio::awaitable<json::value> { ... });
//   const auto graph = entrypoint("report", [fetch](Workflow& workflow, json::value input)
//       -> asio::awaitable<WorkflowResult> {
//     const json::value page = co_await workflow.call(fetch, input.at("id"));
//     const json::value verdict = workflow.node().interrupt({{"page", page}});
//     co_return json::object{{"verdict", verdict}};
//   });
//
// When the workflow asks, fails or is taken up again it runs from its beginning, but a task that has finished is not
// run again: its n-th call is given the result it had. So tasks must be called in the same order each time; what may
// differ from one execution to the next (time, chance, the outside world) belongs into a task.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/compiled_graph.h"
#include "runtime/node.h"
#include "runtime/state_graph.h"

namespace heddle::runtime {

using CalledFunction = std::function<boost::asio::awaitable<json::value>(NodeContext&, json::value)>;

// One task of a workflow. Immutable.
struct CalledTask {
  std::string name;
  CalledFunction body;
  std::optional<RetryPolicy> retry{};
};

std::shared_ptr<const CalledTask> called_task(std::string name, CalledFunction body,
                                              std::optional<RetryPolicy> retry = {});

// What a workflow ends with: its result, which is the state that clients see, and what its next run on the thread finds
// as previous(); the result itself if nothing else is said. Before the first result the state is null.
struct WorkflowResult {
  WorkflowResult(json::value result) : value(std::move(result)) {}  // NOLINT: implicit by intent
  WorkflowResult(json::value result, json::value kept) : value(std::move(result)), save(std::move(kept)) {}
  json::value value;
  std::optional<json::value> save;
};

// What a workflow works with. Valid while it runs.
class Workflow {
 public:
  explicit Workflow(NodeContext& node) : node_(node) {}

  // Interrupts, streams, settings and the store of the run.
  NodeContext& node() { return node_; }
  // What the last run on this thread saved; null in the first.
  json::value previous() const { return node_.previous(); }
  // Runs a task and gives its result.
  boost::asio::awaitable<json::value> call(std::shared_ptr<const CalledTask> task, json::value input);
  // One call for each input, all at the same time; the results in the order of the inputs. When one fails the others
  // are stopped; when some ask, the others end first and all questions go out together. So it is when the run is asked
  // to stop: it ends between two tasks, and what has finished is kept.
  boost::asio::awaitable<std::vector<json::value>> call_all(std::shared_ptr<const CalledTask> task,
                                                            std::vector<json::value> inputs);

 private:
  NodeContext& node_;
};

using WorkflowFunction = std::function<boost::asio::awaitable<WorkflowResult>(Workflow&, json::value)>;

struct EntrypointOptions {
  json::object input_schema = schema::object();
  json::object output_schema = schema::anything();  // of the result, which may be any value
  std::optional<json::object> context_schema{};
  std::optional<RetryPolicy> retry{};
  std::optional<std::chrono::milliseconds> timeout{};
  std::optional<std::string> description{};
};

// A graph with one node, `name`, that runs the workflow. Its input is an object, given to the workflow as it is. As a
// node of another graph it must end with an object or null.
std::shared_ptr<const CompiledGraph> entrypoint(std::string name, WorkflowFunction body,
                                                EntrypointOptions options = {});

}  // namespace heddle::runtime
