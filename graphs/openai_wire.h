#pragma once
// The chat completions format (runtime.md 5.5) as pure functions: messages to a request, the bytes of a
// streamed answer to pieces.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "graphs/chat_model.h"
#include "runtime/message.h"

namespace heddle::graphs {

// The body of a streamed request. Messages that the provider would not understand (`remove`) are left out.
boost::json::object openai_request(const std::string& model, const std::vector<runtime::Value::Item>& messages,
                                   const ModelOptions& options);

// The provider sent something else than the format says, or an error instead of a delta. The text is the provider's
// own.
class OpenAiStreamError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The `data` of server-sent events, from bytes that are cut anywhere. A value without a thread.
class SseReader {
 public:
  // Throws OpenAiStreamError for an event of more than 4 MiB.
  std::vector<std::string> read(std::string_view bytes);

 private:
  void end_line(std::vector<std::string>& events);
  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_return_ = false;
};

// The pieces of one streamed answer. finish_reason and model_name are in exactly one piece, usage in another;
// providers that repeat them would otherwise see them added up (runtime.md 5.4).
class OpenAiAnswer {
 public:
  // Throws OpenAiStreamError.
  std::vector<runtime::Message> read(std::string_view bytes);
  // One parsed delta; nothing if it says nothing.
  std::optional<runtime::Message> read_delta(const boost::json::value& delta);
  // A piece with the usage if it has come only beside other things.
  std::optional<runtime::Message> finish();
  // Whether the provider said that this is all.
  bool is_complete() const { return done_ || finished_; }

 private:
  void add_tool_calls(const boost::json::value& delta, runtime::Message& piece);
  SseReader events_;
  std::optional<boost::json::object> usage_;
  std::vector<std::string> call_ids_;  // by index, of calls without an index of their own
  bool done_ = false;                  // [DONE]
  bool finished_ = false;              // finish_reason
  bool usage_sent_ = false;
};

// A complete answer (of a provider that does not stream) as if it were a delta.
boost::json::object as_delta(const boost::json::value& completion);

// error.message, error.code of an answer that is an error; empty texts if there is none.
struct OpenAiRefusal {
  std::string message;
  std::string code;
};
OpenAiRefusal openai_refusal(std::string_view body);

}  // namespace heddle::graphs
