#pragma once
// Declaring a graph.
//
//   const auto graph = StateGraph("linear")
//       .last("text", schema::text()).append("log", schema::text()).sum("count")
//       .node("first", [](const State& s) { return Update{{"text", s.text("text") + "|first"}, {"count", 1}}; })
//       .edge(kStart, "first").edge("first", kEnd)
//       .compile();
//
// Mistakes are reported by compile() (or by the call itself where it can tell) as GraphDeclarationError with the texts
// of runtime.md 4.4.

#include <chrono>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/channels.h"
#include "runtime/compiled_graph.h"
#include "runtime/error.h"
#include "runtime/node.h"
#include "runtime/schema.h"

namespace heddle::runtime {

inline constexpr std::string_view kStart = "__start__";
inline constexpr std::string_view kEnd = "__end__";

// Of a node whose tasks, updates, questions and whole messages no stream shows (runtime.md 1); states show it.
inline constexpr std::string_view kHiddenTag = "langsmith:hidden";

// runtime.md 8.2. `retry_on` null: network errors, HTTP 408, 429 and 5xx, never logic errors.
struct RetryPolicy {
  std::chrono::milliseconds initial_interval{500};
  double backoff_factor = 2;
  std::chrono::milliseconds max_interval{128'000};
  int max_attempts = 3;  // with the first
  bool jitter = true;
  std::function<bool(const std::exception&)> retry_on{};
};

// Results of a node that are used again for the same input (runtime.md 8.4). They are used for every run of the graph
// in this process, whoever started it: what depends on the caller must be in the key.
struct CachePolicy {
  // What tells two inputs apart; null: the whole input, printed.
  std::function<std::string(const State&, const RunConfig&)> key{};
  std::optional<std::chrono::milliseconds> ttl{};  // nothing: until it is pushed out
};

// What the error handler of a node is told.
struct NodeFailure {
  std::string node;
  ErrorInfo error;
};
using ErrorHandler = std::function<boost::asio::awaitable<NodeResult>(NodeContext&, NodeFailure)>;

struct NodeOptions {
  std::vector<std::string> ends{};                  // targets of Commands it returns, for drawings and checks
  std::optional<std::vector<std::string>> reads{};  // keys of its input; default: the whole state
  bool defer = false;
  std::optional<RetryPolicy> retry{};
  // Of one attempt of a body that waits or is a graph; one that never waits cannot be stopped.
  std::optional<std::chrono::milliseconds> timeout{};
  std::optional<std::chrono::milliseconds> idle_timeout{};  // without a heartbeat or anything for a stream
  std::optional<CachePolicy> cache{};
  // Called in place of the node after its last attempt has failed; its result counts as the node's (runtime.md 8.3).
  // When it has asked or been cut off, it runs again from its beginning and the node does not; when it failed, both do.
  ErrorHandler on_error{};
  std::vector<std::string> tags{};  // in its traces and on its messages
};

// A node where several are written down: {"tools", kEnd}.
struct NodeName {
  NodeName(const char* name) : text(name) {}             // NOLINT: implicit by intent
  NodeName(std::string_view name) : text(name) {}        // NOLINT
  NodeName(std::string name) : text(std::move(name)) {}  // NOLINT
  std::string text;
};

// Which nodes to stop at: none, some, or all.
struct Breakpoints {
  bool all = false;
  std::set<std::string> nodes{};
  bool empty() const { return !all && nodes.empty(); }
};

// Where a graph inside another keeps its checkpoints (runtime.md 9).
enum class Persistence {
  per_run,  // each task that runs it starts afresh; only going on finds what was begun
  // It goes on where it ended, in every run of the thread. One task at a time may run it. With Durability::exit a crash
  // may leave it one run ahead of the graph around it.
  per_thread,
  none,  // nowhere: no question is possible inside
};

struct CompileOptions {
  Breakpoints interrupt_before{};
  Breakpoints interrupt_after{};
  Persistence persistence = Persistence::per_run;
  // Of all tasks of one superstep together; applies to bodies that wait.
  std::optional<std::chrono::milliseconds> step_timeout{};
};

// A value while it is being declared; compile() leaves it unchanged.
class StateGraph {
 public:
  explicit StateGraph(std::string name = "LangGraph");

