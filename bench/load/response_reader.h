#pragma once
// Answers of a server as they come off the socket (RFC 9112), with as little work as a load generator can do.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace heddle::load {

// The server sent what is no HTTP/1.1 answer; the text says what.
class BadAnswer : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Reads one answer. Bytes go in as they come; those of the body go out to the sink without framing. A value; belongs to
// one thread.
class ResponseReader {
 public:
  using Sink = std::function<void(std::string_view)>;

  explicit ResponseReader(Sink body) : body_(std::move(body)) {}

  // Takes bytes up to the end of the answer and gives how many. Throws BadAnswer.
  std::size_t take(std::string_view bytes);
  // The connection was closed. Throws BadAnswer unless that is how this answer ends.
  void closed();

  bool is_done() const { return state_ == State::done; }
  bool has_head() const { return state_ != State::head; }
  // Of the head; 0 before it is there.
  int status() const { return status_; }
  bool keeps_alive() const { return keeps_alive_; }

 private:
  enum class State { head, counted, to_the_end, chunk_size, chunk, chunk_end, trailer, done };

  std::size_t take_head(std::string_view bytes);
  std::size_t take_line(std::string_view bytes);
  std::size_t take_body(std::string_view bytes);
  void read_head();
  void read_field(std::string_view line);
  void end_line();

  Sink body_;
  State state_ = State::head;
  std::string line_;  // the head, or the line of a chunk, as far as it has come
  std::uint64_t left_ = 0;
  int status_ = 0;
  bool keeps_alive_ = true;
  bool chunked_ = false;
  bool has_length_ = false;
};

}  // namespace heddle::load
