#include "api/runs/cron_scheduler.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "api/runs/cron_schedule.h"
#include "tests/api/services/service_fixture.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// The clock stands at 2026-11-22T00:00:00Z, a Sunday, until a test moves it.
class SchedulerFixture : public test::ServiceFixture {
 public:
  // Its threads are kept, so that its runs can be counted.
  storage::Cron made(CronFields fields, std::optional<storage::ThreadId> thread_id = std::nullopt) {
    if (!fields.assistant_id) fields.assistant_id = "echo";
    if (!fields.on_run_completed) fields.on_run_completed = storage::OnCompletion::keep;
    return get(services.crons.create(ann, thread_id, std::move(fields)));
  }
  storage::Cron made(const std::string& schedule) {
    CronFields fields;
    fields.schedule = schedule;
    return made(std::move(fields));
  }
  storage::ThreadId made_thread() { return get(services.threads.create(ann, NewThread{})).thread.thread_id; }

  std::optional<storage::Timestamp> fire() { return get(services.cron_scheduler.fire_due()); }

  // Those on its threads, oldest first.
  std::vector<storage::Run> runs_of(const storage::Cron& cron) {
    const std::string mark = runtime::to_text(json::object{{"cron_id", cron.cron_id.text()}});
    return get(storage->read([this, mark, cron](const storage::Snapshot& snapshot) {
      storage::ThreadQuery query;
      query.owner = ann;
      query.order = storage::SortOrder::ascending;
      query.page.limit = 1000;
      std::vector<storage::Run> runs;
      for (const storage::Thread& thread : snapshot.threads().search(query).records) {
        const storage::RunQuery of_thread{ann, thread.thread_id, std::nullopt, {mark}, {1000, 0}};
        for (storage::Run& run : snapshot.runs().list(of_thread)) runs.push_back(std::move(run));
      }
      return runs;
    }));
  }

  storage::Cron now_of(const storage::Cron& cron) { return get(services.crons.get(ann, cron.cron_id)); }

  storage::Timestamp midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

  SchedulerFixture() { get(services.assistants.make_defaults()); }
};

}  // namespace

TEST_CASE_METHOD(SchedulerFixture,
                 "A cron makes a run when its time has come, not before, and then waits for the next") {
  CronFields fields;
  fields.schedule = "*/5 * * * *";
  fields.metadata = object(R"({"team":"a"})");
  fields.payload = object(R"({"input":{"text":"hi"},"config":{"tags":["t"]}})");
  const storage::Cron cron = made(std::move(fields));
  CHECK(cron.next_run_date == midnight + minutes{5});

  clock.advance(minutes{4});
  fire();
  CHECK(runs_of(cron).empty());
  clock.advance(minutes{1});
  fire();
  fire();
  const std::vector<storage::Run> runs = runs_of(cron);
  REQUIRE(runs.size() == 1);
  const json::object metadata = object(runs[0].metadata_json);
  CHECK(metadata.at("cron_id") == json::value(cron.cron_id.text()));
  CHECK(metadata.at("team") == "a");
  const json::object kwargs = object(runs[0].kwargs_json);
  CHECK(kwargs.at("input") == json::value{{"text", "hi"}});
  CHECK(kwargs.at("config").at("tags") == json::array{"t"});
  CHECK(runs[0].on_completion == storage::OnCompletion::keep);
  CHECK(now_of(cron).next_run_date == midnight + minutes{10});
}

TEST_CASE_METHOD(SchedulerFixture, "Every time makes a thread of its own, which goes after the run unless it is kept") {
  CronFields fields;
  fields.schedule = "* * * * *";
  fields.on_run_completed = storage::OnCompletion::delete_thread;
  const storage::Cron fleeting = made(std::move(fields));
  const storage::Cron kept = made("* * * * *");
  for (int i = 0; i < 3; ++i) {
    clock.advance(minutes{1});
    fire();
  }
  const std::vector<storage::Run> runs = runs_of(kept);
  REQUIRE(runs.size() == 3);
  CHECK(runs[0].thread_id != runs[1].thread_id);
  CHECK(runs[1].thread_id != runs[2].thread_id);
  // Each turn waits for the storage to answer, not for time to pass.
  for (int i = 0; i < 1000 && queue.in_flight() > 0; ++i) runs_of(kept);
  CHECK(runs_of(fleeting).empty());
}

