#pragma once
// The pieces of one model call, on their way to the streams of the run and to the finished answer.
// Used by every model.

#include <string>
#include <vector>

#include "runtime/message.h"
#include "runtime/node.h"

namespace heddle::graphs {

// A piece with every field a piece has on the wire (streaming.md 3.4), all of them empty and without an id.
runtime::Message empty_piece();

// Belongs to one call of ChatModel::ask. The context outlives it.
class ModelStream {
 public:
  // Tells the streams that the call has started.
  ModelStream(runtime::NodeContext& context, runtime::ModelCall call, const runtime::ItemList& messages);
  ModelStream(const ModelStream&) = delete;
  ModelStream& operator=(const ModelStream&) = delete;

  // Sends a piece. Its `tool_calls` are made from its `tool_call_chunks`. All pieces get the id of the
  // first one; `run-<run id of the call>` if that has none (an id of a later piece is ignored).
  void piece(runtime::Message piece);
  bool has_pieces() const { return !sum_.empty(); }

  // Tells the streams that the call has ended, and gives the finished message. Without any piece it is an empty one.
  // Tool calls whose arguments are no complete JSON are in its `invalid_tool_calls`.
  runtime::Message end();

 private:
  runtime::NodeContext& context_;
  runtime::ModelCall call_;
  runtime::Message sum_;  // empty before the first piece
};

}  // namespace heddle::graphs
