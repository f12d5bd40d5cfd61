#include "api/runs/time_zone.h"

#include <date/tz.h>

#include <stdexcept>

namespace heddle::api {
namespace {

// The library has types of its own for the same counts of seconds.
date::local_seconds theirs(std::chrono::local_seconds local) {
  return date::local_seconds{local.time_since_epoch()};
}

}  // namespace

std::optional<TimeZone> TimeZone::find(const std::string& name) {
  if (name == "UTC") return TimeZone();
  try {
    TimeZone found;
    found.zone_ = date::locate_zone(name);
    return found;
  } catch (const std::runtime_error&) {
    return std::nullopt;  // the library's way to say that there is none
  }
}

std::chrono::local_seconds TimeZone::to_local(std::chrono::sys_seconds at) const {
  const auto offset = zone_ == nullptr ? std::chrono::seconds{0} : zone_->get_info(at).offset;
  return std::chrono::local_seconds{at.time_since_epoch() + offset};
}

std::chrono::sys_seconds TimeZone::to_instant(std::chrono::local_seconds local) const {
  if (zone_ == nullptr) return std::chrono::sys_seconds{local.time_since_epoch()};
  const date::local_info info = zone_->get_info(theirs(local));
  if (info.result == date::local_info::nonexistent) return info.first.end;
  return std::chrono::sys_seconds{local.time_since_epoch() - info.first.offset};
}

std::chrono::local_seconds TimeZone::first_new_after(std::chrono::sys_seconds at) const {
  const std::chrono::local_seconds next = to_local(at) + std::chrono::seconds{1};
  if (zone_ == nullptr) return next;
  const date::local_info info = zone_->get_info(theirs(next));
  const bool is_repeated = info.result == date::local_info::ambiguous && info.first.end <= at;
  if (!is_repeated) return next;
  return std::chrono::local_seconds{info.first.end.time_since_epoch() + info.first.offset};
}

}  // namespace heddle::api
