#include "bench/load/load_result.h"

#include <algorithm>

namespace heddle::load {

void LoadResult::note(const Answer& answer, Clock::time_point due, Clock::time_point now) {
  if (answer.status >= 400) {
    note_error("status " + std::to_string(answer.status) + ": " + answer.body.substr(0, 200));
    return;
  }
  ++answers;
  latency.add(now - due);
  beyond.add(now - due - least);
  last = std::max(last, now);
}

void LoadResult::note_error(const std::string& what) {
  ++errors;
  if (first_error.empty()) first_error = what;
}

void LoadResult::close(Clock::time_point start, Clock::time_point end) {
  seconds = std::chrono::duration<double>(std::max(end, last - least) - start).count();
}

void LoadResult::tell_errors(const std::string& name, Measured& measured) const {
  if (errors == 0) return;
  measured.errors.push_back(name + ": " + std::to_string(errors) + " errors, the first: " + first_error);
}

}  // namespace heddle::load
