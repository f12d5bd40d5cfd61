#pragma once
// Chat messages: JSON objects in the flat form of the wire (runtime.md 5).
//
// A message is kept as a JSON object with `type` human, ai, system, tool or remove. A piece of a
// streamed answer is an `ai` message that also has `tool_call_chunks`.

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/json.h"
#include "runtime/message_chunk.h"
#include "runtime/value.h"

namespace heddle::runtime {

// The value is no message. Name for clients: Error, code MESSAGE_COERCION_FAILURE; the text is that of
// runtime.md 5.2.
class MessageCoercionError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A message from any of the forms of runtime.md 5.2, with all fields that its type always has on the
// wire (FIXTURES.md 3): content, additional_kwargs, response_metadata, and for ai tool_calls and
// invalid_tool_calls. Unknown keys are kept. Gives no id. Throws MessageCoercionError, and GraphError SyntaxError when
// the arguments of an OpenAI style tool call are no JSON.
Message coerce_message(const json::value& value);
// One message or a list of them. A bare pair of texts is two human messages.
std::vector<Message> coerce_messages(const json::value& value);

// Whether a JSON value looks like a message in the flat form: an object with a known `type` and `content`.
bool is_message(const json::value& value);
bool is_message(const Message& message);

std::string_view message_type(const json::value& message);  // "" if it is none
std::string_view message_type(const Message& message);
std::string_view message_id(const json::value& message);  // "" without one
std::string_view message_id(const Message& message);
// The content if it is a text, else the texts of its parts of type `text`, joined.
std::string message_text(const json::value& message);
std::string message_text(const Message& message);
// The tool calls of an ai message; empty list if there are none.
const json::array& tool_calls(const json::value& message);
const json::array& tool_calls(const Message& message);

Message human_message(std::string content);
Message system_message(std::string content);
Message ai_message(std::string content, json::array tool_calls = {});
// Without `name` and `status` where they are empty.
Message tool_message(std::string content, std::string tool_call_id, std::string name, std::string status);

// An id for a message that has none; called once per message.
using NewMessageId = std::function<std::string()>;

// The messages reducer (runtime.md 5.3). `left` is a list of messages or null, `right` anything
// coerce_messages takes. Messages that stay are shared with `left`, also when they are written again
// unchanged; if nothing changes the result is `left` itself. Throws MessageCoercionError, and
// std::runtime_error when a message to remove does not exist.
Value add_messages(const Value& left, const json::value& right, const NewMessageId& new_id);

// Gives every message without id inside a node's write one (runtime.md 5.3, HEDDLE): the write is a
// message or list of messages in any form; the result is the list in flat form.
json::array with_ids(const json::value& write, const NewMessageId& new_id);

}  // namespace heddle::runtime
