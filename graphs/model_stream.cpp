#include "graphs/model_stream.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "graphs/piece_memory.h"
#include "runtime/json.h"

namespace heddle::graphs {

using runtime::Message;
namespace json = boost::json;

Message empty_piece() {
  // With room for the id, which comes next.
  Message piece(json::make_shared_resource<PieceMemory>());
  piece.reserve(8);
  piece.emplace("content", json::string());
  piece.emplace("tool_calls", json::array());
  piece.emplace("invalid_tool_calls", json::array());
  piece.emplace("tool_call_chunks", json::array());
  piece.emplace("additional_kwargs", json::object());
  piece.emplace("response_metadata", json::object());
  piece.emplace("type", "ai");
  return piece;
}

namespace {

bool is_json(std::string_view text) {
  try {
    runtime::parse_json(text);
    return true;
  } catch (const runtime::JsonError&) {
    return false;
  }
}

// While an answer grows, the beginning of a call's arguments counts as its arguments (runtime.md 5.4). When it has
// ended, a call whose arguments broke off is not made: it might send half a mail.
void refuse_cut_calls(Message& whole) {
  json::value* const calls = whole.if_contains("tool_calls");
  json::value* const invalid = whole.if_contains("invalid_tool_calls");
  const json::array* const chunks = runtime::find_array(whole, "tool_call_chunks");
  if (calls == nullptr || invalid == nullptr || chunks == nullptr) return;
  for (const json::value& chunk : *chunks) {
    const std::string_view args = runtime::find_text(chunk, "args").value_or("");
    const bool is_blank = args.find_first_not_of(" \t\n\r\f\v") == std::string_view::npos;
    const json::value* const id = runtime::find_member(chunk, "id");
    if (is_blank || id == nullptr || is_json(args)) continue;
    auto is_it = [id](const json::value& call) { return runtime::equal_json(call.at("id"), *id); };
    const auto found = std::ranges::find_if(calls->as_array(), is_it);
    if (found == calls->as_array().end()) continue;
    json::value name = found->at("name");
    calls->as_array().erase(found);
    invalid->as_array().push_back(runtime::invalid_tool_call(std::move(name), json::value(args), id));
  }
}

}  // namespace

ModelStream::ModelStream(runtime::NodeContext& context, runtime::ModelCall call, const runtime::ItemList& messages)
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
  if (sum_.empty()) {
    sum_ = piece;
  } else {
    runtime::merge_chunk(sum_, piece);
  }
  context_.model_piece(call_, std::move(piece));
}

Message ModelStream::end() {
  if (sum_.empty()) piece(empty_piece());
  runtime::derive_tool_calls(sum_);
  refuse_cut_calls(sum_);
  // The merged answer still carries its tool_call_chunks here: that is what `events` shows at the end
  // of a streamed call. What goes to the state is the plain message.
  context_.model_ended(call_, sum_);
  sum_.stable_erase("tool_call_chunks");
  return std::move(sum_);
}

}  // namespace heddle::graphs
