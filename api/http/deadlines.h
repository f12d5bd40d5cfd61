#pragma once
// Until when the connections of a listener wait. One timer looks at those that wait for something which must not take
// for ever, and not at the thousands that are silent for as long as they like.

#include <boost/intrusive/list.hpp>
#include <chrono>

namespace heddle::api {

class Deadlines;

// Of one connection. Belongs to the executor of `all`, which outlives it.
class Deadline : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // Sets it, and forgets that another one has passed.
  void set_deadline(Clock::time_point at);
  void clear_deadline() { arm(kNever); }
  bool has_deadline_passed() const { return has_passed_; }

 protected:
  explicit Deadline(Deadlines& all) : all_(all) {}
  ~Deadline() = default;

  Clock::time_point deadline() const { return at_; }
  // Sets it, whatever has passed.
  void arm(Clock::time_point at);

 private:
  friend class Deadlines;
  // Gives up what is being waited for, which ends in a later turn of the executor.
  virtual void give_up() = 0;

  Deadlines& all_;
  Clock::time_point at_ = kNever;
  bool has_passed_ = false;
};

// Belongs to the executor of the connections.
class Deadlines {
 public:
  // Has those give up whose time has passed. To be called again and again.
  void check(Deadline::Clock::time_point now);

 private:
  friend class Deadline;
  boost::intrusive::list<Deadline, boost::intrusive::constant_time_size<false>> set_;
};

}  // namespace heddle::api
