#include "api/http/transport.h"

#include <catch2/catch.hpp>
#include <string>

using namespace heddle::api;

namespace {

std::string joined(const Outgoing& outgoing) {
  std::string all;
  for (const std::string_view part : outgoing.parts()) all += part;
  return all;
}

// Notes when it is given up.
class Waiting : public Deadline {
 public:
  explicit Waiting(Deadlines& all) : Deadline(all) {}
  int given_up = 0;

 private:
  void give_up() override { ++given_up; }
};

}  // namespace

TEST_CASE("What was sent is taken off the parts, wherever it ends") {
  const std::string all = "headbodytail";
  for (std::size_t sent = 0; sent <= all.size(); ++sent) {
    Outgoing outgoing("head", "body", "tail");
    outgoing.remove_prefix(sent);
    CHECK(joined(outgoing) == all.substr(sent));
    CHECK(outgoing.size() == all.size() - sent);
  }
}

TEST_CASE("A deadline that passes gives up what is waited for, once, until another one is set") {
  Deadlines all;
  const Deadline::Clock::time_point now{};
  Waiting first(all);
  Waiting second(all);
  first.set_deadline(now + std::chrono::seconds{1});
  second.set_deadline(now + std::chrono::seconds{2});
  all.check(now);
  CHECK(first.given_up + second.given_up == 0);
  all.check(now + std::chrono::seconds{1});
  all.check(now + std::chrono::seconds{1});
  CHECK(first.given_up == 1);
  CHECK(first.has_deadline_passed());
  CHECK(second.given_up == 0);
  CHECK_FALSE(second.has_deadline_passed());
  first.set_deadline(now + std::chrono::seconds{3});
  CHECK_FALSE(first.has_deadline_passed());
  all.check(now + std::chrono::seconds{3});
  CHECK(first.given_up == 2);
  CHECK(second.given_up == 1);
}

TEST_CASE("Who has cleared a deadline or is gone is not given up") {
  Deadlines all;
  const Deadline::Clock::time_point now{};
  Waiting stays(all);
  stays.set_deadline(now);
  {
    Waiting goes(all);
    goes.set_deadline(now);
  }
  stays.clear_deadline();
  stays.clear_deadline();
  all.check(now + std::chrono::hours{1});
  CHECK(stays.given_up == 0);
  CHECK_FALSE(stays.has_deadline_passed());
}
