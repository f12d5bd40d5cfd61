#pragma once
// When a cron fires: five fields (minute, hour, day of month, month, day of week) or six, with seconds before them
// (http-api.md 12).
//
// A field is `*` or a list of values, ranges and steps: `5`, `1-5`, `22-4` (over midnight), `*/15`, `10-50/20`, `30/5`
// (from 30 on). Months and weekdays have English names of three letters; Sunday is 0 or 7. In the day fields `?` is
// `*`; `L` is the last day of the month, `5L` its last Friday, `2#1` its first Tuesday. `@hourly`, `@daily`
// (`@midnight`),
// `@weekly`, `@monthly` and `@yearly` (`@annually`) stand for what they say. If both day fields leave days out, a day
// that one of them names is enough; a field that allows every day leaves none out.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "api/runs/time_zone.h"
#include "storage/timestamp.h"

namespace heddle::api {

// An expression is none, or never comes true. The text names the field and what is allowed.
class CronError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A value.
class CronSchedule {
 public:
  // Throws CronError. At most 256 characters.
  static CronSchedule parse(std::string_view expression);

  // The first matching local time that is not before `from`. Looks 41 years ahead: a fifth Friday in February comes
  // every 28, sometimes after 40 years, and nothing is rarer.
  std::optional<std::chrono::local_seconds> next_local(std::chrono::local_seconds from) const;

 private:
  // `weekdays_in_month` has a bit for each count (1 to 5) and this one for the last.
  static constexpr int kLastOfMonth = 0;

  void read_days(std::string_view text);
  void read_weekdays(std::string_view text);
  bool matches(std::chrono::year_month_day date, std::chrono::weekday weekday) const;
  std::optional<std::chrono::seconds> next_time(std::chrono::seconds from) const;

  std::uint64_t seconds_ = 1;  // bit n: the value n is allowed
  std::uint64_t minutes_ = 0;
  std::uint64_t hours_ = 0;
  std::uint64_t days_ = 0;
  std::uint64_t months_ = 0;
  std::uint64_t weekdays_ = 0;
  bool last_day_ = false;
  std::array<std::uint64_t, 7> weekdays_in_month_{};
};

// The first instant after `after` at which the schedule fires in the zone. A local time that clocks leap over fires at
// the leap, one that they show twice fires the first time only; two local times that meet in one instant fire once.
std::optional<storage::Timestamp> next_fire(const CronSchedule& schedule, const TimeZone& zone,
                                            storage::Timestamp after);

}  // namespace heddle::api
