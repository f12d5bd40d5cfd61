#include "api/routes/cron_routes.h"

#include <catch2/catch.hpp>

#include "tests/api/routes/handler_fixture.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

class CronRoutes : public test::HandlerFixture {
 public:
  CronRoutes() { get(services.assistants.make_defaults()); }

  json::value made(const std::string& more = "") {
    return told(create_cron, R"({"assistant_id":"echo","schedule":"0 8 * * *")" + more + "}");
  }
  static std::map<std::string, std::string> named(const json::value& cron) {
    return {{"cron_id", std::string(cron.at("cron_id").as_string())}};
  }
};

}  // namespace

TEST_CASE_METHOD(CronRoutes, "A cron is shown with all it has") {
  const json::value cron = made(R"(,"input":{"a":1},"metadata":{"m":1},"unheard_of":1,"webhook":null)");
  CHECK(keys_of(cron) == std::vector<std::string>{"cron_id", "assistant_id", "thread_id", "on_run_completed",
                                                  "schedule", "timezone", "end_time", "enabled", "next_run_date",
                                                  "payload", "metadata", "user_id", "created_at", "updated_at"});
  CHECK(cron.at("thread_id").is_null());
  CHECK(cron.at("on_run_completed") == "delete");
  CHECK(cron.at("schedule") == "0 8 * * *");
  CHECK(cron.at("timezone").is_null());
  CHECK(cron.at("end_time").is_null());
  CHECK(cron.at("enabled") == true);
  CHECK(cron.at("next_run_date") == "2026-11-22T08:00:00.000000+00:00");
  CHECK(cron.at("payload") == json::value{{"input", {{"a", 1}}}});
  CHECK(cron.at("metadata") == json::value{{"m", 1}});
  CHECK(cron.at("user_id") == "ann");
  CHECK(told(get_cron, "", "", named(cron)) == cron);
}

TEST_CASE_METHOD(CronRoutes, "A cron of a thread is made below it") {
  const std::string thread_id = get(services.threads.create(ann, NewThread{})).thread.thread_id.text();
  const json::value cron =
      told(create_cron, R"({"assistant_id":"echo","schedule":"@daily"})", "", {{"thread_id", thread_id}});
  CHECK(cron.at("thread_id") == json::value(thread_id));
  CHECK(cron.at("on_run_completed").is_null());
  CHECK(cron.at("payload") == json::value{{"multitask_strategy", "enqueue"}});
}

TEST_CASE_METHOD(CronRoutes, "What does not fit the schema is refused with its field") {
  CHECK(std::string(refused(create_cron, R"({"schedule":"@daily"})").what()) == "assistant_id: is required");
  CHECK(std::string(refused(create_cron, R"({"assistant_id":"echo"})").what()) == "schedule: is required");
  for (const std::string wrong : {R"("schedule":5)", R"("enabled":"yes")", R"("on_run_completed":"burn")",
                                  R"("end_time":"tomorrow")", R"("metadata":[])", R"("stream_mode":"loud")",
                                  R"("durability":"maybe")", R"("interrupt_before":5)", R"("config":{"tags":1})"}) {
    INFO(wrong);
    CHECK(refused(create_cron, "{" + wrong + "}").is_validation());
    CHECK(refused(patch_cron, "{" + wrong + "}", "", named(made())).is_validation());
  }
  CHECK(refused(get_cron, "", "", {{"cron_id", "no-uuid"}}).is_validation());
  CHECK(std::string(refused(create_cron, R"({"assistant_id":"echo","schedule":"* * *"})").what()).find("schedule: ") ==
        0);
}

TEST_CASE_METHOD(CronRoutes, "A secret is refused by its name, without its value, and nothing is kept") {
  const json::value cron = made();
  for (const std::string secret :
       {R"("config":{"configurable":{"_credentials":{"t":"canary"}}})", R"("context":{"_credentials":"canary"})"}) {
    for (const ApiError& error : {refused(create_cron, R"({"assistant_id":"echo","schedule":"@daily",)" + secret + "}"),
                                  refused(patch_cron, "{" + secret + "}", "", named(cron))}) {
      const std::string what = error.what();
      CHECK(what.find("_credentials: is secret and cannot be kept in a cron") != std::string::npos);
      CHECK(what.find("canary") == std::string::npos);
    }
  }
  CHECK(answer(count_crons, "{}").body == "1");
  CHECK(told(get_cron, "", "", named(cron)) == cron);
}

TEST_CASE_METHOD(CronRoutes, "An end is cleared with null and left alone without a word") {
  const json::value cron = made(R"(,"end_time":"2026-12-01T00:00:00Z")");
  CHECK(cron.at("end_time") == "2026-12-01T00:00:00.000000+00:00");
  const json::value named_else = told(patch_cron, R"({"metadata":{"m":1}})", "", named(cron));
  CHECK(named_else.at("end_time") == cron.at("end_time"));
  const json::value cleared = told(patch_cron, R"({"end_time":null})", "", named(cron));
  CHECK(cleared.at("end_time").is_null());
  CHECK(cleared.at("metadata") == json::value{{"m", 1}});
}

TEST_CASE_METHOD(CronRoutes, "A deleted cron answers nothing and is gone") {
  const json::value cron = made();
  const Response deleted = answer(delete_cron, "", "", named(cron));
  CHECK(deleted.status == 204);
  CHECK(deleted.body.empty());
  CHECK(refused(get_cron, "", "", named(cron)).status() == 404);
}

TEST_CASE_METHOD(CronRoutes, "A search tells how many there are and where the next page begins") {
  for (int i = 0; i < 3; ++i) {
    clock.advance(std::chrono::seconds{1});
    made(R"(,"metadata":{"n":)" + std::to_string(i) + "}");
  }
  const Response page = answer(search_crons, R"({"limit":2})");
  CHECK(page.headers.find("x-pagination-total") == "3");
  CHECK(page.headers.find("x-pagination-next") == "2");
  CHECK(runtime::parse_json(page.body).as_array().at(0).at("metadata") == json::value{{"n", 2}});
  const Response rest = answer(search_crons, R"({"limit":2,"offset":2,"sort_by":"created_at","sort_order":"desc"})");
  CHECK_FALSE(rest.headers.find("x-pagination-next"));
  CHECK(runtime::parse_json(rest.body).as_array().size() == 1);
  CHECK(answer(count_crons, R"({"metadata":{"n":1}})").body == "1");
  CHECK(refused(search_crons, R"({"sort_by":"mood"})").is_validation());
}

TEST_CASE_METHOD(CronRoutes, "A search shows what is selected, also the time it is") {
  made();
  const json::value found = told(search_crons, R"({"select":["schedule","now","nothing"]})");
  CHECK(found.as_array().at(0) == json::value{{"schedule", "0 8 * * *"}, {"now", "2026-11-22T00:00:00.000000+00:00"}});
}

}  // namespace heddle::api
