#pragma once
// The events of a streamed answer.

#include <string>
#include <string_view>
#include <vector>

namespace heddle::graphs {

// The `data` of server-sent events, from bytes that are cut anywhere. A value without a thread.
class SseReader {
 public:
  // Throws AnswerError for an event of more than 4 MiB.
  std::vector<std::string> read(std::string_view bytes);

 private:
  void end_line(std::vector<std::string>& events);
  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_return_ = false;
};

}  // namespace heddle::graphs
