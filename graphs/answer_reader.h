#pragma once
// How the answer of a provider is read, whatever its format.

#include <boost/json/value.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/message.h"

namespace heddle::graphs {

// The provider sent something that its format does not have, or an error in the place of an answer or of its rest. The
// text may quote the provider.
class AnswerError : public std::runtime_error {
 public:
  // `status`: the HTTP status with which the provider refuses for the same reason; 0 if there is none.
  explicit AnswerError(const std::string& text, int status = 0) : std::runtime_error(text), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

// One answer, from bytes that are cut anywhere to pieces (NodeContext::model_piece). Belongs to one attempt.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;

  // The pieces in the next bytes of a streamed answer. Throws AnswerError; the pieces before it are lost.
  virtual std::vector<runtime::Message> read(std::string_view bytes) = 0;
  // The pieces of an answer that came whole, because the provider does not stream. Throws AnswerError.
  virtual std::vector<runtime::Message> read_whole(const boost::json::value& answer) = 0;
  // What is left to say after the last byte.
  virtual std::optional<runtime::Message> finish() = 0;
  // Whether the provider said that this is all.
  virtual bool is_complete() const = 0;
};

// What a provider says in an answer that is an error; empty if it says nothing.
struct Refusal {
  std::string message;
  bool out_of_quota = false;  // asking again is of no use
};

}  // namespace heddle::graphs
