#include "storage/timestamp.h"

#include <catch2/catch.hpp>
#include <limits>
#include <utility>

namespace heddle::storage {

TEST_CASE("A time is written in UTC with six digits of its second") {
  const Timestamp time{std::chrono::microseconds{1'795'354'035'242'730}};
  CHECK(to_rfc3339(time) == "2026-11-22T13:27:15.242730+00:00");
  CHECK(to_rfc3339(Timestamp{}) == "1970-01-01T00:00:00.000000+00:00");
  CHECK(to_rfc3339(Timestamp{std::chrono::microseconds{-1}}) == "1969-12-31T23:59:59.999999+00:00");
}

TEST_CASE("A time reads the text that it writes") {
  const std::int64_t count = GENERATE(0, 1, -1, 951'782'400'000'000, 1'795'354'035'242'730, 253'402'300'799'999'999);
  const Timestamp time{std::chrono::microseconds{count}};
  CHECK(parse_rfc3339(to_rfc3339(time)) == time);
}

TEST_CASE("Writing does not fail at the ends of time") {
  CHECK_FALSE(to_rfc3339(Timestamp::min()).empty());
  CHECK_FALSE(to_rfc3339(Timestamp::max()).empty());
}

TEST_CASE("Any number of digits and any offset is read") {
  const auto [text, same_as] = GENERATE(table<std::string, std::string>({
      {"2026-11-22T13:27:15Z", "2026-11-22T13:27:15.000000+00:00"},
      {"2026-11-22t13:27:15z", "2026-11-22T13:27:15.000000+00:00"},
      {"2026-11-22 13:27:15.158Z", "2026-11-22T13:27:15.158000+00:00"},
      {"2026-11-22T13:27:15.1234567891Z", "2026-11-22T13:27:15.123456+00:00"},
      {"2026-11-22T14:27:15.5+01:00", "2026-11-22T13:27:15.500000+00:00"},
      {"2026-11-21T23:57:15-13:30", "2026-11-22T13:27:15.000000+00:00"},
      {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000+00:00"},
      {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000+00:00"},
  }));
  INFO(text);
  const std::optional<Timestamp> parsed = parse_rfc3339(text);
  REQUIRE(parsed);
  CHECK(to_rfc3339(*parsed) == same_as);
}

TEST_CASE("What is not RFC 3339 is no time") {
  const std::string text =
      GENERATE("", "2026", "2026-11-22", "2026-11-22T13:27:15", "2026-11-22T13:27Z", "2026-13-22T13:27:15Z",
               "2026-02-29T13:27:15Z", "2026-11-00T13:27:15Z", "2026-11-22T24:00:00Z", "2026-11-22T13:60:15Z",
               "2026-11-22T13:27:61Z", "2026-11-22T13:27:15.Z", "2026-11-22T13:27:15+1", "2026-11-22T13:27:15+24:00",
               "2026-11-22T13:27:15+0100", "2026-11-22T13:27:15Z ", "2026-11-22T-3:27:15Z", " 2026-11-22T13:27:15Z");
  INFO(text);
  CHECK_FALSE(parse_rfc3339(text));
}

}  // namespace heddle::storage
