#pragma once
// What a run did and when, for those who watch the server: tasks, questions to models, calls of tools. Never what was
// said: no prompt, argument, result or text of an error is in a span.

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "storage/timestamp.h"

namespace heddle::runtime {

enum class SpanKind {
  task,   // one attempt of a node
  model,  // one question to a model, inside a task
  tool,   // one call of a tool, inside a task
};

enum class SpanEnd {
  finished,  // also where its error handler gave what the node could not
  asked,     // it waits for somebody outside
  failed,
  cut,  // cancelled, or its attempt ended before it did
};

struct Span {
  SpanKind kind = SpanKind::task;
  std::uint64_t id = 0;      // from 1 within the run
  std::uint64_t parent = 0;  // 0: the run itself
  std::string name;          // of the node, the model's class, or the tool
  storage::Timestamp began;
  storage::Timestamp ended;
  SpanEnd end = SpanEnd::finished;
  std::string error;  // class of the error, if it is known
  // task: `step`, `attempt`, `checkpoint_ns`. model: the ls_ metadata of the call, and `usage_metadata` if the model
  // told it. tool: `tool_call_id`.
  boost::json::object details;
};

// Called on the run's executor when a span has ended, so children come before their parents. Must not wait and not
// throw.
using SpanSink = std::function<void(Span)>;

}  // namespace heddle::runtime
