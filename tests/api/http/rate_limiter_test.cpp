#include "api/http/rate_limiter.h"

#include <catch2/catch.hpp>
#include <string>

namespace heddle::api {
namespace {

using namespace std::chrono_literals;

struct Limited {
  RateLimiter::Time now{};
  RateLimiter limiter{{10, 3}, 2};

  bool may(const std::string& who) { return !limiter.take(who, now); }
};

TEST_CASE_METHOD(Limited, "After a pause so many requests may come at once, then one at a time") {
  for (int i = 0; i < 3; ++i) CHECK(may("ann"));
  CHECK_FALSE(may("ann"));
  now += 99ms;
  CHECK_FALSE(may("ann"));
  now += 1ms;
  CHECK(may("ann"));
  CHECK_FALSE(may("ann"));
  now += 1h;
  for (int i = 0; i < 3; ++i) CHECK(may("ann"));
  CHECK_FALSE(may("ann"));
}

TEST_CASE_METHOD(Limited, "Asking in vain costs nothing, and one caller nothing of another's") {
  for (int i = 0; i < 100; ++i) may("ann");
  CHECK(may("ben"));
  now += 100ms;
  CHECK(may("ann"));
}

TEST_CASE("Who is refused is told the whole seconds until the next request may be made") {
  RateLimiter slow({1, 5});
  const RateLimiter::Time now{};
  for (int i = 0; i < 5; ++i) CHECK_FALSE(slow.take("ann", now));
  CHECK(slow.take("ann", now) == 1s);
  CHECK(slow.take("ann", now + 300ms) == 1s);
  CHECK_FALSE(slow.take("ann", now + 1000ms));
}

TEST_CASE_METHOD(Limited, "Of more callers than are remembered the one seen longest ago is forgotten") {
  for (int i = 0; i < 3; ++i) may("ann");
  may("ben");
  CHECK_FALSE(may("ann"));  // seen last now
  may("cat");               // in place of ben
  CHECK(limiter.remembered() == 2);
  CHECK_FALSE(may("ann"));
  for (int i = 0; i < 1000; ++i) may("caller " + std::to_string(i));
  CHECK(limiter.remembered() == 2);
}

TEST_CASE("Without a limit nobody is remembered") {
  RateLimiter off(RateLimit{});
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(off.take("ann", {}));
  CHECK(off.remembered() == 0);
}

TEST_CASE("A customer has one address of IPv4 and a network of IPv6") {
  CHECK(caller_at("192.0.2.7") == "192.0.2.7");
  CHECK(caller_at("::ffff:192.0.2.7") == "192.0.2.7");
  CHECK(caller_at("2001:db8:1:2:3:4:5:6") == caller_at("2001:db8:1:2:ffff::1"));
  CHECK(caller_at("2001:db8:1:2::1") != caller_at("2001:db8:1:3::1"));
  CHECK(caller_at("") == "");
}

}  // namespace
}  // namespace heddle::api
