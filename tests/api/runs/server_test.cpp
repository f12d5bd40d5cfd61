// The whole server in one process: what cannot be said in a scenario file.

#include "api/server.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <sstream>
#include <string>

#include "storage/error.h"
#include "tests/api/runs/server_fixture.h"
#include "tests/support/file_size_limit.h"

using namespace heddle;
using namespace heddle::test;

namespace {

// Returns when the state of the thread holds `text`.
void see_in_state(const api::Server& server, const std::string& thread, const std::string& text) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (ask(server, "GET", "/threads/" + thread + "/state").find(text) == std::string::npos) {
    if (std::chrono::steady_clock::now() > end) FAIL("the state never held " + text);
  }
}

}  // namespace

TEST_CASE_METHOD(ServerFixture, "A credential is in no file, no log and no answer, and not in the next run") {
  const std::string canary = "canary-3f9c1b7e";
  auto server = start();
  const std::string thread = new_thread(*server);
  const std::string body =
      R"({"assistant_id":"creds","input":{"ask":"x"},"stream_mode":["values","debug","tasks","events","updates"],)"
      R"("context":{"_more":")" +
      canary + R"("},"config":{"configurable":{"_credentials":{"refreshToken":")" + canary + R"("}}}})";
  std::string said = ask(*server, "POST", "/threads/" + thread + "/runs/stream", body);
  CHECK(said.find("\"has_credentials\":true") != std::string::npos);
  said += ask(*server, "POST", "/threads/" + thread + "/runs", body);
  const std::string next = ask(*server, "POST", "/threads/" + thread + "/runs/stream",
                               R"({"assistant_id":"creds","input":{"ask":"y"},"multitask_strategy":"enqueue"})");
  CHECK(next.find("\"has_credentials\":false") != std::string::npos);
  for (const std::string path : {"", "/state", "/history", "/runs"})
    said += ask(*server, "GET", "/threads/" + thread + path);
  said += next + ask(*server, "POST", "/threads/search", "{}");
  CHECK_FALSE(some_file_holds(folder.path(), canary));
  server.reset();  // its threads write the log
  said += logged;
  CHECK(said.find(canary) == std::string::npos);
  CHECK_FALSE(some_file_holds(folder.path(), canary));
}

TEST_CASE_METHOD(ServerFixture, "A run with credentials that a restart interrupted ends with an error that says so") {
  auto server = start();
  const std::string thread = new_thread(*server);
  const std::string runs = "/threads/" + thread + "/runs";
  const std::string body = R"({"assistant_id":"delay","input":{"tag":"a","ms":400,"naps":9},"config":{"configurable":{)"
                           R"("_credentials":{"refreshToken":"canary-81c2d4"}}}})";
  const std::string run(json_in(ask(*server, "POST", runs, body)).at("run_id").as_string());
  server->stop();
  server.reset();
  server = start();
  CHECK(json_in(ask(*server, "GET", runs + "/" + run)).at("status") == "error");
  const std::string said = ask(*server, "GET", runs + "/" + run + "/join");
  CHECK(said.find("CredentialsLost") != std::string::npos);
  CHECK(said.find("Send the request again") != std::string::npos);
  CHECK(json_in(ask(*server, "GET", "/threads/" + thread)).at("status") == "error");
  const std::string again =
      ask(*server, "POST", runs + "/wait", R"({"assistant_id":"delay","input":{"tag":"b","ms":1,"naps":1}})");
  CHECK(again.find("b:after") != std::string::npos);
  CHECK_FALSE(some_file_holds(folder.path(), "canary-81c2d4"));
}

TEST_CASE_METHOD(ServerFixture, "A second server on the same file is refused with a text that says what to do") {
  const auto server = start();
  try {
    const auto second = start();
    FAIL("a second server started");
  } catch (const storage::StorageError& error) {
    CHECK(std::string(error.what()).find("held by another") != std::string::npos);
  }
}

TEST_CASE_METHOD(ServerFixture, "A server that stops in the middle of a run leaves it to the next start") {
  auto server = start();
  const std::string thread = new_thread(*server);
  const std::string run(
      json_in(ask(*server, "POST", "/threads/" + thread + "/runs",
                  R"({"assistant_id":"delay","input":{"tag":"a","ms":400,"naps":2},"stream_mode":"updates"})"))
          .at("run_id")
          .as_string());
  server->stop();
  server.reset();
  server = start();
  const std::string joined = ask(*server, "GET", "/threads/" + thread + "/runs/" + run + "/join");
  CHECK(joined.find(R"("log":["a:before","a:nap1","a:nap2","a:after"])") != std::string::npos);
  const std::string replay = ask(*server, "GET", "/threads/" + thread + "/runs/" + run + "/stream");
  CHECK(replay.find("\"attempt\":2") != std::string::npos);
  CHECK(replay.find("a:after") != std::string::npos);
}

