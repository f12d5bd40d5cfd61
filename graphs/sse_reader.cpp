#include "graphs/sse_reader.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "graphs/answer_reader.h"

namespace heddle::graphs {

namespace {

constexpr std::size_t kEventMax = 4UL * 1024 * 1024;  // bytes; the largest deltas seen (audio) are far below 1 MiB

}  // namespace

std::vector<std::string> SseReader::read(std::string_view bytes) {
  std::vector<std::string> events;
  while (!bytes.empty()) {
    if (std::exchange(after_return_, false) && bytes.front() == '\n') {  // of a pair, which ends one line
      bytes.remove_prefix(1);
      continue;
    }
    std::size_t end = bytes.find('\n');
    end = std::min(end, bytes.substr(0, end).find('\r'));
    line_.append(bytes.substr(0, end));
    if (line_.size() + data_.size() > kEventMax) throw AnswerError("an event of the answer has more than 4 MiB");
    if (end == std::string_view::npos) break;
    end_line(events);
    line_.clear();
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
  }
  return events;
}

void SseReader::end_line(std::vector<std::string>& events) {
  if (line_.empty()) {
    if (std::exchange(has_data_, false)) events.push_back(std::exchange(data_, {}));
    return;
  }
  constexpr std::string_view kField = "data";
  std::string_view rest = line_;
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
