#pragma once
// The node that makes the tool calls of an agent (runtime.md 16.2).
//
// A call that has finished is never made again: when a sibling asks the user or the node dies, its result is kept with
// the task, and taken from there when the node runs again. A call that was under way is made again, with the same
// idempotency key: no call is made before the checkpoint of its task is durable (NodeContext::recorded).

#include <boost/json/object.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "graphs/tool.h"
#include "runtime/error.h"
#include "runtime/node.h"
#include "runtime/state_graph.h"

namespace heddle::graphs {

enum class ToolErrors {
  told_to_the_model,  // as a tool message with status `error`
  fail_the_node,      // after the other calls have ended
  // What the model did wrong is told to it: a tool that is not there, arguments that do not fit. What a tool throws
  // fails the node.
  mistakes_told_to_the_model,
};

// A call that failed, for those who decide what becomes of it.
struct ToolFailure {
  enum class Kind {
    unknown_tool,
    arguments,  // they do not fit the schema or are no JSON; the call was not made
    thrown,     // by the tool
  };
  Kind kind = Kind::thrown;
  std::string tool;
  std::string tool_call_id;
  boost::json::object arguments;
  runtime::ErrorInfo error;   // class and text
  std::exception_ptr thrown;  // for those who look for a type of their own
};

// What the model is told; nothing: the node fails.
using FailureWords = std::function<std::optional<std::string>(const ToolFailure&)>;

// One of the usual ways, one text for all failures, or words for each.
using ToolErrorHandling = std::variant<ToolErrors, std::string, FailureWords>;

struct ToolNodeOptions {
  ToolErrorHandling errors = ToolErrors::told_to_the_model;
  // The id of the tool message that answers a call. Default: a random UUID.
  std::function<std::string(const std::string& tool_call_id)> message_id;
};

// A node that makes all calls of the last ai message in `messages` that have no answer yet, at the same time, and
// writes the answers in the order of the calls; of a task that was sent one call as `lg_tool_call`, that call. If calls
// ask, the question that came first leaves the node once the other calls have ended. A call that is among
// `invalid_tool_calls` too fails without being made. Throws std::logic_error if two tools have one name.
runtime::NodeFunction tool_node(std::vector<ToolPointer> tools, ToolNodeOptions options = {});

// Adds this node to an agent, and the probes of its tools under their names, so that the server can learn of answers
// that they wait for (runtime/awaited.h).
void add_tool_node(runtime::StateGraph& graph, const std::string& name, std::vector<ToolPointer> tools,
                   ToolNodeOptions options = {});

}  // namespace heddle::graphs
