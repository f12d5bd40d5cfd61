#include "api/runs/cron_schedule.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace heddle::api {
namespace {

namespace chrono = std::chrono;

// A schedule that people write has some 20 characters.
constexpr std::size_t kExpressionMax = 256;
// The longest a schedule that does fire may pause: a fifth Friday in February, over a year like 2100 without leap day.
constexpr chrono::days kSearched{41 * 366};

constexpr std::array<std::string_view, 12> kMonthNames = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                          "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdayNames = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct FieldKind {
  std::string_view name;
  int min;
  int max;
  std::span<const std::string_view> names = {};  // of min and what follows
};
constexpr FieldKind kSecond{"second", 0, 59};
constexpr FieldKind kMinute{"minute", 0, 59};
constexpr FieldKind kHour{"hour", 0, 23};
constexpr FieldKind kDay{"day of month", 1, 31};
const FieldKind kMonth{"month", 1, 12, kMonthNames};
const FieldKind kWeekday{"day of week", 0, 6, kWeekdayNames};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kAliases = {{{"@hourly", "0 * * * *"},
                                                                                    {"@daily", "0 0 * * *"},
                                                                                    {"@midnight", "0 0 * * *"},
                                                                                    {"@weekly", "0 0 * * 0"},
                                                                                    {"@monthly", "0 0 1 * *"},
                                                                                    {"@yearly", "0 0 1 1 *"},
                                                                                    {"@annually", "0 0 1 1 *"}}};

constexpr std::uint64_t bit(int value) {
  return std::uint64_t{1} << value;
}

constexpr std::uint64_t all_of(const FieldKind& kind) {
  return bit(kind.max + 1) - bit(kind.min);
}

// The lowest allowed value that is not below `from`; 64 if there is none.
int first_from(std::uint64_t allowed, int from) {
  return std::countr_zero(allowed & ~(bit(from) - 1));
}

// Only what is short and plain is repeated in an error.
std::string quoted(std::string_view text) {
  const bool is_plain =
      text.size() <= 32 && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127 && c != '"'; });
  return is_plain ? "\"" + std::string(text) + "\"" : std::string("a part of it");
}

CronError refusal(const FieldKind& kind, std::string_view part, const std::string& why) {
  return CronError(std::string(kind.name) + ": " + quoted(part) + " " + why);
}

std::string range_text(const FieldKind& kind) {
  std::string text = std::to_string(kind.min) + " to " + std::to_string(kind.max);
  if (!kind.names.empty()) text += " or " + std::string(kind.names.front()) + " to " + std::string(kind.names.back());
  return text;
}

