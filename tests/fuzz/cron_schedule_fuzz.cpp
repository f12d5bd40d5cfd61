// Whatever a client sends as a schedule: it is refused with a text, or it fires again and again, each time later.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "api/runs/cron_schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heddle;
  const std::string_view expression(reinterpret_cast<const char*>(data), size);
  static const std::optional<api::TimeZone> zone = api::TimeZone::find("Europe/Berlin");
  try {
    const api::CronSchedule schedule = api::CronSchedule::parse(expression);
    storage::Timestamp time{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
    for (int i = 0; i < 8; ++i) {
      const std::optional<storage::Timestamp> next = api::next_fire(schedule, zone.value_or(api::TimeZone()), time);
      if (!next || *next <= time) std::abort();
      time = *next;
    }
  } catch (const api::CronError&) {
    return 0;
  }
  return 0;
}