TEST_CASE_METHOD(ServerFixture, "A run that meets a full disk ends in an error as soon as that can be stored") {
  std::atomic<bool> waits_for_room{false};
  runtime::Log own_log(clock, runtime::LogLevel::debug, [&waits_for_room](std::string_view line) {
    if (line.find("which is tried again") != std::string_view::npos) waits_for_room = true;
  });
  graphs::Registry registry;
  fixtures::add_fixture_graphs(registry);
  api::Server server(settings(), std::move(registry), own_log);
  const std::string thread = new_thread(server);
  // Stored with the run, and again with each of its checkpoints.
  const std::string body = R"({"assistant_id":"linear","input":{"text":")" + std::string(350'000, 'x') + R"("}})";
  std::future<std::string> answer;
  {
    const FileSizeLimit limit(1'000'000);
    answer = std::async(std::launch::async, [&server, &thread, &body] {
      return ask(server, "POST", "/threads/" + thread + "/runs/wait", body);
    });
    // Its end fits, or it waits.
    while (!waits_for_room && answer.wait_for(std::chrono::milliseconds{10}) != std::future_status::ready) continue;
  }
  const std::string text = answer.get();
  INFO(text);
  // From whichever was the first that could not be stored.
  const bool says_why = text.find("disk I/O error") != std::string::npos;
  CHECK((says_why || text.find("could not be stored") != std::string::npos));
  CHECK(json_in(ask(server, "GET", "/threads/" + thread)).at("status") == "error");
  const std::string runs = ask(server, "GET", "/threads/" + thread + "/runs");
  CHECK(runs.find(R"("status":"error")") != std::string::npos);

  // It is not in the way of the next.
  const std::string next =
      ask(server, "POST", "/threads/" + thread + "/runs/wait", R"({"assistant_id":"linear","input":{"text":"y"}})");
  CHECK(next.find("y|first|second") != std::string::npos);
}

TEST_CASE_METHOD(ServerFixture, "A run whose steps end the server is given up after three attempts that led nowhere") {
  auto server = start();
  const std::string thread = new_thread(*server);
  const std::string runs = "/threads/" + thread + "/runs";
  const std::string body = R"({"assistant_id":"delay","input":{"tag":"a","ms":600000}})";
  const std::string run(json_in(ask(*server, "POST", runs, body)).at("run_id").as_string());
  see_in_state(*server, thread, R"("next":["nap"])");
  // The first attempt came to a checkpoint, the three after it to none.
  for (int attempt = 2; attempt <= 4; ++attempt) {
    server->stop();
    server.reset();
    server = start();
    INFO("attempt " << attempt);
    CHECK(json_in(ask(*server, "GET", runs + "/" + run)).at("status") != "error");
  }
  server->stop();
  server.reset();
  server = start();
  CHECK(json_in(ask(*server, "GET", runs + "/" + run)).at("status") == "error");
  const std::string said = ask(*server, "GET", runs + "/" + run + "/join");
  CHECK(said.find("Run " + run + " exceeded max attempts") != std::string::npos);
}

TEST_CASE_METHOD(ServerFixture,
                 "A stream that has ended is read again from any event, and whole for an id that is none") {
  const auto server = start();
  const std::string thread = new_thread(*server);
  const std::string first =
      ask(*server, "POST", "/threads/" + thread + "/runs/stream",
          R"({"assistant_id":"chat","input":{"messages":"a b c"},"stream_mode":["messages-tuple","values"]})");
  const std::string run(json_in(ask(*server, "GET", "/threads/" + thread + "/runs")).at(0).at("run_id").as_string());
  const auto events = [](const std::string& answer) {
    std::string kept;
    for (std::size_t at = answer.find("event: "); at != std::string::npos; at = answer.find("event: ", at + 1)) {
      kept += answer.substr(at, answer.find("\n\n", at) + 2 - at);
    }
    return kept;
  };
  const auto rejoined = [&](const std::string& last) {
    return events(
        ask(*server, "GET", "/threads/" + thread + "/runs/" + run + "/stream", "", "last-event-id: " + last + "\r\n"));
  };
  const std::string whole = events(first);
  CHECK(rejoined("-1") == whole);
  CHECK(rejoined("4711") == whole);
  for (std::size_t at = whole.find("id: "); at != std::string::npos; at = whole.find("\nid: ", at + 1)) {
    const std::size_t start_of_id = whole.find_first_of("0123456789", at);
    const std::size_t end_of_event = whole.find("\n\n", start_of_id) + 2;
    CHECK(rejoined(whole.substr(start_of_id, end_of_event - 2 - start_of_id)) == whole.substr(end_of_event));
  }
}

