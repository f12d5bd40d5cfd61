#include "api/services/thread_stream.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/api/runs/event_reader.h"
#include "tests/api/runs/server_fixture.h"

using namespace heddle;
using namespace heddle::test;

namespace {

using Names = std::vector<std::string>;

Names names_of(const std::vector<SeenEvent>& events) {
  Names names;
  for (const SeenEvent& event : events) names.push_back(event.name);
  return names;
}

struct ThreadStreamFixture : ServerFixture {
  std::unique_ptr<api::Server> server = start();
  std::string thread = new_thread(*server);
  std::string path = "/threads/" + thread + "/stream";

  std::string wait(const std::string& body) { return ask(*server, "POST", "/threads/" + thread + "/runs/wait", body); }
  std::string start_run(const std::string& body) {
    return std::string(json_in(ask(*server, "POST", "/threads/" + thread + "/runs", body)).at("run_id").as_string());
  }
  EventReader reader(const std::string& query = "", const std::string& last_id = "") {
    return EventReader(*server, path + query, last_id.empty() ? "" : "last-event-id: " + last_id + "\r\n");
  }
};

const std::string kLinear = R"({"assistant_id":"linear","input":{"text":"a"}})";
const Names kLinearRun{"metadata", "values", "values", "values", "run_done"};

}  // namespace

TEST_CASE("A place in the stream of a thread is named by its event id, and other texts are none") {
  const std::optional<api::ThreadPlace> place = api::place_after("1795354853581-242000000007");
  REQUIRE(place);
  CHECK(place->begun.time_since_epoch().count() == 1795354853581242);
  CHECK(place->next == 8);
  for (const char* text : {"", "-", "-1", "7", "7-", "-7", "7-x", "x-7", "7-7 ", "-7-7", "7-1000000000000",
                           "99999999999999999-1", "7-99999999999999999999", "7--1"}) {
    INFO(text);
    CHECK_FALSE(api::place_after(text));
  }
}

TEST_CASE_METHOD(ThreadStreamFixture, "A reader of a thread gets the events of run after run, and the end of each") {
  wait(kLinear);  // before it came: not sent
  EventReader live = reader();
  CHECK(live.head.find("content-type: text/event-stream") != std::string::npos);
  CHECK(live.head.find("location: " + path + "\r\n") != std::string::npos);
  const std::string first = start_run(kLinear);
  live.until("run_done");
  const std::string second = start_run(R"({"assistant_id":"faulty","input":{"mode":"conflict"}})");
  const std::vector<SeenEvent> events = live.until("run_done", 2);

  Names expected = kLinearRun;
  Names names = names_of(events);
  REQUIRE(names.size() > expected.size());
  CHECK(Names(names.begin(), names.begin() + 5) == expected);
  CHECK(events[0].data == R"({"run_id":")" + first + R"(","attempt":1})");
  CHECK(events[4].data == R"({"run_id":")" + first + R"(","status":"success"})");
  CHECK(names[5] == "metadata");
  CHECK(names[names.size() - 2] == "error");
  CHECK(events.back().data == R"({"run_id":")" + second + R"(","status":"error"})");
}

TEST_CASE_METHOD(ThreadStreamFixture, "A reader that comes back after any event gets exactly what followed it") {
  wait(kLinear);
  wait(R"({"assistant_id":"approval","input":{"request":"r"},"stream_mode":["updates","values"]})");
  wait(R"({"assistant_id":"approval","command":{"resume":"yes"},"stream_mode":"updates"})");
  const std::vector<SeenEvent> all = reader("", "-").until("run_done", 3);
  std::set<std::string> ids;
  for (const SeenEvent& event : all) CHECK(ids.insert(event.id).second);
  CHECK(all.back().name == "run_done");

  server.reset();
  server = start();
  for (std::size_t k = 0; k + 1 < all.size(); ++k) {
    INFO("after event " << k << ", " << all[k].name << " " << all[k].id);
    const std::vector<SeenEvent> tail(all.begin() + static_cast<std::ptrdiff_t>(k) + 1, all.end());
    std::size_t ends = 0;
    for (const SeenEvent& event : tail) ends += event.name == "run_done" ? 1 : 0;
    CHECK(reader("", all[k].id).until("run_done", ends) == tail);
  }
  CHECK(reader("", "no id of ours").until("run_done", 3) == all);

  // After the last one there is nothing until the next run begins.
  EventReader last = reader("", all.back().id);
  wait(kLinear);
  CHECK(names_of(last.until("run_done")) == kLinearRun);
}

