// A run that is deleted while another one goes on from what it has left.

#include <catch2/catch.hpp>
#include <string>

#include "tests/api/runs/server_fixture.h"

using namespace heddle;
using namespace heddle::test;

namespace {

// So long that it stands apart from the checkpoints that name it.
const std::string kTag(2'000, 't');

class DeletedRunFixture : public ServerFixture {
 public:
  // A run that leaves kTag in the state of the thread, and has ended.
  std::string leave_tag() {
    const std::string run = begin(R"({"assistant_id":"delay","input":{"tag":")" + kTag + R"("}})");
    ask(*server, "GET", runs + "/" + run + "/join");
    return run;
  }
  // One that keeps that and has nothing stored before its end.
  std::string go_on(int milliseconds) {
    return begin(R"({"assistant_id":"delay","durability":"exit","input":{"ms":)" + std::to_string(milliseconds) + "}}");
  }
  std::string delete_run(const std::string& run) { return ask(*server, "DELETE", runs + "/" + run); }
  bool is_there(const std::string& run) {
    return ask(*server, "GET", runs + "/" + run).find("200 OK") != std::string::npos;
  }
  std::string state() { return ask(*server, "GET", "/threads/" + thread + "/state"); }

  std::unique_ptr<api::Server> server = start();
  std::string thread = new_thread(*server);
  std::string runs = "/threads/" + thread + "/runs";

 private:
  std::string begin(const std::string& body) {
    return std::string(json_in(ask(*server, "POST", runs, body)).at("run_id").as_string());
  }
};

}  // namespace

TEST_CASE_METHOD(DeletedRunFixture,
                 "What a run in flight goes on from is deleted when that run has it in its own state") {
  const std::string first = leave_tag();
  const std::string second = go_on(300);
  CHECK(delete_run(first).find("204 No Content") != std::string::npos);
  CHECK_FALSE(is_there(first));
  ask(*server, "GET", runs + "/" + second + "/join");
  CHECK(state().find(kTag) != std::string::npos);
  // From the file, and not from what is kept in memory.
  server.reset();
  server = start();
  CHECK(state().find(kTag) != std::string::npos);
  const std::string history = ask(*server, "GET", "/threads/" + thread + "/history?limit=100");
  CHECK(history.find(first) == std::string::npos);
}

TEST_CASE_METHOD(DeletedRunFixture, "A run is not deleted while another one goes on from it and will not end soon") {
  const std::string first = leave_tag();
  const std::string second = go_on(60'000);
  const std::string refused = delete_run(first);
  CHECK(refused.find("409 Conflict") != std::string::npos);
  CHECK(refused.find(second) != std::string::npos);
  CHECK(is_there(first));
  CHECK(state().find(kTag) != std::string::npos);
  ask(*server, "POST", runs + "/" + second + "/cancel?wait=true");
  CHECK(delete_run(first).find("204 No Content") != std::string::npos);
  CHECK_FALSE(is_there(first));
}
