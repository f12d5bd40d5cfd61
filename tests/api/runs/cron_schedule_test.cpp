#include "api/runs/cron_schedule.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace heddle::api {
namespace {

storage::Timestamp at(const std::string& text) {
  const std::optional<storage::Timestamp> time = storage::parse_rfc3339(text);
  if (!time) throw std::logic_error("no time: " + text);
  return *time;
}

TimeZone zone(const std::string& name) {
  const std::optional<TimeZone> found = TimeZone::find(name);
  if (!found) throw std::logic_error("no zone: " + name + " (is the package tzdata installed?)");
  return *found;
}

// The times at which it fires, without the fraction of a second and in UTC.
std::vector<std::string> fires(const std::string& expression, const std::string& zone_name, const std::string& after,
                               int count) {
  const CronSchedule schedule = CronSchedule::parse(expression);
  std::vector<std::string> times;
  storage::Timestamp time = at(after);
  for (int i = 0; i < count; ++i) {
    const std::optional<storage::Timestamp> next = next_fire(schedule, zone(zone_name), time);
    if (!next) break;
    times.push_back(storage::to_rfc3339(*next).substr(0, 19));
    time = *next;
  }
  return times;
}

std::vector<std::string> fires(const std::string& expression, const std::string& after, int count) {
  return fires(expression, "UTC", after, count);
}

std::string refusal(const std::string& expression) {
  try {
    (void)CronSchedule::parse(expression);
  } catch (const CronError& error) {
    return error.what();
  }
  return "";
}

using Times = std::vector<std::string>;

}  // namespace

TEST_CASE("Five fields fire at the start of the minute, six at the second they name") {
  CHECK(fires("30 8 * * *", "2026-11-22T08:00:00Z", 2) == Times{"2026-11-22T08:30:00", "2026-11-23T08:30:00"});
  CHECK(fires("15,45 30 8 * * *", "2026-11-22T08:00:00Z", 3) ==
        Times{"2026-11-22T08:30:15", "2026-11-22T08:30:45", "2026-11-23T08:30:15"});
  CHECK(fires("* * * * * *", "2026-11-22T08:00:59.5Z", 2) == Times{"2026-11-22T08:01:00", "2026-11-22T08:01:01"});
  CHECK(fires("* * * * *", "2026-11-22T08:00:00Z", 1) == Times{"2026-11-22T08:01:00"});
}

TEST_CASE("Lists, ranges, steps and names choose values") {
  CHECK(fires("*/20 9 * * *", "2026-11-22T00:00:00Z", 4) ==
        Times{"2026-11-22T09:00:00", "2026-11-22T09:20:00", "2026-11-22T09:40:00", "2026-11-23T09:00:00"});
  CHECK(fires("10-50/20 9 * * *", "2026-11-22T00:00:00Z", 3) ==
        Times{"2026-11-22T09:10:00", "2026-11-22T09:30:00", "2026-11-22T09:50:00"});
  CHECK(fires("40/10 9 * * *", "2026-11-22T00:00:00Z", 3) ==
        Times{"2026-11-22T09:40:00", "2026-11-22T09:50:00", "2026-11-23T09:40:00"});
  CHECK(fires("0 22-1 * * *", "2026-11-22T12:00:00Z", 5) == Times{"2026-11-22T22:00:00", "2026-11-22T23:00:00",
                                                                  "2026-11-23T00:00:00", "2026-11-23T01:00:00",
                                                                  "2026-11-23T22:00:00"});
  CHECK(fires("0 0 1 jan,JUL *", "2026-11-22T00:00:00Z", 2) == Times{"2027-01-01T00:00:00", "2027-07-01T00:00:00"});
  // 2026-11-22 is a Sunday.
  CHECK(fires("0 9 * * MON-FRI", "2026-11-26T12:00:00Z", 2) == Times{"2026-11-27T09:00:00", "2026-11-30T09:00:00"});
  CHECK(fires("0 9 * * fri-sun", "2026-11-22T12:00:00Z", 3) ==
        Times{"2026-11-27T09:00:00", "2026-11-28T09:00:00", "2026-11-29T09:00:00"});
}

