#include "storage/timestamp.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace heddle::storage {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Takes `text` apart from its start. Every function says whether it found what it names.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool one_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool number(std::size_t digits, int& value) {
    if (rest_.size() < digits) return false;
    value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!starts_with_digit()) return false;
      value = value * 10 + take_digit();
    }
    return true;
  }

  // One digit or more; those after the sixth are below what is kept.
  bool fraction(microseconds& value) {
    if (!starts_with_digit()) return false;
    value = microseconds{0};
    for (microseconds unit{100'000}; starts_with_digit(); unit /= 10) value += take_digit() * unit;
    return true;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  bool starts_with_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
  int take_digit() {
    const int digit = rest_.front() - '0';
    rest_.remove_prefix(1);
    return digit;
  }

  std::string_view rest_;
};

std::optional<minutes> offset_from(Reader& reader) {
  if (reader.one_of("Zz")) return minutes{0};
  const bool east = reader.one_of("+");
  if (!east && !reader.one_of("-")) return std::nullopt;
  int hour = 0;
  int minute = 0;
  if (!reader.number(2, hour) || !reader.one_of(":") || !reader.number(2, minute)) return std::nullopt;
  if (hour > 23 || minute > 59) return std::nullopt;
  const minutes offset = hours{hour} + minutes{minute};
  return east ? offset : -offset;
}

}  // namespace

std::string to_rfc3339(Timestamp time) {
  // Down to seconds first: at the beginning of time the whole day would not fit into microseconds.
  const auto second = floor<seconds>(time);
  const auto day = floor<days>(second);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<seconds> clock{second - day};
  constexpr std::int64_t kSecond = 1'000'000;
  const std::int64_t fraction = (time.time_since_epoch().count() % kSecond + kSecond) % kSecond;
  // Room for the years that a 64-bit count of microseconds can reach.
  std::array<char, 64> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06d+00:00", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()), static_cast<int>(fraction));
  return std::string(text.data(), static_cast<std::size_t>(length));
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  int year = 0;
  int month = 0;
  int day = 0;
  if (!reader.number(4, year) || !reader.one_of("-") || !reader.number(2, month)) return std::nullopt;
  if (!reader.one_of("-") || !reader.number(2, day) || !reader.one_of("Tt ")) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;

  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!reader.number(2, hour) || !reader.one_of(":") || !reader.number(2, minute)) return std::nullopt;
  if (!reader.one_of(":") || !reader.number(2, second)) return std::nullopt;
  // 60 is a leap second; it is the same point as the second after it.
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;

  microseconds fraction{0};
  if (reader.one_of(".") && !reader.fraction(fraction)) return std::nullopt;
  const std::optional<minutes> offset = offset_from(reader);
  if (!offset || !reader.at_end()) return std::nullopt;
  return std::chrono::sys_days{date} + hours{hour} + minutes{minute} + seconds{second} + fraction - *offset;
}

}  // namespace heddle::storage
