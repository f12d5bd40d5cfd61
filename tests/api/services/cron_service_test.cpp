#include "api/services/cron_service.h"

#include <catch2/catch.hpp>

#include "tests/api/services/service_fixture.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using std::chrono::hours;
using std::chrono::minutes;

// The clock stands at 2026-11-22T00:00:00Z.
class CronFixture : public test::ServiceFixture {
 public:
  CronFixture() { get(services.assistants.make_defaults()); }

  static CronFields fields(const std::string& schedule = "0 8 * * *") {
    CronFields wanted;
    wanted.assistant_id = "echo";
    wanted.schedule = schedule;
    return wanted;
  }
  storage::Cron made(CronFields wanted = fields()) { return get(crons.create(ann, std::nullopt, std::move(wanted))); }
  ApiError refused(CronFields wanted, std::optional<storage::ThreadId> thread_id = std::nullopt) {
    return refusal(crons.create(ann, thread_id, std::move(wanted)));
  }

  CronService& crons = services.crons;
  const storage::Timestamp midnight = clock.now();
};

}  // namespace

TEST_CASE_METHOD(CronFixture, "A new cron knows when it fires, in its zone") {
  CHECK(made().next_run_date == midnight + hours{8});
  CronFields berlin = fields();
  berlin.timezone = "Europe/Berlin";
  CHECK(made(berlin).next_run_date == midnight + hours{7});
  CronFields disabled = fields();
  disabled.enabled = false;
  CHECK_FALSE(made(disabled).next_run_date);
  CronFields short_lived = fields();
  short_lived.end_time = midnight + hours{7};
  CHECK_FALSE(made(short_lived).next_run_date);
}

TEST_CASE_METHOD(CronFixture, "A schedule, a zone and an end that cannot be used are refused with 422 in both modes") {
  settings.compat = GENERATE(Compat::js, Compat::platform);
  const ApiError schedule = refused(fields("99 * * * *"));
  CHECK(schedule.status() == 422);
  CHECK(std::string(schedule.what()) == "schedule: minute: \"99\" is not in 0 to 59");
  CHECK_FALSE(schedule.is_validation());
  CHECK(refused(fields("0 0 30 2 *")).status() == 422);
  CronFields zone = fields();
  zone.timezone = "Europe/Nowhere";
  CHECK(refused(zone).status() == 422);
  CronFields past = fields();
  past.end_time = midnight;
  CHECK(refused(past).status() == 422);

  const storage::CronId id = made().cron_id;
  CronFields change;
  change.schedule = "x";
  CHECK(refusal(crons.patch(ann, id, change)).status() == 422);
  change = {};
  change.timezone = "";
  CHECK(refusal(crons.patch(ann, id, change)).status() == 422);
  change = {};
  change.end_time = midnight - hours{1};
  CHECK(refusal(crons.patch(ann, id, change)).status() == 422);
}

TEST_CASE_METHOD(CronFixture, "An unknown assistant, thread or cron is not found") {
  CronFields unknown = fields();
  unknown.assistant_id = "nobody";
  CHECK(std::string(refused(unknown).what()).find("No assistant found for \"nobody\"") == 0);
  CHECK(refused(unknown).status() == 404);

  const storage::ThreadId nowhere{runtime::uuid4()};
  CHECK(std::string(refused(fields(), nowhere).what()) == "Thread not found");
  const storage::ThreadId of_ben = get(services.threads.create(ben, NewThread{})).thread.thread_id;
  CHECK(refused(fields(), of_ben).status() == 404);
  CronFields makes_thread = fields();
  makes_thread.payload = object(R"({"if_not_exists":"create"})");
  CHECK(refused(makes_thread, of_ben).status() == 404);
  CHECK(get(crons.create(ann, nowhere, makes_thread)).thread_id == nowhere);

  const storage::CronId id = made().cron_id;
  for (const ApiError& error : {refusal(crons.get(ben, id)), refusal(crons.patch(ben, id, {})),
                                refusal(crons.erase(ben, id)), refusal(crons.get(ann, storage::CronId{}))}) {
    CHECK(error.status() == 404);
    CHECK(std::string(error.what()).find("Cron with ID ") == 0);
  }
  CHECK(get(crons.get(ann, id)).cron_id == id);
}

