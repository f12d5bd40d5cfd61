#include "graphs/sse_reader.h"

#include <cstddef>
#include <utility>

#include "graphs/answer_reader.h"

namespace heddle::graphs {

namespace {

constexpr std::size_t kEventMax = 4UL * 1024 * 1024;  // bytes; the largest deltas seen (audio) are far below 1 MiB

}  // namespace

std::vector<std::string> SseReader::read(std::string_view bytes) {
  std::vector<std::string> events;
  for (const char c : bytes) {
    const bool second_of_pair = c == '\n' && after_return_;
    after_return_ = c == '\r';
    if (second_of_pair) continue;
    if (c == '\n' || c == '\r') {
      end_line(events);
    } else {
      line_.push_back(c);
      if (line_.size() + data_.size() > kEventMax) throw AnswerError("an event of the answer has more than 4 MiB");
    }
  }
  return events;
}

void SseReader::end_line(std::vector<std::string>& events) {
  const std::string line = std::exchange(line_, {});
  if (line.empty()) {
    if (std::exchange(has_data_, false)) events.push_back(std::exchange(data_, {}));
    return;
  }
  constexpr std::string_view kField = "data";
  std::string_view rest = line;
  if (!rest.starts_with(kField)) return;  // a comment or another field
  rest.remove_prefix(kField.size());
  if (!rest.empty() && rest.front() != ':') return;
  if (!rest.empty()) rest.remove_prefix(1);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  if (has_data_) data_.push_back('\n');
  data_.append(rest);
  has_data_ = true;
}

}  // namespace heddle::graphs