std::optional<int> digits(std::string_view text) {
  int number = 0;
  const bool starts_well = !text.empty() && text.front() >= '0' && text.front() <= '9';
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!starts_well || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool same_word(std::string_view given, std::string_view upper) {
  return std::ranges::equal(given, upper, [](char one, char other) {
    return (one >= 'a' && one <= 'z' ? static_cast<char>(one - 'a' + 'A') : one) == other;
  });
}

int value_of(const FieldKind& kind, std::string_view text) {
  for (std::size_t i = 0; i < kind.names.size(); ++i) {
    if (same_word(text, kind.names[i])) return kind.min + static_cast<int>(i);
  }
  const std::optional<int> number = digits(text);
  if (!number) throw refusal(kind, text, "is not understood; allowed is " + range_text(kind));
  if (&kind == &kWeekday && *number == 7) return 0;
  if (*number < kind.min || *number > kind.max) throw refusal(kind, text, "is not in " + range_text(kind));
  return *number;
}

int step_of(const FieldKind& kind, std::string_view text) {
  const int most = kind.max - kind.min + 1;
  const std::optional<int> step = digits(text);
  if (!step || *step < 1 || *step > most) {
    throw refusal(kind, text, "is no step; allowed is 1 to " + std::to_string(most));
  }
  return *step;
}

// One element of a list: `*`, a value or a range, maybe with a step.
std::uint64_t values_of(const FieldKind& kind, std::string_view element) {
  const std::size_t slash = element.find('/');
  const bool has_step = slash != std::string_view::npos;
  const int step = has_step ? step_of(kind, element.substr(slash + 1)) : 1;
  const std::string_view base = element.substr(0, slash);
  const int size = kind.max - kind.min + 1;

  int first = kind.min;
  int length = size;  // how many values the range has
  if (base != "*") {
    const std::size_t dash = base.find('-');
    first = value_of(kind, base.substr(0, dash));
    if (dash != std::string_view::npos) {
      const int last = value_of(kind, base.substr(dash + 1));
      length = last - first + 1;
      if (length < 1) length += size;  // over the end and on from the beginning
      if (&kind == &kWeekday && base == "0-7") length = size;
    } else {
      length = has_step ? kind.max - first + 1 : 1;
    }
  }
  std::uint64_t values = 0;
  for (int i = 0; i < length; i += step) values |= bit(kind.min + (first - kind.min + i) % size);
  return values;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::uint64_t read_field(const FieldKind& kind, std::string_view text) {
  std::uint64_t values = 0;
  for (const std::string_view element : split(text, ',')) values |= values_of(kind, element);
  return values;
}

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  std::vector<std::string_view> words;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty()) return words;
    const std::size_t end = std::min(text.find_first_of(blanks), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string_view expanded(std::string_view expression) {
  for (const auto& [alias, meaning] : kAliases) {
    if (alias == expression) return meaning;
  }
  return expression;
}

}  // namespace

CronSchedule CronSchedule::parse(std::string_view expression) {
  if (expression.size() > kExpressionMax) {
    throw CronError("is longer than " + std::to_string(kExpressionMax) + " characters");
  }
  std::vector<std::string_view> fields = words_of(expression);
  if (fields.size() == 1 && fields.front().starts_with('@')) {
    fields = words_of(expanded(fields.front()));
    if (fields.size() == 1) {
      throw CronError(quoted(fields.front()) + " is not known; allowed are @hourly, @daily, @midnight, @weekly, " +
                      "@monthly, @yearly, @annually");
    }
  }
  if (fields.size() != 5 && fields.size() != 6) {
    throw CronError("has " + std::to_string(fields.size()) +
                    " fields; give five (minute, hour, day of month, month, day of week) or six with seconds first");
  }

  CronSchedule schedule;
  const bool has_seconds = fields.size() == 6;
  if (has_seconds) schedule.seconds_ = read_field(kSecond, fields[0]);
  const std::size_t at = has_seconds ? 1 : 0;
  schedule.minutes_ = read_field(kMinute, fields[at]);
  schedule.hours_ = read_field(kHour, fields[at + 1]);
  schedule.read_days(fields[at + 2]);
  schedule.months_ = read_field(kMonth, fields[at + 3]);
  schedule.read_weekdays(fields[at + 4]);

  constexpr chrono::local_days kAnyDay{chrono::year{2000} / 1 / 1};
  if (!schedule.next_local(kAnyDay)) throw CronError("never comes true: no month that it names has such a day");
  return schedule;
}

void CronSchedule::read_days(std::string_view text) {
  if (text == "?") text = "*";
  for (const std::string_view element : split(text, ',')) {
    if (same_word(element, "L")) {
      last_day_ = true;
    } else {
      days_ |= values_of(kDay, element);
    }
  }
}

void CronSchedule::read_weekdays(std::string_view text) {
  if (text == "?") text = "*";
  for (const std::string_view element : split(text, ',')) {
    const std::size_t hash = element.find('#');
    if (hash != std::string_view::npos) {
      const std::optional<int> count = digits(element.substr(hash + 1));
      if (!count || *count < 1 || *count > 5) {
        throw refusal(kWeekday, element, "names no weekday of a month; allowed is a day, # and 1 to 5, like 2#1");
      }
      weekdays_in_month_[static_cast<std::size_t>(value_of(kWeekday, element.substr(0, hash)))] |= bit(*count);
    } else if (element.size() > 1 && same_word(element.substr(element.size() - 1), "L")) {
      const int weekday = value_of(kWeekday, element.substr(0, element.size() - 1));
      weekdays_in_month_[static_cast<std::size_t>(weekday)] |= bit(kLastOfMonth);
    } else {
      weekdays_ |= values_of(kWeekday, element);
    }
  }
}

bool CronSchedule::matches(chrono::year_month_day date, chrono::weekday weekday) const {
  const int day = static_cast<int>(static_cast<unsigned>(date.day()));
  const int days_in_month = static_cast<int>(
      static_cast<unsigned>(chrono::year_month_day_last(date.year() / date.month() / chrono::last).day()));
  const bool fits_day = (days_ & bit(day)) != 0 || (last_day_ && day == days_in_month);

  const unsigned index = weekday.c_encoding();
  const std::uint64_t counts = weekdays_in_month_[index];
  const bool is_last = day + 7 > days_in_month;
  const bool fits_weekday = (weekdays_ & bit(static_cast<int>(index))) != 0 || (counts & bit((day + 6) / 7)) != 0 ||
                            (is_last && (counts & bit(kLastOfMonth)) != 0);

  const bool one_allows_all = days_ == all_of(kDay) || weekdays_ == all_of(kWeekday);
  return one_allows_all ? fits_day && fits_weekday : fits_day || fits_weekday;
}

std::optional<chrono::seconds> CronSchedule::next_time(chrono::seconds from) const {
  const chrono::hh_mm_ss time(from);
  const int from_hour = static_cast<int>(time.hours().count());
  const int from_minute = static_cast<int>(time.minutes().count());
  const int from_second = static_cast<int>(time.seconds().count());
  for (int hour = first_from(hours_, from_hour); hour < 24; hour = first_from(hours_, hour + 1)) {
    const bool is_first_hour = hour == from_hour;
    for (int minute = first_from(minutes_, is_first_hour ? from_minute : 0); minute < 60;
         minute = first_from(minutes_, minute + 1)) {
      const bool is_first_minute = is_first_hour && minute == from_minute;
      const int second = first_from(seconds_, is_first_minute ? from_second : 0);
      if (second < 60) return chrono::hours{hour} + chrono::minutes{minute} + chrono::seconds{second};
    }
  }
  return std::nullopt;
}

std::optional<chrono::local_seconds> CronSchedule::next_local(chrono::local_seconds from) const {
  chrono::local_days day = chrono::floor<chrono::days>(from);
  chrono::seconds time = from - day;
  const chrono::local_days end = day + kSearched;
  while (day < end) {
    const chrono::year_month_day date(day);
    const bool is_in_month = (months_ & bit(static_cast<int>(static_cast<unsigned>(date.month())))) != 0;
    if (!is_in_month) {
      day = chrono::local_days{(date.year() / date.month() + chrono::months{1}) / 1};
      time = chrono::seconds{0};
      continue;
    }
    if (matches(date, chrono::weekday(day))) {
      const std::optional<chrono::seconds> found = next_time(time);
      if (found) return day + *found;
    }
    day += chrono::days{1};
    time = chrono::seconds{0};
  }
  return std::nullopt;
}

std::optional<storage::Timestamp> next_fire(const CronSchedule& schedule, const TimeZone& zone,
                                            storage::Timestamp after) {
  const chrono::local_seconds from = zone.first_new_after(chrono::floor<chrono::seconds>(after));
  const std::optional<chrono::local_seconds> local = schedule.next_local(from);
  if (!local) return std::nullopt;
  return storage::Timestamp{zone.to_instant(*local)};
}

}  // namespace heddle::api