TEST_CASE_METHOD(SchedulerFixture, "Times that were missed are made up by one run, and the next counts from now") {
  const storage::Cron cron = made("0 * * * *");
  clock.set(midnight + hours{7} + minutes{20});
  fire();
  fire();
  CHECK(runs_of(cron).size() == 1);
  CHECK(now_of(cron).next_run_date == midnight + hours{8});
}

TEST_CASE_METHOD(SchedulerFixture, "A cron of a thread runs there, one run after the other") {
  const storage::ThreadId thread_id = made_thread();
  CronFields fields;
  fields.schedule = "* * * * *";
  const storage::Cron cron = made(std::move(fields), thread_id);
  for (int i = 0; i < 2; ++i) {
    clock.advance(minutes{1});
    fire();
  }
  const std::vector<storage::Run> runs = runs_of(cron);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].thread_id == thread_id);
  CHECK(runs[1].thread_id == thread_id);
  CHECK(runs[0].multitask_strategy == storage::MultitaskStrategy::enqueue);
  CHECK(runs[0].on_completion == storage::OnCompletion::keep);
}

TEST_CASE_METHOD(SchedulerFixture, "With `reject` a time at which the thread is busy passes without a run") {
  const storage::ThreadId thread_id = made_thread();
  CronFields fields;
  fields.schedule = "* * * * *";
  fields.payload = object(R"({"multitask_strategy":"reject"})");
  const storage::Cron cron = made(std::move(fields), thread_id);
  get(storage->commit([this, thread_id](storage::Transaction& tx) {
    storage::Run busy;
    busy.run_id = storage::RunId{runtime::uuid4()};
    busy.thread_id = thread_id;
    busy.owner = ann;
    tx.runs().insert(busy);
  }));
  clock.advance(minutes{1});
  fire();
  CHECK(runs_of(cron).empty());
  CHECK(now_of(cron).next_run_date == midnight + minutes{2});
}

TEST_CASE_METHOD(SchedulerFixture, "A thread that is missing is made by the first run if the cron says so") {
  const storage::ThreadId thread_id{runtime::uuid4()};
  CronFields fields;
  fields.schedule = "* * * * *";
  fields.payload = object(R"({"if_not_exists":"create"})");
  const storage::Cron cron = made(std::move(fields), thread_id);
  clock.advance(minutes{1});
  fire();
  CHECK(get(services.threads.get(ann, thread_id)).thread.thread_id == thread_id);
  CHECK(runs_of(cron).size() == 1);
}

TEST_CASE_METHOD(SchedulerFixture, "A cron that is disabled, over or deleted does not fire") {
  CronFields ending;
  ending.schedule = "* * * * *";
  ending.end_time = midnight + minutes{2};
  const storage::Cron over = made(std::move(ending));
  const storage::Cron disabled = made("* * * * *");
  CronFields off;
  off.enabled = false;
  CHECK_FALSE(get(services.crons.patch(ann, disabled.cron_id, off)).next_run_date);
  const storage::Cron gone = made("* * * * *");
  get(services.crons.erase(ann, gone.cron_id));
  for (int i = 0; i < 4; ++i) {
    clock.advance(minutes{1} + std::chrono::milliseconds{3});
    fire();
  }
  CHECK(runs_of(over).size() == 2);
  CHECK_FALSE(now_of(over).next_run_date);
  CHECK(runs_of(disabled).empty());
  CHECK(runs_of(gone).empty());
}

TEST_CASE_METHOD(SchedulerFixture, "What was missed before its end is not made up after it") {
  CronFields fields;
  fields.schedule = "0 * * * *";
  fields.end_time = midnight + hours{2};
  const storage::Cron cron = made(std::move(fields));
  clock.advance(hours{3});
  fire();
  CHECK(runs_of(cron).empty());
  CHECK_FALSE(now_of(cron).next_run_date);
}

TEST_CASE_METHOD(SchedulerFixture, "A cron waits while too many runs wait, and fires as soon as there is room") {
  const storage::Cron cron = made("0 * * * *");
  clock.advance(hours{1} + minutes{1});
  settings.runs_queued_max = 0;
  CHECK(fire() == clock.now() + seconds{5});
  CHECK(runs_of(cron).empty());
  CHECK(now_of(cron).next_run_date == midnight + hours{1});
  settings.runs_queued_max = 100;
  fire();
  CHECK(runs_of(cron).size() == 1);
}

