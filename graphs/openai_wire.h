#pragma once
// The chat completions format (runtime.md 5.5) as pure functions: messages to a request, the bytes of a
// streamed answer to pieces.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graphs/answer_reader.h"
#include "graphs/chat_model.h"
#include "graphs/sse_reader.h"
#include "runtime/message.h"

namespace heddle::graphs {

// The body of a streamed request. Messages that the provider would not understand (`remove`) are left out.
boost::json::object openai_request(const std::string& model, const runtime::ItemList& messages,
                                   const ModelOptions& options);

// The pieces of one streamed answer. finish_reason and model_name are in exactly one piece, usage in another;
// providers that repeat them would otherwise see them added up (runtime.md 5.4). Tool calls are counted from 0 here,
// and get an id if they have none: some providers leave out index or id, or give every call the same index.
class OpenAiAnswer final : public AnswerReader {
 public:
  std::vector<runtime::Message> read(std::string_view bytes) override;
  std::vector<runtime::Message> read_whole(const boost::json::value& completion) override;
  // One parsed delta; nothing if it says nothing. Throws AnswerError.
  std::optional<runtime::Message> read_delta(const boost::json::value& delta);
  // A piece with the usage if it has come only beside other things.
  std::optional<runtime::Message> finish() override;
  bool is_complete() const override { return done_ || finished_; }

 private:
  // A tool call of this answer; its place in calls_ is its index in the pieces.
  struct KnownCall {
    std::optional<std::int64_t> index;  // the provider's
    std::string id;
    bool id_is_ours = false;  // the provider gives none
  };
  void add_tool_calls(const boost::json::value& delta, runtime::Message& piece);
  boost::json::object tool_call_chunk(const boost::json::value& call);
  std::size_t known_call(std::optional<std::int64_t> index, std::string_view id, std::string_view name) const;
  SseReader events_;
  std::optional<boost::json::object> usage_;
  std::vector<KnownCall> calls_;
  bool done_ = false;      // [DONE]
  bool finished_ = false;  // finish_reason
  bool usage_sent_ = false;
};

// A complete answer (of a provider that does not stream) as if it were a delta.
boost::json::object as_delta(const boost::json::value& completion);

// What the body of an error answer says.
Refusal openai_refusal(std::string_view body);

}  // namespace heddle::graphs
