#include "graphs/model_stream.h"

#include <utility>

namespace heddle::graphs {

using runtime::Message;
namespace json = boost::json;

Message empty_piece() {
  return {{"content", ""},
          {"tool_calls", json::array{}},
          {"invalid_tool_calls", json::array{}},
          {"tool_call_chunks", json::array{}},
          {"additional_kwargs", json::object{}},
          {"response_metadata", json::object{}},
          {"type", "ai"}};
}

ModelStream::ModelStream(runtime::NodeContext& context, runtime::ModelCall call,
                         const std::vector<runtime::Value::Item>& messages)
    : context_(context), call_(std::move(call)) {
  context_.model_started(call_, messages);
}

void ModelStream::piece(Message piece) {
  if (sum_.empty()) {
    if (runtime::message_id(piece).empty()) piece["id"] = "run-" + call_.run_id;
  } else {
    piece["id"] = sum_.at("id");
  }
  runtime::derive_tool_calls(piece);
  context_.model_piece(call_, piece);
  if (sum_.empty()) {
    sum_ = std::move(piece);
  } else {
    runtime::merge_chunk(sum_, piece);
  }
}

Message ModelStream::end() {
  if (sum_.empty()) piece(empty_piece());
  runtime::derive_tool_calls(sum_);
  // The merged answer still carries its tool_call_chunks here: that is what `events` shows at the end
  // of a streamed call. What goes to the state is the plain message.
  context_.model_ended(call_, sum_);
  return runtime::finished_message(std::move(sum_));
}

}  // namespace heddle::graphs