TEST_CASE("Sunday is 0 and 7") {
  const Times sunday{"2026-11-29T00:00:00", "2026-12-06T00:00:00"};
  for (const std::string weekday : {"0", "7", "SUN", "7-7"}) {
    INFO(weekday);
    CHECK(fires("0 0 * * " + weekday, "2026-11-22T00:00:00Z", 2) == sunday);
  }
  for (const std::string all : {"*", "?", "0-7", "1-7", "0-6", "*/1"}) {
    INFO(all);
    CHECK(fires("0 0 * * " + all, "2026-11-22T00:00:00Z", 2) == Times{"2026-11-23T00:00:00", "2026-11-24T00:00:00"});
  }
  CHECK(fires("0 0 * * 5-7", "2026-11-22T00:00:00Z", 2) == Times{"2026-11-27T00:00:00", "2026-11-28T00:00:00"});
}

TEST_CASE("If both day fields leave days out, one of them is enough; else both must fit") {
  CHECK(fires("0 0 13 * FRI", "2026-11-07T00:00:00Z", 4) ==
        Times{"2026-11-13T00:00:00", "2026-11-20T00:00:00", "2026-11-27T00:00:00", "2026-12-04T00:00:00"});
  CHECK(fires("0 0 25 * FRI", "2026-11-20T00:00:00Z", 2) == Times{"2026-11-25T00:00:00", "2026-11-27T00:00:00"});
  CHECK(fires("0 0 1-31 * FRI", "2026-11-20T00:00:00Z", 2) == Times{"2026-11-27T00:00:00", "2026-12-04T00:00:00"});
  CHECK(fires("0 0 25 * ?", "2026-11-20T00:00:00Z", 2) == Times{"2026-11-25T00:00:00", "2026-12-25T00:00:00"});
}

TEST_CASE("L is the last day of the month or its last such weekday, # counts weekdays") {
  CHECK(fires("0 0 L * *", "2027-01-31T12:00:00Z", 3) ==
        Times{"2027-02-28T00:00:00", "2027-03-31T00:00:00", "2027-04-30T00:00:00"});
  CHECK(fires("0 0 L 2 *", "2026-11-22T00:00:00Z", 2) == Times{"2027-02-28T00:00:00", "2028-02-29T00:00:00"});
  CHECK(fires("0 0 15,L * ?", "2026-11-22T00:00:00Z", 2) == Times{"2026-11-30T00:00:00", "2026-12-15T00:00:00"});
  CHECK(fires("0 0 * * 5L", "2026-11-22T00:00:00Z", 2) == Times{"2026-11-27T00:00:00", "2026-12-25T00:00:00"});
  CHECK(fires("0 0 * * TUE#1", "2026-11-22T00:00:00Z", 2) == Times{"2026-12-01T00:00:00", "2027-01-05T00:00:00"});
  CHECK(fires("0 0 * 2 FRI#5", "2026-11-22T00:00:00Z", 2) == Times{"2036-02-29T00:00:00", "2064-02-29T00:00:00"});
}

TEST_CASE("Short names of schedules stand for five fields") {
  CHECK(fires("@hourly", "2026-11-22T08:30:00Z", 1) == Times{"2026-11-22T09:00:00"});
  CHECK(fires("@daily", "2026-11-22T08:30:00Z", 1) == Times{"2026-11-23T00:00:00"});
  CHECK(fires("@midnight", "2026-11-22T08:30:00Z", 1) == Times{"2026-11-23T00:00:00"});
  CHECK(fires("@weekly", "2026-11-22T08:30:00Z", 1) == Times{"2026-11-29T00:00:00"});
  CHECK(fires("@monthly", "2026-11-22T08:30:00Z", 1) == Times{"2026-12-01T00:00:00"});
  CHECK(fires("@yearly", "2026-11-22T08:30:00Z", 1) == Times{"2027-01-01T00:00:00"});
  CHECK(fires("@annually", "2026-11-22T08:30:00Z", 1) == Times{"2027-01-01T00:00:00"});
}

