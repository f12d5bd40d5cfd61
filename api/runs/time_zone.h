#pragma once
// Local time in the zones of the IANA database, as the system has it installed (/usr/share/zoneinfo).

#include <chrono>
#include <optional>
#include <string>

namespace date {
class time_zone;
}

namespace heddle::api {

// A value: copied freely, used from any thread. What it says about years after 2037 is the zone's last known offset.
class TimeZone {
 public:
  // UTC, which needs no database.
  TimeZone() = default;

  // None if there is no such zone, or no database. Names are like `Europe/Berlin`, case matters. Keeps the database in
  // memory after the first call (about 1 MB).
  static std::optional<TimeZone> find(const std::string& name);

  std::chrono::local_seconds to_local(std::chrono::sys_seconds at) const;

  // The first instant at which clocks of the zone show `local`; if they leap over it, the instant of the leap.
  std::chrono::sys_seconds to_instant(std::chrono::local_seconds local) const;

  // The first local time after that of `at` which clocks have not shown before. While an hour is repeated, that is the
  // end of the repetition.
  std::chrono::local_seconds first_new_after(std::chrono::sys_seconds at) const;

 private:
  const date::time_zone* zone_ = nullptr;  // of the database, never freed; null: UTC
};

}  // namespace heddle::api
