#include "bench/load/response_reader.h"

#include <algorithm>
#include <charconv>

namespace heddle::load {
namespace {

constexpr std::size_t kHeadBytesMax = 64 * 1024;
constexpr std::size_t kLineBytesMax = 4 * 1024;  // of a chunk's size, and of a trailer

bool is_equal(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char left, char right) {
    return (left >= 'A' && left <= 'Z' ? static_cast<char>(left - 'A' + 'a') : left) == right;
  });
}

template <class Number>
Number number_from(std::string_view text, int base, const char* what) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end == text.data()) throw BadAnswer(std::string("not a number: ") + what);
  return number;
}

}  // namespace

std::size_t ResponseReader::take(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && state_ != State::done) {
    const std::string_view rest = bytes.substr(taken);
    switch (state_) {
      case State::head:
        taken += take_head(rest);
        break;
      case State::chunk_size:
      case State::chunk_end:
      case State::trailer:
        taken += take_line(rest);
        break;
      default:
        taken += take_body(rest);
    }
  }
  return taken;
}

void ResponseReader::closed() {
  if (state_ != State::to_the_end) throw BadAnswer("the connection was closed before the end of an answer");
  state_ = State::done;
}

std::size_t ResponseReader::take_head(std::string_view bytes) {
  // The end may lie across two pieces, so the last three bytes are looked at again.
  const std::size_t before = line_.size();
  line_.append(bytes);
  const std::size_t from = before < 3 ? 0 : before - 3;
  const std::size_t end = line_.find("\r\n\r\n", from);
  if (end == std::string::npos) {
    if (line_.size() > kHeadBytesMax) throw BadAnswer("the head of an answer has no end");
    return bytes.size();
  }
  line_.resize(end + 2);
  read_head();
  line_.clear();
  return end + 4 - before;
}

void ResponseReader::read_head() {
  const std::string_view head = line_;
  if (!head.starts_with("HTTP/1.") || head.size() < 12) throw BadAnswer("an answer does not begin with HTTP/1.");
  status_ = number_from<int>(head.substr(9, 3), 10, "the status of an answer");
  keeps_alive_ = head[7] == '1';
  std::size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    read_field(head.substr(at, end - at));
    at = end + 2;
  }
  if (status_ == 204 || status_ == 304) {
    state_ = State::done;
  } else if (chunked_) {
    state_ = State::chunk_size;
  } else if (has_length_) {
    state_ = left_ == 0 ? State::done : State::counted;
  } else {
    state_ = State::to_the_end;
  }
}

void ResponseReader::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) throw BadAnswer("a header without a colon");
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (is_equal(name, "content-length")) {
    left_ = number_from<std::uint64_t>(value, 10, "content-length");
    has_length_ = true;
  } else if (is_equal(name, "transfer-encoding")) {
    chunked_ = is_equal(value, "chunked");
  } else if (is_equal(name, "connection")) {
    keeps_alive_ = !is_equal(value, "close");
  }
}

std::size_t ResponseReader::take_line(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  line_.append(bytes.substr(0, end == std::string_view::npos ? bytes.size() : end));
  if (line_.size() > kLineBytesMax) throw BadAnswer("the line in front of a chunk has no end");
  if (end == std::string_view::npos) return bytes.size();
  end_line();
  line_.clear();
  return end + 1;
}

void ResponseReader::end_line() {
  const bool is_empty = line_.empty() || line_ == "\r";
  if (state_ == State::chunk_size) {
    left_ = number_from<std::uint64_t>(line_, 16, "the size of a chunk");
    state_ = left_ == 0 ? State::trailer : State::chunk;
  } else if (state_ == State::chunk_end) {
    if (!is_empty) throw BadAnswer("a chunk is longer than it says");
    state_ = State::chunk_size;
  } else if (is_empty) {
    state_ = State::done;
  }
}

std::size_t ResponseReader::take_body(std::string_view bytes) {
  if (state_ == State::to_the_end) {
    body_(bytes);
    return bytes.size();
  }
  const std::string_view part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  body_(part);
  left_ -= part.size();
  if (left_ == 0) state_ = state_ == State::chunk ? State::chunk_end : State::done;
  return part.size();
}

}  // namespace heddle::load