TEST_CASE_METHOD(ServerFixture, "A stream that is silent sends heartbeats") {
  const auto server = start();
  const std::string thread = new_thread(*server);
  const std::string said = ask(*server, "POST", "/threads/" + thread + "/runs/stream",
                               R"({"assistant_id":"delay","input":{"tag":"a","ms":300},"stream_mode":"updates"})");
  CHECK(said.find(": heartbeat\n") != std::string::npos);
  CHECK(said.find("a:after") != std::string::npos);
}

TEST_CASE_METHOD(ServerFixture, "A reader that names a namespace gets the events of that graph alone, live and again") {
  const auto server = start();
  const std::string thread = new_thread(*server);
  const std::string runs = "/threads/" + thread + "/runs";
  const std::string body =
      R"({"assistant_id":"nested","input":{"topic":"t"},"stream_mode":["values"],"stream_subgraphs":true})";
  const std::string all = ask(*server, "POST", runs + "/stream", body);
  const std::size_t at = all.find("event: values|") + std::string("event: values|").size();
  REQUIRE(at != std::string::npos);
  const std::string inner = all.substr(at, all.find('\n', at) - at);
  std::string encoded;
  for (const char letter : inner) encoded += letter == '|' ? std::string("%7C") : std::string(1, letter);

  const std::string run(json_in(ask(*server, "GET", runs)).at(0).at("run_id").as_string());
  const std::string joined = ask(*server, "GET", runs + "/" + run + "/stream?namespace=" + encoded);
  CHECK(joined.find("event: metadata\n") != std::string::npos);
  CHECK(joined.find("event: values|" + inner + "\n") != std::string::npos);
  CHECK(joined.find("event: values\n") == std::string::npos);

  const std::string live = ask(*server, "POST", runs + "/stream?namespace=no_such:task", body);
  CHECK(live.find("/stream?namespace=no_such:task\r\n") != std::string::npos);  // Location leads back to the same
  CHECK(live.find("event: metadata\n") != std::string::npos);
  CHECK(live.find("event: values") == std::string::npos);
}

TEST_CASE_METHOD(ServerFixture, "A server that cannot bind says which address is taken") {
  const auto first = start();
  api::ServerSettings taken = settings();
  taken.port = first->addresses().at(0).port;
  taken.storage.path = ":memory:";
  graphs::Registry registry;
  try {
    const api::Server second(taken, std::move(registry), log);
    FAIL("two servers listen on one port");
  } catch (const boost::system::system_error& error) {
    CHECK(std::string(error.what()).find(std::to_string(taken.port)) != std::string::npos);
  }
}

TEST_CASE_METHOD(ServerFixture, "A run that is cancelled as soon as it is made does not go on to its end") {
  const auto server = start();
  for (int i = 0; i < 20; ++i) {
    const std::string thread = new_thread(*server);
    const auto begun = std::chrono::steady_clock::now();
    const auto made = json_in(ask(*server, "POST", "/threads/" + thread + "/runs",
                                  R"({"assistant_id":"delay","input":{"tag":"a","ms":60000}})"));
    const std::string path = "/threads/" + thread + "/runs/" + std::string(made.at("run_id").as_string());
    CHECK(ask(*server, "POST", path + "/cancel?wait=true").starts_with("HTTP/1.1 204"));
    CHECK(json_in(ask(*server, "GET", path)).at("status") == "interrupted");
    CHECK(json_in(ask(*server, "GET", "/threads/" + thread)).at("status") == "idle");
    // Far below the nap that it would otherwise wait for.
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{30});
  }
}

TEST_CASE_METHOD(ServerFixture,
                 "A node that takes for a list what the client did not send fails its run and not the server") {
  const auto server = start();
  const std::string none = R"({"assistant_id":"chat","input":{}})";
  const std::string sent = R"({"assistant_id":"agent","command":{"goto":{"node":"agent","input":{}}}})";
  for (const std::string& body : {none, sent}) {
    const std::string said = ask(*server, "POST", "/runs/stream", body);
    CHECK(said.find(R"(event: error)") != std::string::npos);
    CHECK(said.find(R"({"error":"TypeError")") != std::string::npos);
  }
  CHECK(ask(*server, "GET", "/ok").starts_with("HTTP/1.1 200"));
}

