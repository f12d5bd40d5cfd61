#include "api/routes/meta_routes.h"

#include <catch2/catch.hpp>

#include "tests/api/routes/handler_fixture.h"

namespace heddle::api {
namespace {

using test::HandlerFixture;

TEST_CASE_METHOD(HandlerFixture, "The health check can look at the database") {
  CHECK(answer(get_health, "").body == R"({"ok":true})");
  CHECK(answer(get_health, "", "check_db=1").body == R"({"ok":true})");
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

}  // namespace
}  // namespace heddle::api
