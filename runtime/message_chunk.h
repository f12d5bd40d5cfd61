#pragma once
// Pieces of a streamed answer, and the message that they make (runtime.md 5.4).

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace heddle::runtime {

namespace json = boost::json;

// A chat message as it is on the wire; runtime/message.h tells more.
using Message = json::object;

// Adds a piece to what has come so far (runtime.md 5.4). `sum` starts as the first piece. Its tool_calls
// stay those of the first piece until derive_tool_calls or finished_message makes them anew: doing so for
// every piece would parse long arguments again and again. Throws std::runtime_error when the kinds of a
// field differ.
void merge_chunk(Message& sum, const Message& piece);
// tool_calls and invalid_tool_calls of a piece (or sum of pieces) made anew from its tool_call_chunks; as they
// are if it has none.
void derive_tool_calls(Message& chunk);
// The finished message: with derived tool calls, without tool_call_chunks.
Message finished_message(Message sum);

// A call whose arguments could not be read. `id` may be a null pointer.
json::object invalid_tool_call(json::value name, json::value args, const json::value* id);

}  // namespace heddle::runtime
