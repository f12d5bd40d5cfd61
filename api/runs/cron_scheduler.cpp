#include "api/runs/cron_scheduler.h"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "api/runs/cron_schedule.h"
#include "api/runs/run_queue.h"
#include "api/runs/run_request.h"
#include "api/services/api_error.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// Runs made before everything else gets a turn.
constexpr std::int64_t kBatch = 64;
// How late a cron may be after the wall clock was set forward: timers count time that passes, not the time of day.
constexpr std::chrono::seconds kLookAtLeast{10};
// After a refusal: the queue is full, and one look takes a query.
constexpr std::chrono::seconds kAfterRefusal{5};
// A wall clock that goes back by more than this was wrong before. By less it is being adjusted, and a time that has
// fired does not come again.
constexpr std::chrono::minutes kClockWasWrong{10};

RunRequest run_request_of(const storage::Cron& cron, const ServerSettings& settings) {
  json::object body = runtime::parse_json_object(cron.payload_json);
  body["assistant_id"] = cron.assistant_id.text();
  json::object metadata = runtime::parse_json_object(cron.metadata_json);
  metadata["cron_id"] = cron.cron_id.text();
  body["metadata"] = std::move(metadata);
  const Headers no_headers;
  RunRequest request = run_request_from(std::move(body), no_headers, settings);
  request.on_completion = cron.on_run_completed;
  return request;
}

json::object log_fields(const storage::CronId& id, std::string_view why) {
  return {{"cron_id", id.text()}, {"why", why}};
}

}  // namespace

std::optional<storage::Timestamp> next_run_date(const storage::Cron& cron, storage::Timestamp now) {
  const CronSchedule schedule = CronSchedule::parse(cron.schedule);
  const std::optional<TimeZone> zone = TimeZone::find(cron.timezone.value_or("UTC"));
  if (!zone) throw CronError("the time zone is not known here");
  if (!cron.enabled) return std::nullopt;
  const std::optional<storage::Timestamp> next = next_fire(schedule, *zone, now);
  if (next && cron.end_time && *next > *cron.end_time) return std::nullopt;
  return next;
}

CronScheduler::CronScheduler(ServiceParts parts, RunService& runs)
    : parts_(parts),
      runs_(runs),
      work_(parts.queue.executor(), parts.clock, parts.log,
            {"crons could not be looked through", kLookAtLeast, kAfterRefusal}) {}

CronScheduler::~CronScheduler() = default;

void CronScheduler::start() {
  work_.start([this] { return fire_due(); });
}

asio::awaitable<void> CronScheduler::stop() {
  return work_.stop();
}

void CronScheduler::look_again() {
  work_.wake();
}

asio::awaitable<std::optional<storage::Timestamp>> CronScheduler::fire_due() {
  const storage::Timestamp now = parts_.clock.now();
  const bool clock_was_wrong = last_look_ && now < *last_look_ - kClockWasWrong;
  last_look_ = now;
  if (clock_was_wrong) co_await reckon_anew(now);

  struct Look {
    std::vector<storage::Cron> due;
    std::optional<storage::Timestamp> earliest;
  };
  auto look = [now](const storage::Snapshot& snapshot) {
    return Look{snapshot.crons().due(now, kBatch), snapshot.crons().earliest()};
  };
  const Look found = co_await parts_.storage.read(std::move(look));
  for (const storage::Cron& cron : found.due) {
    if (work_.stopping()) break;
    const Fired fired = co_await fire(cron, now);
    if (fired == Fired::refused) co_return now + kAfterRefusal;
  }
  // Those that fired have a next time, and there may be more than one look takes.
  if (!found.due.empty()) co_return now;
  if (!found.earliest) co_return std::nullopt;
  co_return std::min<storage::Timestamp>(*found.earliest, now + kLookAtLeast);
}

asio::awaitable<CronScheduler::Fired> CronScheduler::fire(storage::Cron cron, storage::Timestamp now) {
  CronClaim claim{cron.cron_id, *cron.next_run_date, std::nullopt};
  // What is only late by the time it takes to look is not too late.
  const bool is_over = cron.end_time && *cron.end_time < now && claim.due < now - kLookAtLeast;
  std::string refusal;
  bool is_refused = false;
  try {
    claim.next = next_run_date(cron, now);
    if (!is_over) {
      RunRequest request = run_request_of(cron, parts_.settings);
      RunOrigin origin;
      origin.thread_id = cron.thread_id;
      origin.claim = claim;
      const Caller caller{cron.owner};
      const std::shared_ptr<ActiveRun> run = co_await runs_.create(caller, origin, std::move(request));
      co_return Fired::done;
    }
  } catch (const ApiError& error) {
    is_refused = error.status() == 503 || error.status() == 429;
    refusal = error.what();
  } catch (const storage::StorageError& error) {
    is_refused = true;
    refusal = error.what();
  } catch (const std::exception& error) {
    refusal = error.what();
  }
  if (is_refused) {
    parts_.log.warning("runs of crons have to wait", log_fields(cron.cron_id, refusal));
    co_return Fired::refused;
  }
  if (!is_over) parts_.log.warning("a cron made no run", log_fields(cron.cron_id, refusal));
  co_await leave_out(claim);
  co_return Fired::done;
}

// The time passes without a run. A claim that the refused run has made already, or lost, stays as it is.
asio::awaitable<void> CronScheduler::leave_out(CronClaim claim) {
  auto move_on = [claim](storage::Transaction& transaction) {
    transaction.crons().claim(claim.cron_id, claim.due, claim.next);
  };
  co_await parts_.storage.commit(std::move(move_on));
}

// Times that were reckoned while the clock was ahead may be years off.
asio::awaitable<void> CronScheduler::reckon_anew(storage::Timestamp now) {
  parts_.log.warning("the clock was set back; the next times of all crons are reckoned anew");
  std::optional<storage::CronId> after;
  for (;;) {
    auto reckon_batch = [now, after](storage::Transaction& transaction) {
      const std::vector<storage::Cron> batch = transaction.crons().waiting(now, after, kBatch);
      for (const storage::Cron& cron : batch) {
        try {
          const std::optional<storage::Timestamp> next = next_run_date(cron, now);
          transaction.crons().claim(cron.cron_id, *cron.next_run_date, next);
        } catch (const CronError&) {
          transaction.crons().claim(cron.cron_id, *cron.next_run_date, std::nullopt);
        }
      }
      return batch.empty() ? std::optional<storage::CronId>() : batch.back().cron_id;
    };
    after = co_await parts_.storage.commit(std::move(reckon_batch));
    if (!after) break;
  }
}

}  // namespace heddle::api
