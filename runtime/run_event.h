#pragma once
// The facts of a run, in the order in which they happened. Frames for clients are rendered from them
// (api/runs); a fact is small and shares its values with the run.
//
// `checkpoint_ns` says in which graph it happened: "" the root, "node:task" a subgraph of it, and so on.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/checkpoint_saver.h"
#include "runtime/command.h"
#include "runtime/error.h"
#include "runtime/message.h"
#include "runtime/state.h"

namespace heddle::runtime {

// Which kinds of facts somebody wants to see; others need not be made.
struct EventKinds {
  bool values = true;
  bool updates = false;
  bool messages = false;  // pieces and whole messages
  bool custom = false;
  bool tasks = false;
  bool checkpoints = false;
  bool tools = false;
  bool traces = false;     // the `events` mode
  bool subgraphs = false;  // facts of subgraphs too
};

// A task as states and `debug` show it.
struct TaskView {
  std::string id;
  std::string name;
  json::array path;
  std::vector<Interrupt> interrupts;
  std::optional<ErrorInfo> error;
  std::optional<json::value> result;       // what it wrote, if it finished
  std::optional<std::string> subgraph_ns;  // if the node is a graph: the namespace of its checkpoints
};

// A checkpoint was made, or on going on: the one where the run stands. (`checkpoints`, `debug`)
struct CheckpointFact {
  std::string checkpoint_ns;
  CheckpointId id;
  std::optional<CheckpointId> parent;
  CheckpointMetadata metadata;  // of one that was made: source, step and parents alone
  State values;
  std::vector<std::string> next;
  std::vector<TaskView> tasks;
};

// The whole state. If it is exactly what a stored checkpoint holds, `stored_as` names that one, so that the
// log need not keep the values again. (`values`)
struct ValuesFact {
  std::string checkpoint_ns;
  State values;
  std::optional<CheckpointId> stored_as;
};

// What a task wrote, before the reducers. `writes`: an object, or a list of objects when a key was
// written more than once (streaming.md 3.2). (`updates`)
struct UpdateFact {
  std::string checkpoint_ns;
  std::string node;
  json::value writes;
  bool cached = false;
};

// A task asked, or a static breakpoint was reached (then the list is empty). (`updates`, then `values`)
struct InterruptFact {
  std::string checkpoint_ns;
  std::vector<Interrupt> interrupts;
};

// (`tasks`, `debug`)
struct TaskStartFact {
  std::string checkpoint_ns;
  std::int64_t step = 0;
  std::string id;
  std::string name;
  std::variant<State, Value> input;  // the state, or the argument of a Send
  std::vector<std::string> triggers;
};

struct TaskEndFact {
  std::string checkpoint_ns;
  std::int64_t step = 0;
  std::string id;
  std::string name;
  json::value result = json::object{};
  std::vector<Interrupt> interrupts;
  std::optional<ErrorInfo> error;
};

// A piece of a streamed answer or a whole message. `checkpoint_ns` is the namespace of the graph whose node
// sent it; `metadata` is the flat object of streaming.md 3.4, shared by all pieces of a call. (`messages-tuple`,
// `messages`)
struct MessageFact {
  std::string checkpoint_ns;
  Message message;
  std::shared_ptr<const json::object> metadata;
  bool piece = false;
  // Not for `messages-tuple`: tokens of a subgraph when subgraphs were not asked for (streaming.md 3.4);
  // the old `messages` mode sees them.
  bool hidden_from_tuple = false;
};

struct CustomFact {
  std::string checkpoint_ns;
  json::value value;
};

// (`tools`, streaming.md 3.10) `data` holds what follows `toolCallId` and `name`.
struct ToolFact {
  std::string checkpoint_ns;
  std::string event;
  std::string tool_call_id;
  std::string name;
  json::object data;
};

// (`events`, streaming.md 3.6)
struct TraceFact {
  std::string event;  // on_chain_start ...
  std::string name;
  std::string run_id;
  std::vector<std::string> tags;
  std::shared_ptr<const json::object> metadata;
  json::object data;
};

using RunEvent = std::variant<CheckpointFact, ValuesFact, UpdateFact, InterruptFact, TaskStartFact, TaskEndFact,
                              MessageFact, CustomFact, ToolFact, TraceFact>;

// Called on the run's executor, in order; must not wait.
using EventSink = std::function<void(RunEvent)>;

}  // namespace heddle::runtime
