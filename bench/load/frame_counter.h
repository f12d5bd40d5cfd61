#pragma once
// What comes over a stream of server-sent events, counted without looking inside.

#include <cstdint>
#include <string_view>

namespace heddle::load {

// Bytes go in as they come, cut anywhere. A value; belongs to one thread.
class FrameCounter {
 public:
  void take(std::string_view bytes);

  std::uint64_t events() const { return events_; }      // blocks with at least one field that is no comment
  std::uint64_t comments() const { return comments_; }  // lines that begin with a colon: heartbeats
  std::uint64_t bytes() const { return bytes_; }

 private:
  void end_line();

  std::uint64_t events_ = 0;
  std::uint64_t comments_ = 0;
  std::uint64_t bytes_ = 0;
  bool at_start_ = true;     // of a line
  bool is_comment_ = false;  // the line at hand
  bool has_field_ = false;   // the block at hand
};

}  // namespace heddle::load
