#pragma once
// Anthropic's messages format as pure functions: messages to a request, the bytes of a streamed answer to pieces.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graphs/answer_reader.h"
#include "graphs/chat_model.h"
#include "graphs/sse_reader.h"
#include "runtime/message.h"

namespace heddle::graphs {

// The body of a streamed request. The format wants the texts of system messages in a field of their own, and turns of
// user and assistant by turns: neighbours of one side become one turn, answers of tools are the user's and come first
// in it. What the provider refuses is left out: blank texts, turns without content, `remove` messages.
//
// `max_tokens`: of the answer; the provider wants to be told.
boost::json::object anthropic_request(const std::string& model, std::int64_t max_tokens,
                                      const runtime::ItemList& messages, const ModelOptions& options);

// The pieces of one streamed answer. Content is always a text, the blocks of text joined. Thinking is kept in
// `additional_kwargs.thinking_blocks`, because the provider wants it back while its tools are called. The last piece
// has stop_reason, model_name and the usage. Nothing is said before the first block, so that an answer that fails
// there can be asked for again.
class AnthropicAnswer final : public AnswerReader {
 public:
  std::vector<runtime::Message> read(std::string_view bytes) override;
  std::vector<runtime::Message> read_whole(const boost::json::value& message) override;
  std::optional<runtime::Message> finish() override;
  bool is_complete() const override { return done_ || !stop_reason_.empty(); }

 private:
  using Pieces = std::vector<runtime::Message>;
  void read_event(const boost::json::value& event, Pieces& pieces);
  void begin(const boost::json::value& message);
  void begin_block(std::int64_t index, const boost::json::value& block, Pieces& pieces);
  void continue_block(std::int64_t index, const boost::json::value& delta, Pieces& pieces);
  void take_stop(const boost::json::value& delta);
  void take_usage(const boost::json::value& holder);
  runtime::Message piece() const;
  runtime::Message text_piece(std::string_view text) const;
  runtime::Message thinking_piece(std::int64_t index, std::string_view type, std::string_view key,
                                  std::string_view text) const;

  SseReader events_;
  std::string id_;
  std::string model_;
  std::string stop_reason_;
  std::string stop_sequence_;
  std::map<std::string, std::int64_t, std::less<>> usage_;  // by the provider's names; the newest counts
  std::map<std::int64_t, std::int64_t> tool_calls_;         // index of a block to the index of its tool call
  bool done_ = false;                                       // message_stop
  bool finished_ = false;                                   // finish() has given its piece
};

// What the body of an error answer says.
Refusal anthropic_refusal(std::string_view body);

}  // namespace heddle::graphs