  // State keys; see FIXTURES.md 1.1 for the kinds.
  StateGraph& last(std::string key, json::object schema = schema::anything());
  StateGraph& append(std::string key, json::object item_schema = schema::anything());
  StateGraph& sum(std::string key);
  StateGraph& merge(std::string key);
  StateGraph& messages(std::string key = "messages");
  StateGraph& channel(ChannelSpec spec);
  // Managed values: keys that nodes and path functions read and nobody writes. They are computed for each superstep and
  // are in no checkpoint, schema, stream of values or output (runtime.md 14). A task made by Send sees what its sender
  // gave it.
  StateGraph& remaining_steps(std::string key = "remaining_steps");  // before the recursion limit; 1 in the last one
  StateGraph& is_last_step(std::string key = "is_last_step");
  // Keys taken from the input and shown as the output of direct calls; default: all state keys.
  StateGraph& input_keys(std::vector<std::string> keys);
  StateGraph& output_keys(std::vector<std::string> keys);
  // What has been declared so far, without managed values. Valid until the next declaration.
  const std::vector<ChannelSpec>& state_keys() const;
  // A run whose context does not fit fails before anything runs (ValidationError). Secrets are not looked at: keys with
  // a leading underscore, and what the run has as a secret (RunConfig::context_secrets).
  StateGraph& context_schema(json::object schema);
  StateGraph& config_schema(json::object schema);
  StateGraph& description(std::string text);
  // What interrupts of the nodes may name (runtime/awaited.h). A second one of a name takes the place of the first.
  StateGraph& probe(std::string name, Probe probe);

  // A body may take `const State&` or `NodeContext&` and may return anything NodeResult takes, directly or as
  // asio::awaitable<NodeResult>.
  template <class Body>
    requires(!std::convertible_to<Body, std::shared_ptr<const CompiledGraph>>)
  StateGraph& node(std::string name, Body body, NodeOptions options = {}) {
    if constexpr (std::is_invocable_v<Body&, const State&>) {
      auto on_context = [body = std::move(body)](NodeContext& context) mutable { return body(context.state()); };
      return node(std::move(name), std::move(on_context), std::move(options));
    } else if constexpr (std::is_convertible_v<std::invoke_result_t<Body&, NodeContext&>, NodeResult>) {
      return add_plain(std::move(name), PlainNodeFunction(std::move(body)), std::move(options));
    } else {
      return add_waiting(std::move(name), NodeFunction(std::move(body)), std::move(options));
    }
  }
  // A graph as a node: gets the keys that both know.
  StateGraph& node(std::string name, std::shared_ptr<const CompiledGraph> subgraph, NodeOptions options = {});

  StateGraph& edge(std::string_view from, std::string_view to);
  StateGraph& edge(std::vector<std::string> from, std::string_view to);  // waits for all
  // `targets`: label -> node. Without targets any node may be one. The same plain function is refused a second time.
  StateGraph& conditional(std::string_view from, PathFunction path, std::map<std::string, std::string> targets = {});
  // Identity map of the given names.
  StateGraph& conditional(std::string_view from, PathFunction path, std::vector<std::string> targets);
  // The same for lists in braces, which would fit two of the above: {"b", "c"} and {{"label", "b"}}.
  StateGraph& edge(std::initializer_list<NodeName> from, std::string_view to);
  StateGraph& conditional(std::string_view from, PathFunction path, std::initializer_list<NodeName> targets);
  StateGraph& conditional(std::string_view from, PathFunction path,
                          std::initializer_list<std::pair<NodeName, NodeName>> targets);

  std::shared_ptr<const CompiledGraph> compile(CompileOptions options = {}) const;

 private:
  StateGraph& add_plain(std::string name, PlainNodeFunction body, NodeOptions options);
  StateGraph& add_waiting(std::string name, NodeFunction body, NodeOptions options);
  struct Declaration;
  Declaration& change();  // that of this object alone: copies share theirs until one of them changes
  std::shared_ptr<Declaration> declaration_;
};

}  // namespace heddle::runtime