TEST_CASE_METHOD(ThreadStreamFixture,
                 "A reader that comes in the middle of a run gets what follows, and all if it asks") {
  const std::string run =
      start_run(R"({"assistant_id":"delay","input":{"tag":"a","ms":300,"naps":3},"stream_mode":"updates"})");
  EventReader other = reader("", "-");
  const std::size_t before = other.until("updates").size();
  EventReader live = reader();
  const std::vector<SeenEvent> whole = other.until("run_done");
  const std::vector<SeenEvent> tail = live.until("run_done");
  REQUIRE(tail.size() <= whole.size() - before);
  REQUIRE(tail.size() > 1);
  CHECK(tail == std::vector<SeenEvent>(whole.end() - static_cast<std::ptrdiff_t>(tail.size()), whole.end()));
  CHECK(whole.front().name == "metadata");
  CHECK(whole.back().data.find(run) != std::string::npos);
}

TEST_CASE_METHOD(ThreadStreamFixture, "A reader is told of the end of a run that was cancelled before it began") {
  EventReader live = reader();
  const std::string working = start_run(R"({"assistant_id":"delay","input":{"tag":"a","ms":60000}})");
  const std::string queued = start_run(R"({"assistant_id":"linear","input":{},"multitask_strategy":"enqueue"})");
  const std::string runs = "/threads/" + thread + "/runs/";
  ask(*server, "POST", runs + queued + "/cancel?wait=true");
  ask(*server, "POST", runs + working + "/cancel?wait=true");
  const std::vector<SeenEvent> events = live.until("run_done", 2);
  CHECK(events[events.size() - 2].data == R"({"run_id":")" + working + R"(","status":"interrupted"})");
  CHECK(events.back().data == R"({"run_id":")" + queued + R"(","status":"interrupted"})");
  CHECK(reader("", "-").until("run_done", 2) == events);
}

TEST_CASE_METHOD(ThreadStreamFixture, "A reader is told of the end of a run that no start could take up") {
  const std::string working = start_run(R"({"assistant_id":"delay","input":{"tag":"a","ms":60000}})");
  const std::string queued = start_run(R"({"assistant_id":"linear","input":{},"multitask_strategy":"enqueue",)"
                                       R"("config":{"configurable":{"_credentials":{"refreshToken":"gone"}}}})");
  server.reset();
  server = start();
  EventReader live = reader("", "-");
  ask(*server, "POST", "/threads/" + thread + "/runs/" + working + "/cancel?wait=true");
  const std::vector<SeenEvent> events = live.until("run_done", 2);
  CHECK(events.back().data == R"({"run_id":")" + queued + R"(","status":"error"})");
}

TEST_CASE_METHOD(ThreadStreamFixture, "Of a lifecycle only starts and ends of runs are sent") {
  EventReader live = reader("?stream_mode=lifecycle");
  wait(kLinear);
  wait(kLinear);
  CHECK(names_of(live.until("run_done", 2)) == Names{"metadata", "run_done", "metadata", "run_done"});
  CHECK(names_of(reader("?stream_modes=lifecycle", "-").until("run_done", 2)) ==
        Names{"metadata", "run_done", "metadata", "run_done"});
}

