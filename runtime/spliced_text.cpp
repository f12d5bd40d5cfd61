#include "runtime/spliced_text.h"

namespace heddle::runtime {

std::vector<std::string_view> SplicedText::pieces() const {
  std::vector<std::string_view> pieces;
  pieces.reserve(2 * splices_.size() + 1);
  const std::string_view printed = printed_;
  std::size_t taken = 0;
  const auto take_printed = [&](std::size_t end) {
    if (end > taken) pieces.push_back(printed.substr(taken, end - taken));
    taken = end;
  };
  for (const Splice& splice : splices_) {
    take_printed(splice.at);
    if (!splice.text.empty()) pieces.push_back(splice.text);
  }
  take_printed(printed.size());
  return pieces;
}

}  // namespace heddle::runtime