TEST_CASE("Years end, and leap days come when they come") {
  CHECK(fires("59 59 23 31 12 *", "2026-11-22T00:00:00Z", 2) == Times{"2026-12-31T23:59:59", "2027-12-31T23:59:59"});
  CHECK(fires("* * * * * *", "2026-12-31T23:59:59Z", 1) == Times{"2027-01-01T00:00:00"});
  CHECK(fires("0 12 29 2 *", "2026-11-22T00:00:00Z", 2) == Times{"2028-02-29T12:00:00", "2032-02-29T12:00:00"});
  CHECK(fires("0 12 29 2 *", "2096-03-01T00:00:00Z", 1) == Times{"2104-02-29T12:00:00"});
  CHECK(fires("0 0 31 * *", "2027-01-31T00:00:00Z", 2) == Times{"2027-03-31T00:00:00", "2027-05-31T00:00:00"});
}

TEST_CASE("A schedule is read in its zone") {
  CHECK(fires("0 8 * * *", "Europe/Berlin", "2026-11-22T00:00:00Z", 1) == Times{"2026-11-22T07:00:00"});
  CHECK(fires("0 8 * * *", "America/New_York", "2026-07-01T00:00:00Z", 1) == Times{"2026-07-01T12:00:00"});
  CHECK(fires("30 8 * * *", "Asia/Kathmandu", "2026-07-01T00:00:00Z", 1) == Times{"2026-07-01T02:45:00"});
  CHECK(fires("0 0 1 1 *", "Pacific/Kiritimati", "2026-11-22T00:00:00Z", 1) == Times{"2026-12-31T10:00:00"});
  CHECK_FALSE(TimeZone::find("Europe/Nowhere"));
  CHECK_FALSE(TimeZone::find(""));
  CHECK_FALSE(TimeZone::find("../../../etc/passwd"));
}

