#pragma once
// Arguments of a tool that no model gives: the state of the run, the id of the call and the like (runtime.md 16.2).

#include <map>
#include <string>

#include "graphs/tool.h"

namespace heddle::graphs {

// Where an argument comes from. A value.
class InjectedArgument {
 public:
  enum class Source {
    state,         // the whole state of the graph, or one key of it; null if it has no value
    tool_call_id,  // of this call
    runtime,       // {state, context, config: {configurable, metadata, tags}, tool_call_id}; no secret
    store,         // no value: a store is no JSON, and the tool asks ToolContext::node().store()
  };

  static InjectedArgument of_state() { return {Source::state, ""}; }
  static InjectedArgument of_state(std::string key) { return {Source::state, std::move(key)}; }
  static InjectedArgument of_tool_call_id() { return {Source::tool_call_id, ""}; }
  static InjectedArgument of_runtime() { return {Source::runtime, ""}; }
  static InjectedArgument of_store() { return {Source::store, ""}; }

  Source source() const { return source_; }
  const std::string& key() const { return key_; }  // of the state; empty: the whole of it

 private:
  InjectedArgument(Source source, std::string key) : source_(source), key_(std::move(key)) {}

  Source source_;
  std::string key_;
};

// The tool without these arguments for the model: its schema does not name them, nothing is said about them if
// arguments do not fit, and what a model gives for them is thrown away. `tool` gets them filled in, unchecked. Put it
// inside with_approval(), so that no human is shown the state. Throws std::logic_error for an argument that the schema
// of `tool` does not name.
ToolPointer with_injected(ToolPointer tool, std::map<std::string, InjectedArgument> arguments);

}  // namespace heddle::graphs
