#include "api/runs/active_run.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace heddle::api {

namespace asio = boost::asio;
namespace json = boost::json;

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

}  // namespace heddle::api