TEST_CASE_METHOD(ThreadStreamFixture, "A state is sent after each run and after an update by hand, and once") {
  wait(kLinear);
  EventReader live = reader("?stream_mode=state_update");
  wait(kLinear);
  std::vector<SeenEvent> states = live.until("state_update");
  CHECK(states.back().data.find(R"("values":{"text":"a|first|second","log":["first","second","first","second"])") !=
        std::string::npos);
  ask(*server, "POST", "/threads/" + thread + "/state", R"({"values":{"text":"by hand"}})");
  states = live.until("state_update", 2);
  CHECK(states.back().data.find(R"("text":"by hand")") != std::string::npos);
  CHECK(states.size() == 2);
  const std::string head(
      json_in(ask(*server, "GET", "/threads/" + thread + "/state")).at("checkpoint").at("checkpoint_id").as_string());
  CHECK(states.back().data.find(head) != std::string::npos);

  // Who has seen the first gets the second; who has seen both waits for the next.
  EventReader again = reader("?stream_mode=state_update", states[0].id);
  CHECK(again.until("state_update") == std::vector<SeenEvent>{states[1]});
  EventReader done = reader("?stream_mode=state_update", states[1].id);
  wait(kLinear);
  CHECK(done.until("state_update").size() == 1);
}

TEST_CASE_METHOD(ThreadStreamFixture, "Runs and states are told together in the order in which they happened") {
  EventReader live = reader("?stream_mode=lifecycle,state_update");
  wait(kLinear);
  live.until("state_update");
  wait(kLinear);
  CHECK(names_of(live.until("state_update", 2)) ==
        Names{"metadata", "run_done", "state_update", "metadata", "run_done", "state_update"});
}

TEST_CASE_METHOD(ThreadStreamFixture, "The stream of a thread ends when the thread is deleted or the server stops") {
  EventReader deleted = reader();
  const std::string run =
      start_run(R"({"assistant_id":"delay","input":{"tag":"a","ms":60000},"stream_mode":"updates"})");
  deleted.until("metadata");
  ask(*server, "DELETE", "/threads/" + thread);
  CHECK(deleted.to_end().back().data == R"({"run_id":")" + run + R"(","status":"interrupted"})");
  CHECK(ask(*server, "GET", path).starts_with("HTTP/1.1 404"));

  thread = new_thread(*server);
  path = "/threads/" + thread + "/stream";
  EventReader idle = reader();
  server->stop();
  CHECK(idle.to_end().empty());
}

TEST_CASE_METHOD(ThreadStreamFixture, "A run that a stop leaves to the next start goes on in the stream where it was") {
  EventReader live = reader();
  start_run(R"({"assistant_id":"delay","input":{"tag":"a","ms":600,"naps":2},"stream_mode":"updates"})");
  live.until("metadata");
  server->stop();
  const std::vector<SeenEvent> before = live.to_end();
  for (const SeenEvent& event : before) CHECK(event.name != "run_done");
  server.reset();
  server = start();
  const std::vector<SeenEvent> after = reader("", before.back().id).until("run_done");
  CHECK(after.back().data.find("success") != std::string::npos);
  CHECK(after.front().data.find(R"("attempt":2)") != std::string::npos);
}

TEST_CASE_METHOD(ThreadStreamFixture, "The stream of a thread says what does not fit") {
  CHECK(ask(*server, "GET", path + "?stream_mode=values").starts_with("HTTP/1.1 400"));
  CHECK(ask(*server, "GET", path + "?stream_modes=nope").find(R"("path":["stream_modes"])") != std::string::npos);
  CHECK(ask(*server, "GET", "/threads/x/stream").starts_with("HTTP/1.1 400"));
  CHECK(ask(*server, "GET", "/threads/01a2037e-48fd-71b5-8e44-d0fb80070177/stream").starts_with("HTTP/1.1 404"));
}

TEST_CASE_METHOD(ThreadStreamFixture, "The thread of a run that is stored nowhere can be read while the run works") {
  EventReader run(
      *server, "/runs/stream", "",
      R"({"assistant_id":"delay","input":{"tag":"a","ms":300,"naps":2},"stream_mode":["debug","updates"]})");
  const boost::json::value first = runtime::parse_json(run.until("debug")[1].data);
  const std::string id(first.at("payload").at("checkpoint").at("thread_id").as_string());
  EventReader of_thread(*server, "/threads/" + id + "/stream", "last-event-id: -\r\n");
  const std::vector<SeenEvent> events = of_thread.to_end();
  CHECK(names_of(events).front() == "metadata");
  CHECK(events.back().name == "run_done");
  CHECK(events.size() == run.to_end().size() + 1);
}
