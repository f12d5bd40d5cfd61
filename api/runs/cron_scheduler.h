#pragma once
// Makes the runs of crons when their time has come (http-api.md 12).
//
// A time that was missed (the server was down, the clock was set forward) is made up by one run per cron, and the next
// time counts from now. The time and the run are stored in one transaction (CronClaim), so each time gives one run,
// whatever happens in between. What is refused because too much waits is tried again; what is refused for good (the
// graph is not served any more) is logged and left out.

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "api/runs/timed_work.h"
#include "api/services/run_service.h"
#include "api/services/service_parts.h"
#include "storage/crons.h"

namespace heddle::api {

// When the cron fires next after `now`: none if it is disabled or over. Throws CronError if its schedule or time zone
// is none.
std::optional<storage::Timestamp> next_run_date(const storage::Cron& cron, storage::Timestamp now);

// Belongs to the I/O thread.
class CronScheduler {
 public:
  // `runs` outlives this object.
  CronScheduler(ServiceParts parts, RunService& runs);
  // Precondition: never started, or stop() has returned.
  ~CronScheduler();
  CronScheduler(const CronScheduler&) = delete;
  CronScheduler& operator=(const CronScheduler&) = delete;

  // From now on crons fire. Called once.
  void start();
  // Returns when no more runs are made.
  boost::asio::awaitable<void> stop();

  // A cron is new or has changed, so the next time may be another.
  void look_again();

  // Makes the runs of all crons that are due, at most 64. Returns when to call again, at most 10 s ahead while any cron
  // is to fire; none: not before look_again(). Throws what storage throws.
  boost::asio::awaitable<std::optional<storage::Timestamp>> fire_due();

 private:
  enum class Fired { done, refused };

  boost::asio::awaitable<Fired> fire(storage::Cron cron, storage::Timestamp now);
  boost::asio::awaitable<void> leave_out(CronClaim claim);
  boost::asio::awaitable<void> reckon_anew(storage::Timestamp now);

  ServiceParts parts_;
  RunService& runs_;
  std::optional<storage::Timestamp> last_look_;
  TimedWork work_;
};

}  // namespace heddle::api
