#include "bench/load/frame_counter.h"

#include <cstring>

namespace heddle::load {

void FrameCounter::take(std::string_view bytes) {
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (at_start_ && bytes.front() != '\n' && bytes.front() != '\r') {
      is_comment_ = bytes.front() == ':';
      at_start_ = false;
    }
    // memchr and not find(): the lines of a stream are long.
    const void* found = std::memchr(bytes.data(), '\n', bytes.size());
    if (!found) return;
    end_line();
    bytes.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 1);
  }
}

void FrameCounter::end_line() {
  if (at_start_) {
    if (has_field_) ++events_;
    has_field_ = false;
  } else if (is_comment_) {
    ++comments_;
  } else {
    has_field_ = true;
  }
  at_start_ = true;
}

}  // namespace heddle::load