TEST_CASE("A time that clocks leap over fires at the leap, once") {
  // Berlin: 02:00 becomes 03:00 at 01:00 UTC. New York: at 07:00 UTC. Lord Howe: 02:00 becomes 02:30 at 15:30 UTC.
  CHECK(fires("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3) ==
        Times{"2026-03-28T01:30:00", "2026-03-29T01:00:00", "2026-03-30T00:30:00"});
  CHECK(fires("*/30 2 * * *", "America/New_York", "2026-03-08T00:00:00Z", 2) ==
        Times{"2026-03-08T07:00:00", "2026-03-09T06:00:00"});
  CHECK(fires("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", 2) ==
        Times{"2026-10-03T15:30:00", "2026-10-04T15:15:00"});
  CHECK(fires("0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 1) == Times{"2026-03-29T01:00:00"});
  CHECK(fires("30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2) ==
        Times{"2026-03-29T01:00:00", "2026-03-29T01:30:00"});
}

TEST_CASE("A time that clocks show twice fires the first time only") {
  // Berlin: 03:00 becomes 02:00 at 01:00 UTC. New York: at 06:00 UTC. Lord Howe: 02:00 becomes 01:30 at 15:00 UTC.
  CHECK(fires("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2) ==
        Times{"2026-10-25T00:30:00", "2026-10-26T01:30:00"});
  CHECK(fires("30 1 * * *", "America/New_York", "2026-11-01T00:00:00Z", 2) ==
        Times{"2026-11-01T05:30:00", "2026-11-02T06:30:00"});
  CHECK(fires("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", 2) ==
        Times{"2026-04-04T14:45:00", "2026-04-05T15:15:00"});
  // Asked in the middle of the second time round.
  CHECK(fires("45 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1) == Times{"2026-10-26T01:45:00"});
  CHECK(fires("*/15 * * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", 1) == Times{"2026-10-25T02:00:00"});
}

TEST_CASE("A day that a zone leaves out fires at the leap") {
  // Samoa went from 29 to 31 December 2011 at 10:00 UTC.
  CHECK(fires("0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", 2) ==
        Times{"2011-12-30T10:00:00", "2012-12-29T22:00:00"});
}

TEST_CASE("A schedule that never comes true is refused") {
  for (const std::string impossible : {"0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 FEB ?", "0 0 30-31 2 *"}) {
    INFO(impossible);
    CHECK(refusal(impossible).find("never comes true") != std::string::npos);
  }
  CHECK(refusal("0 0 30 2 MON").empty());
}

TEST_CASE("What is no schedule is refused with the field and what is allowed") {
  CHECK(refusal("60 * * * *") == "minute: \"60\" is not in 0 to 59");
  CHECK(refusal("* 24 * * *") == "hour: \"24\" is not in 0 to 23");
  CHECK(refusal("* * 0 * *") == "day of month: \"0\" is not in 1 to 31");
  CHECK(refusal("* * * 13 *") == "month: \"13\" is not in 1 to 12 or JAN to DEC");
  CHECK(refusal("* * * * 8") == "day of week: \"8\" is not in 0 to 6 or SUN to SAT");
  CHECK(refusal("61 * * * * *") == "second: \"61\" is not in 0 to 59");
  CHECK(refusal("*/0 * * * *") == "minute: \"0\" is no step; allowed is 1 to 60");
  CHECK(refusal("* * * * 1#6").find("like 2#1") != std::string::npos);
  CHECK(refusal("@reboot").find("allowed are @hourly") != std::string::npos);
  CHECK(refusal("* * * *").find("has 4 fields") == 0);
  CHECK(refusal("").find("has 0 fields") == 0);
  CHECK(refusal("0 0 * * * * 2026").find("has 7 fields") == 0);
  CHECK(refusal(std::string(300, '*')).find("256") != std::string::npos);
  for (const std::string bad : {"a * * * *", "1- * * * *", "-1 * * * *", "1,,2 * * * *", "1/ * * * *", "*/x * * * *",
                                "+1 * * * *", "1.5 * * * *", "99999999999 * * * *", "** * * * *", "* * L-3 * *",
                                "* * * JANUARY *", "* * * * L", "? * * * *", "1-2-3 * * * *", "\xff * * * *"}) {
    INFO(bad);
    CHECK_FALSE(refusal(bad).empty());
  }
}

namespace {

std::string random_field(std::mt19937& random, int min, int max) {
  const auto number = [&random](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  switch (number(0, 4)) {
    case 0:
    case 1:
      return "*";
    case 2:
      return std::to_string(number(min, max)) + "," + std::to_string(number(min, max));
    case 3:
      return "*/" + std::to_string(number(1, max - min + 1));
    default:
      return std::to_string(number(min, max)) + "-" + std::to_string(number(min, max));
  }
}

// Whether the value is in a field of the forms that random_field() makes; read in a way of its own.
bool allows(const std::string& field, int value, int min) {
  if (field == "*") return true;
  if (field.starts_with("*/")) return (value - min) % std::stoi(field.substr(2)) == 0;
  const std::size_t middle = field.find_first_of(",-");
  const int first = std::stoi(field.substr(0, middle));
  const int second = std::stoi(field.substr(middle + 1));
  if (field[middle] == ',') return value == first || value == second;
  return first <= second ? value >= first && value <= second : value >= first || value <= second;
}

bool restricts(const std::string& field, int min, int max) {
  for (int value = min; value <= max; ++value) {
    if (!allows(field, value, min)) return true;
  }
  return false;
}

struct RandomSchedule {
  std::string minute, hour, day, month, weekday;

  bool fits(std::chrono::local_seconds local) const {
    const auto date = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day ymd(date);
    const std::chrono::hh_mm_ss time(local - date);
    const int weekday_value = static_cast<int>(std::chrono::weekday(date).c_encoding());
    const bool fits_day = allows(day, static_cast<int>(static_cast<unsigned>(ymd.day())), 1);
    const bool fits_weekday = allows(weekday, weekday_value, 0);
    const bool both = restricts(day, 1, 31) && restricts(weekday, 0, 6);
    return allows(minute, static_cast<int>(time.minutes().count()), 0) &&
           allows(hour, static_cast<int>(time.hours().count()), 0) &&
           allows(month, static_cast<int>(static_cast<unsigned>(ymd.month())), 1) &&
           (both ? fits_day || fits_weekday : fits_day && fits_weekday);
  }
};

}  // namespace

TEST_CASE("A scan that looks at every minute finds the same times") {
  const char* given = std::getenv("HEDDLE_TEST_SEED");
  const unsigned seed = given == nullptr ? 20261122U : static_cast<unsigned>(std::stoul(given));
  std::mt19937 random(seed);
  using std::chrono::minutes;
  struct Place {
    std::string zone;
    std::string from;
  };
  // A day or two around each change of the clocks, and a turn of the year.
  const std::vector<Place> places = {{"Europe/Berlin", "2026-03-28T12:00:00Z"},
                                     {"Europe/Berlin", "2026-10-24T12:00:00Z"},
                                     {"America/New_York", "2026-03-07T20:00:00Z"},
                                     {"America/New_York", "2026-10-31T20:00:00Z"},
                                     {"Australia/Lord_Howe", "2026-04-04T02:00:00Z"},
                                     {"Australia/Lord_Howe", "2026-10-03T02:00:00Z"},
                                     {"UTC", "2027-12-31T06:00:00Z"},
                                     {"Asia/Kathmandu", "2028-02-28T06:00:00Z"}};
  for (int round = 0; round < 40; ++round) {
    RandomSchedule wanted{random_field(random, 0, 59), random_field(random, 0, 23), random_field(random, 1, 31), "*",
                          random_field(random, 0, 6)};
    if (round % 4 == 0) wanted.month = random_field(random, 1, 12);
    const std::string expression =
        wanted.minute + " " + wanted.hour + " " + wanted.day + " " + wanted.month + " " + wanted.weekday;
    if (refusal(expression).find("never comes true") != std::string::npos) continue;
    const CronSchedule schedule = CronSchedule::parse(expression);
    for (const Place& place : places) {
      INFO("seed " << seed << ", " << expression << " in " << place.zone << " from " << place.from);
      const TimeZone where = zone(place.zone);
      const auto begin = std::chrono::floor<std::chrono::seconds>(at(place.from));
      const auto end = begin + minutes{48 * 60};

      std::vector<std::chrono::sys_seconds> scanned;
      std::set<std::chrono::local_seconds> shown;
      // What clocks have shown in the hours before belongs to it: it is not new when it comes again.
      for (auto time = begin - minutes{180}; time < end; time += minutes{1}) {
        const auto local = where.to_local(time);
        const auto before = where.to_local(time - minutes{1});
        bool fits = shown.insert(local).second && wanted.fits(local);
        for (auto left_out = before + minutes{1}; left_out < local; left_out += minutes{1}) {
          fits = fits || wanted.fits(left_out);
        }
        if (fits && time > begin) scanned.push_back(time);
      }

      std::vector<std::chrono::sys_seconds> found;
      for (auto next = next_fire(schedule, where, begin); next && *next < end;
           next = next_fire(schedule, where, *next)) {
        found.push_back(std::chrono::floor<std::chrono::seconds>(*next));
      }
      CHECK(found == scanned);
    }
  }
}

}  // namespace heddle::api
