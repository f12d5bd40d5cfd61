#include "api/runs/active_run.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

// A timer among those that the end of the run cancels, for as long as it waits. The run and the timer outlive it.
class WaitingPlace {
 public:
  WaitingPlace(ActiveRun& run, asio::steady_timer& timer) : run_(run), timer_(timer) { run_.waiting.insert(&timer_); }
  ~WaitingPlace() { run_.waiting.erase(&timer_); }
  WaitingPlace(const WaitingPlace&) = delete;
  WaitingPlace& operator=(const WaitingPlace&) = delete;

 private:
  ActiveRun& run_;
  asio::steady_timer& timer_;
};

}  // namespace

json::object ActiveRun::log_fields() const {
  json::object fields{{"run_id", record.run_id.text()}, {"thread_id", record.thread_id.text()}};
  if (!request_id.empty()) fields["request_id"] = request_id;
  return fields;
}

storage::Run ActiveRun::shown_record() const {
  storage::Run shown = record;
  if (temporary) write_details(details, shown);
  return shown;
}

void ActiveRun::close() {
  phase = Phase::ended;
  plan = RunPlan{};
  stream->end();
  has_ended.cancel();
  for (asio::steady_timer* timer : waiting) timer->cancel();
}

asio::awaitable<void> ActiveRun::ended() {
  while (phase != Phase::ended) co_await has_ended.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<bool> ActiveRun::ended_within(std::chrono::milliseconds patience) {
  if (phase == Phase::ended) co_return true;
  asio::steady_timer limit(has_ended.get_executor(), patience);
  const WaitingPlace place(*this, limit);
  // Ends early with the run, or because the caller was cancelled, whose next await throws.
  co_await limit.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return phase == Phase::ended;
}

}  // namespace heddle::api
