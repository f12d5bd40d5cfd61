#include "api/http/deadlines.h"

namespace heddle::api {

void Deadline::set_deadline(Clock::time_point at) {
  has_passed_ = false;
  arm(at);
}

void Deadline::arm(Clock::time_point at) {
  at_ = at;
  const bool is_set = at != kNever;
  if (is_set == is_linked()) return;
  if (is_set) {
    all_.set_.push_back(*this);
  } else {
    unlink();
  }
}

void Deadlines::check(Deadline::Clock::time_point now) {
  for (auto at = set_.begin(); at != set_.end();) {
    Deadline& one = *at++;  // before it leaves the list
    if (now < one.at_) continue;
    one.clear_deadline();
    one.has_passed_ = true;
    one.give_up();
  }
}

}  // namespace heddle::api
