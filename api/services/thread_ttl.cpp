#include "api/services/thread_ttl.h"

#include <boost/json/object.hpp>

#include "runtime/json.h"
#include "runtime/time_to_live.h"

namespace heddle::api {

namespace {

constexpr const char* kKeepLatest = "keep_latest";

}  // namespace

void set_ttl(const ThreadTtl& ttl, storage::Timestamp now, storage::Thread& thread) {
  const bool keeps = ttl.strategy == PruneStrategy::keep_latest;
  const boost::json::object told{{"strategy", keeps ? kKeepLatest : "delete"}, {"ttl_minutes", ttl.minutes}};
  thread.ttl_json = runtime::to_text(told);
  thread.time_to_live = runtime::time_to_live(ttl.minutes);
  thread.expires_at = now + *thread.time_to_live;
}

void set_default_ttl(const ThreadTtlSettings& settings, storage::Timestamp now, storage::Thread& thread) {
  if (!settings.default_minutes) return;
  const ThreadTtl ttl{*settings.default_minutes, settings.strategy};
  set_ttl(ttl, now, thread);
}

PruneStrategy strategy_of(const storage::Thread& thread) {
  if (!thread.ttl_json) return PruneStrategy::delete_thread;
  const boost::json::object ttl = runtime::parse_json_object(*thread.ttl_json);
  const bool keeps = runtime::find_text(ttl, "strategy") == kKeepLatest;
  return keeps ? PruneStrategy::keep_latest : PruneStrategy::delete_thread;
}

}  // namespace heddle::api