TEST_CASE_METHOD(SchedulerFixture, "A cron that can make no run is left out this time and holds up no other") {
  const storage::AssistantId id{runtime::uuid4()};
  get(storage->commit([this, id](storage::Transaction& tx) {
    storage::Assistant assistant;
    assistant.assistant_id = id;
    assistant.owner = ann;
    assistant.graph_id = "no longer served";
    tx.assistants().insert(assistant);
    storage::Cron broken;
    broken.cron_id = storage::CronId{runtime::uuid4()};
    broken.owner = ann;
    broken.assistant_id = id;
    broken.schedule = "* * * * *";
    broken.next_run_date = midnight + seconds{1};
    tx.crons().insert(broken);
    broken.cron_id = storage::CronId{runtime::uuid4()};
    broken.timezone = "No/Zone";
    tx.crons().insert(broken);
  }));
  const storage::Cron cron = made("* * * * *");
  clock.advance(minutes{1});
  fire();
  CHECK(runs_of(cron).size() == 1);
  CHECK(fire() == midnight + minutes{1} + seconds{10});
  const auto due = get(storage->read(
      [this](const storage::Snapshot& snapshot) { return snapshot.crons().due(clock.now(), 10).size(); }));
  CHECK(due == 0);
}

TEST_CASE_METHOD(SchedulerFixture, "One time gives one run, also if it is taken twice") {
  const storage::Cron cron = made("* * * * *");
  clock.advance(minutes{1});
  RunOrigin origin;
  origin.claim = CronClaim{cron.cron_id, *cron.next_run_date, midnight + minutes{2}};
  const auto request = [&cron] {
    RunRequest wanted;
    wanted.assistant_id = "echo";
    wanted.metadata["cron_id"] = cron.cron_id.text();
    wanted.on_completion = storage::OnCompletion::keep;
    return wanted;
  };
  get(services.runs.create(api::Caller{ann}, origin, request()));
  CHECK(refusal(services.runs.create(api::Caller{ann}, origin, request())).status() == 409);
  fire();
  CHECK(runs_of(cron).size() == 1);
}

TEST_CASE_METHOD(SchedulerFixture, "A look fires a bounded number of crons and says that there are more") {
  std::vector<storage::Cron> crons;
  for (int i = 0; i < 70; ++i) crons.push_back(made("0 * * * *"));
  clock.advance(hours{1});
  CHECK(fire() == clock.now());
  std::size_t fired = 0;
  for (const storage::Cron& cron : crons) fired += runs_of(cron).size();
  CHECK(fired == 64);
  fire();
  fired = 0;
  for (const storage::Cron& cron : crons) fired += runs_of(cron).size();
  CHECK(fired == 70);
}

TEST_CASE_METHOD(SchedulerFixture,
                 "The next look is when the next cron is due, but soon enough for a clock that jumps") {
  CHECK_FALSE(fire());
  made("0 * * * *");
  CHECK(fire() == midnight + seconds{10});
  made("3 * * * * *");
  CHECK(fire() == midnight + seconds{3});
}

TEST_CASE_METHOD(SchedulerFixture, "A clock that was far ahead does not silence crons when it is set right") {
  const storage::Cron cron = made("0 * * * *");
  clock.set(midnight + hours{24 * 365});
  fire();
  CHECK(now_of(cron).next_run_date == midnight + hours{24 * 365 + 1});
  clock.set(midnight + minutes{30});
  fire();
  CHECK(now_of(cron).next_run_date == midnight + hours{1});
}

TEST_CASE_METHOD(SchedulerFixture, "A clock that is adjusted by a moment does not fire the same time twice") {
  const storage::Cron cron = made("0 * * * *");
  clock.set(midnight + hours{1} + seconds{1});
  fire();
  clock.set(midnight + hours{1} - seconds{1});
  fire();
  clock.set(midnight + hours{1} + seconds{2});
  fire();
  CHECK(runs_of(cron).size() == 1);
}

TEST_CASE_METHOD(SchedulerFixture, "A started scheduler fires by itself, wakes for a new cron, and stops") {
  services.cron_scheduler.start();
  io.restart();
  io.poll();
  const storage::Cron cron = made("0 0 1 1 *");
  get(storage->commit([cron](storage::Transaction& tx) {
    storage::Cron due = cron;
    due.next_run_date = storage::Timestamp{};
    tx.crons().update(due);
  }));
  services.cron_scheduler.look_again();
  // Each turn waits for the storage to answer, not for time to pass.
  for (int i = 0; i < 1000 && runs_of(cron).empty(); ++i) {
  }
  CHECK(runs_of(cron).size() == 1);
  get(services.cron_scheduler.stop());
}

}  // namespace heddle::api