TEST_CASE_METHOD(ServerFixture, "What the log says of a run has its id and that of the request that made it") {
  auto server = start();
  const std::string request = "x-request-id: request-4711\r\n";
  ask(*server, "POST", "/runs/wait", R"({"assistant_id":"faulty","input":{"mode":"throw"}})", request);
  ask(*server, "POST", "/threads/" + new_thread(*server) + "/runs/wait",
      R"({"assistant_id":"linear","input":{"topic":"t"}})", request);
  server.reset();  // its threads write the log
  std::size_t told = 0;
  std::istringstream lines(logged);
  for (std::string line; std::getline(lines, line);) {
    const boost::json::value entry = runtime::parse_json(line);
    const boost::json::value* const fields = entry.as_object().if_contains("fields");
    if (fields == nullptr || !fields->as_object().contains("run_id")) continue;
    INFO(line);
    CHECK(fields->at("thread_id").is_string());
    CHECK(fields->at("request_id") == "request-4711");
    ++told;
  }
  CHECK(told == 2);
  CHECK(logged.find(R"("message":"a run has failed")") != std::string::npos);
  CHECK(logged.find(R"("message":"a request was answered")") != std::string::npos);
  CHECK(logged.find("kaboom") == std::string::npos);
}

// Takes the eight seconds of the naps.
TEST_CASE_METHOD(ServerFixture, "A server that stops hands a run on between two supersteps") {
  change = [](api::ServerSettings& chosen) { chosen.drain = std::chrono::seconds{20}; };
  auto server = start();
  const std::string thread = new_thread(*server);
  const std::string runs = "/threads/" + thread + "/runs";
  const std::string body =
      R"({"assistant_id":"delay","input":{"tag":"a","ms":200,"naps":40},"config":{"recursion_limit":50},)"
      R"("stream_mode":["updates","values"]})";
  const std::string run(json_in(ask(*server, "POST", runs, body)).at("run_id").as_string());
  see_in_state(*server, thread, "a:before");
  const auto began = std::chrono::steady_clock::now();
  server.reset();
  // It has waited for one superstep, and neither for the end of the run, eight seconds later, nor for its patience.
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{4});
  server = start();
  const std::string joined = ask(*server, "GET", runs + "/" + run + "/join");
  std::string naps;
  for (int nap = 1; nap <= 40; ++nap) naps += "\"a:nap" + std::to_string(nap) + "\",";
  CHECK(joined.find(R"("log":["a:before",)" + naps + R"("a:after"])") != std::string::npos);
  const std::string events = ask(*server, "GET", runs + "/" + run + "/stream");
  CHECK(events.find("\"attempt\":2") != std::string::npos);
  CHECK(events.find("__interrupt__") == std::string::npos);
}

TEST_CASE_METHOD(ServerFixture,
                 "A run that is handed on still stops at the breakpoint of its client, and stays there") {
  change = [](api::ServerSettings& chosen) { chosen.drain = std::chrono::seconds{20}; };
  auto server = start();
  const std::string thread = new_thread(*server);
  const std::string runs = "/threads/" + thread + "/runs";
  const std::string run(
      json_in(ask(*server, "POST", runs,
                  R"({"assistant_id":"delay","input":{"tag":"a","ms":200,"naps":2},"interrupt_before":["after"]})"))
          .at("run_id")
          .as_string());
  see_in_state(*server, thread, "a:before");
  server.reset();
  for (int i = 0; i < 2; ++i) {
    server = start();
    ask(*server, "GET", runs + "/" + run + "/join");
    CHECK(json_in(ask(*server, "GET", runs + "/" + run)).at("status") == "success");
    CHECK(json_in(ask(*server, "GET", "/threads/" + thread)).at("status") == "interrupted");
    const auto state = json_in(ask(*server, "GET", "/threads/" + thread + "/state"));
    CHECK(state.at("next").at(0) == "after");
    CHECK(state.at("values").at("slept") == 2);
    server.reset();
  }
}

TEST_CASE_METHOD(ServerFixture, "The way back to a stream keeps of the query what is about reading, and nothing else") {
  const auto server = start();
  const std::string stream = "/threads/" + new_thread(*server) + "/runs/stream";
  const std::string body = R"({"assistant_id":"linear","input":{"topic":"t"}})";
  const std::string with =
      ask(*server, "POST", stream + "?token=canary-9d1&stream_mode=values&x&namespace=a%7Cb", body);
  CHECK(with.find("/stream?stream_mode=values&namespace=a%7Cb\r\n") != std::string::npos);
  CHECK(with.find("canary-9d1") == std::string::npos);
  CHECK(ask(*server, "POST", stream + "?token=canary-9d1", body).find("/stream\r\n") != std::string::npos);
}
