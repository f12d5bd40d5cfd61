#pragma once
// How many requests one caller may make: a bucket that fills at a steady rate and holds so many at most.

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace heddle::api {

struct RateLimit {
  std::size_t per_second = 0;  // requests; 0: no limit
  std::size_t burst = 100;     // requests at once after a pause
};

// A resource. Belongs to one thread. Of more callers than it remembers it forgets whom it has not seen for longest:
// who comes back then has a full bucket, as after a pause.
class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // 65,536 callers take some 15 MB.
  explicit RateLimiter(RateLimit limit, std::size_t callers_max = 65'536) : limit_(limit), callers_max_(callers_max) {}

  // Whether there is a limit at all; without one take() refuses nobody.
  bool is_on() const { return limit_.per_second > 0; }

  // Takes one request of `who`. Nothing if it may be answered; else when the next one may, in whole seconds, at least
  // one. `now` never goes back.
  std::optional<std::chrono::seconds> take(std::string_view who, Time now);

  std::size_t remembered() const { return buckets_.size(); }

 private:
  struct Bucket {
    std::string who;
    double requests;  // that may be made at `at`
    Time at;
  };
  Bucket& bucket_of(std::string_view who, Time now);

  RateLimit limit_;
  std::size_t callers_max_;
  std::list<Bucket> buckets_;                                                    // last seen first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> by_caller_;  // views into buckets_
};

// The caller that an address stands for when nobody is signed in: itself, or of IPv6 the network of 64 bits, of which
// one customer has all. Any text that is no address stands for itself.
std::string caller_at(std::string_view address);

}  // namespace heddle::api
