#pragma once
// What came of the requests of a loop. Pure: whoever sends them tells the time.

#include <chrono>
#include <cstdint>
#include <string>

#include "bench/load/client.h"
#include "bench/load/histogram.h"
#include "bench/load/measurement.h"

namespace heddle::load {

// A value; belongs to one thread.
struct LoadResult {
  std::chrono::nanoseconds least{0};  // what an answer takes at best, like the second of a run that waits a second

  std::uint64_t sent = 0;     // those of the warm-up too, of which nothing else is counted
  std::uint64_t answers = 0;  // with a status below 400
  std::uint64_t errors = 0;   // other statuses, and failed connections
  std::string first_error;    // what the first of them was
  Histogram latency;          // of the answers
  Histogram beyond;           // the same without `least`: as exact as what is left is small
  Clock::time_point last;     // answer
  double seconds = 0;         // in which the answers came

  // An answer at `now` to a request that was due at `due`.
  void note(const Answer& answer, Clock::time_point due, Clock::time_point now);
  void note_error(const std::string& what);
  // All answers have come to what was sent from `start` to `end`. Those after `end` count, and so does the time until
  // the last of them: a server that is late is not faster for it. No answer can come in the first `least`, which
  // therefore does not count.
  void close(Clock::time_point start, Clock::time_point end);

  double per_second() const { return seconds > 0 ? static_cast<double>(answers) / seconds : 0; }
  void tell_errors(const std::string& name, Measured& measured) const;
};

}  // namespace heddle::load