TEST_CASE_METHOD(CronFixture, "A change merges metadata and replaces what else it names") {
  CronFields wanted = fields();
  wanted.metadata = object(R"({"a":1,"b":{"c":1}})");
  wanted.payload = object(R"({"input":{"x":1,"y":2},"config":{"tags":["t"]}})");
  const storage::Cron cron = made(wanted);
  clock.advance(minutes{1});

  CronFields change;
  change.metadata = object(R"({"b":2})");
  change.payload = object(R"({"input":{"x":3}})");
  change.assistant_id = "nested";
  const storage::Cron changed = get(crons.patch(ann, cron.cron_id, change));
  CHECK(object(changed.metadata_json) == object(R"({"a":1,"b":2})"));
  CHECK(object(changed.payload_json) == object(R"({"input":{"x":3},"config":{"tags":["t"]}})"));
  CHECK(changed.assistant_id != cron.assistant_id);
  CHECK(changed.next_run_date == cron.next_run_date);
  CHECK(changed.schedule == cron.schedule);
  CHECK(changed.created_at == cron.created_at);
  CHECK(changed.updated_at == clock.now());

  change.assistant_id = "nobody";
  CHECK(refusal(crons.patch(ann, cron.cron_id, change)).status() == 404);
}

TEST_CASE_METHOD(CronFixture, "A change of schedule, zone, end or switch reckons the next time anew") {
  const storage::CronId id = made().cron_id;
  clock.advance(hours{1});
  CronFields change;
  change.schedule = "30 1 * * *";
  CHECK(get(crons.patch(ann, id, change)).next_run_date == midnight + hours{1} + minutes{30});
  change = {};
  change.timezone = "America/New_York";
  CHECK(get(crons.patch(ann, id, change)).next_run_date == midnight + hours{6} + minutes{30});
  change = {};
  change.end_time = midnight + hours{3};
  CHECK_FALSE(get(crons.patch(ann, id, change)).next_run_date);
  change.end_time = std::optional<storage::Timestamp>();
  const storage::Cron endless = get(crons.patch(ann, id, change));
  CHECK_FALSE(endless.end_time);
  CHECK(endless.next_run_date == midnight + hours{6} + minutes{30});
  change = {};
  change.enabled = false;
  CHECK_FALSE(get(crons.patch(ann, id, change)).next_run_date);
  change.enabled = true;
  CHECK(get(crons.patch(ann, id, change)).next_run_date == midnight + hours{6} + minutes{30});
}

TEST_CASE_METHOD(CronFixture, "Runs of a thread wait for each other unless the cron says otherwise") {
  const storage::ThreadId thread_id = get(services.threads.create(ann, NewThread{})).thread.thread_id;
  CHECK(object(get(crons.create(ann, thread_id, fields())).payload_json) ==
        object(R"({"multitask_strategy":"enqueue"})"));
  CronFields rejecting = fields();
  rejecting.payload = object(R"({"multitask_strategy":"reject"})");
  CHECK(object(get(crons.create(ann, thread_id, rejecting)).payload_json) ==
        object(R"({"multitask_strategy":"reject"})"));
  CHECK(made(rejecting).payload_json == "{}");
}

TEST_CASE_METHOD(CronFixture, "A thread or an assistant takes its crons along") {
  const storage::ThreadId thread_id = get(services.threads.create(ann, NewThread{})).thread.thread_id;
  const storage::CronId of_thread = get(crons.create(ann, thread_id, fields())).cron_id;
  get(services.threads.erase(ann, thread_id));
  CHECK(refusal(crons.get(ann, of_thread)).status() == 404);

  NewAssistant wanted;
  wanted.graph_id = "echo";
  const storage::AssistantId assistant_id = get(services.assistants.create(ann, wanted)).assistant_id;
  CronFields by_id = fields();
  by_id.assistant_id = assistant_id.text();
  const storage::CronId of_assistant = made(by_id).cron_id;
  CHECK(get(crons.get(ann, of_assistant)).assistant_id == assistant_id);
  get(services.assistants.erase(ann, assistant_id.text(), DeleteThreads::no));
  CHECK(refusal(crons.get(ann, of_assistant)).status() == 404);
}

TEST_CASE_METHOD(CronFixture, "Crons are found by their assistant, under its id or its graph's") {
  made();
  CronFields nested = fields();
  nested.assistant_id = "nested";
  const storage::Cron other = made(nested);
  CronSearch search;
  search.query.owner = ann;
  CHECK(get(crons.count(search)) == 2);
  for (const std::string& name : {std::string("nested"), other.assistant_id.text()}) {
    search.assistant_id = name;
    const storage::Found<storage::Cron> found = get(crons.search(search));
    REQUIRE(found.records.size() == 1);
    CHECK(found.records[0].cron_id == other.cron_id);
    CHECK(get(crons.count(search)) == 1);
  }
  search.assistant_id = "nobody";
  CHECK(get(crons.search(search)).total == 0);
  CHECK(get(crons.count(search)) == 0);
}

}  // namespace heddle::api
