#include "api/routes/meta_routes.h"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <future>

#include "api/runs/run_counters.h"
#include "tests/api/routes/handler_fixture.h"

namespace heddle::api {
namespace {

using test::HandlerFixture;

TEST_CASE_METHOD(HandlerFixture, "The health check can look at the database") {
  CHECK(answer(get_health, "").body == R"({"ok":true})");
  CHECK(answer(get_health, "", "check_db=1").body == R"({"ok":true})");
}

// Takes the second after which a thread counts as stuck.
TEST_CASE_METHOD(HandlerFixture, "The readiness check writes, and names the engine thread that does not answer") {
  CHECK(answer(get_readiness, "").body == R"({"ready":true})");

  settings.ready_timeout = std::chrono::seconds{1};
  std::promise<void> goes_on;
  boost::asio::post(engines.executors().front(), [&goes_on] { goes_on.get_future().wait(); });
  Readiness fresh(services.parts);
  // On a bad day of the disk the database may be late, too.
  CHECK_THAT(get(fresh.stuck()), Catch::VectorContains(std::string("engine 1")));
  goes_on.set_value();
  settings.ready_timeout = std::chrono::seconds{10};
  CHECK(get(fresh.stuck()).empty());
}

TEST_CASE_METHOD(HandlerFixture, "The server names itself, on the platform also its own version") {
  CHECK(keys_of(told(get_info, "")) == std::vector<std::string>{"version", "langgraph_py_version", "context", "flags"});
  CHECK(told(get_info, "").at("flags").at("crons") == true);
  settings.compat = Compat::platform;
  CHECK(told(get_info, "").at("heddle_version").is_string());
  CHECK(told(get_info, "").at("metadata").as_object().empty());
}

TEST_CASE_METHOD(HandlerFixture, "The metrics count runs") {
  const Response metrics = answer(get_metrics, "");
  CHECK(metrics.body.find("heddle_runs_running 0\n") != std::string::npos);
  CHECK(metrics.body.find("heddle_runs_pending 0\n") != std::string::npos);
}

TEST_CASE_METHOD(HandlerFixture, "The metrics are told as JSON to who asks for it, and in no other form") {
  const boost::json::value metrics = told(get_metrics, "", "format=json");
  CHECK(metrics.at("heddle_runs_running") == 0);
  CHECK(metrics.at("heddle_run_duration_seconds").at("count") == 0);
  CHECK(metrics.at("heddle_requests_total").as_object().size() == 5);
  CHECK(answer(get_metrics, "", "format=prometheus").body == answer(get_metrics, "").body);
  CHECK(refused(get_metrics, "", "format=xml").status() == 400);
}

TEST_CASE("A run counts under each bound that it kept") {
  RunCounters counters;
  storage::Run run;
  run.status = storage::RunStatus::success;
  run.started_at = storage::Timestamp{};
  counters.add(run);  // cancelled before it began: no duration
  run.attempt = 1;
  run.updated_at = storage::Timestamp{} + std::chrono::milliseconds(700);
  counters.add(run);
  run.updated_at = storage::Timestamp{} + std::chrono::hours(1);
  counters.add(run);
  CHECK(counters.ended.at(storage::RunStatus::success) == 3);
  CHECK(counters.within == std::array<std::uint64_t, 8>{0, 0, 1, 1, 1, 1, 1, 1});
  CHECK(counters.timed == 2);
  CHECK(counters.seconds == Approx(3600.7));
}

}  // namespace
}  // namespace heddle::api
