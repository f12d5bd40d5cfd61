#include "bench/load/load_result.h"

#include <catch2/catch.hpp>

using heddle::load::Answer;
using heddle::load::Clock;
using heddle::load::LoadResult;
using heddle::load::Measured;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const Clock::time_point kStart = Clock::time_point(seconds(1'000));

Answer answer_with(int status) {
  Answer answer;
  answer.status = status;
  return answer;
}

}  // namespace

TEST_CASE("Answers that come late make a rate lower and not higher") {
  LoadResult result;
  for (int i = 1; i <= 60; ++i) result.note(answer_with(200), kStart, kStart + milliseconds(100 * i));
  result.close(kStart, kStart + seconds(5));
  CHECK(result.seconds == 6);
  CHECK(result.per_second() == 10);
}

TEST_CASE("A rate is over the whole time of the loop, even if the last answers came early") {
  LoadResult result;
  result.note(answer_with(200), kStart, kStart + seconds(1));
  result.close(kStart, kStart + seconds(5));
  CHECK(result.per_second() == 0.2);
}

TEST_CASE("What every answer takes counts neither in the rate nor in the latency beyond it") {
  LoadResult result;
  result.least = seconds(1);
  for (int i = 0; i < 10; ++i) {
    const Clock::time_point due = kStart + milliseconds(100 * i);
    result.note(answer_with(200), due, due + seconds(1) + milliseconds(i + 1));
  }
  result.close(kStart, kStart + seconds(1));
  CHECK(result.per_second() == 10);
  CHECK(result.latency.max() == milliseconds(1'010));
  CHECK(result.beyond.max() == milliseconds(10));
}

TEST_CASE("A status of 400 or more is an error and no answer, however fast it came") {
  LoadResult result;
  result.note(answer_with(503), kStart, kStart + milliseconds(1));
  result.note(answer_with(400), kStart, kStart + milliseconds(1));
  result.close(kStart, kStart + seconds(5));
  CHECK(result.answers == 0);
  CHECK(result.errors == 2);
  CHECK(result.latency.count() == 0);
  Measured measured;
  result.tell_errors("stateless", measured);
  REQUIRE(measured.errors.size() == 1);
  CHECK(measured.errors.front() == "stateless: 2 errors, the first: status 503: ");
}

TEST_CASE("Latencies without an answer are left out") {
  Measured measured;
  measured.add_latency("first_event", LoadResult().latency);
  CHECK(measured.figures.empty());
}
