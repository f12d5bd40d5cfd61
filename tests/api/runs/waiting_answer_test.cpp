// Answers that wait for the end of a run (http-api.md 8.12, 9.2).

#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "tests/api/runs/server_fixture.h"

using namespace heddle;
using namespace heddle::test;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Returns when the thread has a run with this status.
void see_run(const api::Server& server, const std::string& thread, const std::string& status) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!has(ask(server, "GET", "/threads/" + thread + "/runs"), R"("status":")" + status + '"')) {
    if (std::chrono::steady_clock::now() > end) FAIL("no run was ever " + status);
  }
}

// Waits for a run that takes `ms`.
std::string wait_body(int ms, const std::string& more = "") {
  return R"({"assistant_id":"delay","input":{"tag":"a","ms":)" + std::to_string(ms) + "}" + more + "}";
}

}  // namespace

TEST_CASE_METHOD(ServerFixture, "A run that ends in a moment is answered like anything else, with a length") {
  auto server = start();
  for (const std::string& before : {std::string(), "/threads/" + new_thread(*server)}) {
    std::string answer;
    // On a busy machine the moment may be over before the run is.
    for (int tries = 0; tries < 20 && (answer.empty() || has(answer, "chunked")); ++tries) {
      answer = ask(*server, "POST", before + "/runs/wait", R"({"assistant_id":"linear","input":{"text":"x"}})");
    }
    INFO(answer);
    CHECK(has(answer, "200 OK"));
    CHECK(has(answer, "content-length: "));
    CHECK(has(answer, "content-location: "));
    CHECK(json_in(answer).is_object());
  }
}

TEST_CASE_METHOD(ServerFixture,
                 "An answer to a run that lasts begins before its end, and line breaks go out meanwhile") {
  change = [](api::ServerSettings& settings) { settings.wait_heartbeat = std::chrono::milliseconds{50}; };
  auto server = start();
  const std::string thread = new_thread(*server);
  const std::string answer = ask(*server, "POST", "/threads/" + thread + "/runs/wait", wait_body(600));
  INFO(answer);
  CHECK(has(answer, "chunked"));
  CHECK(has(answer, "content-location: "));
  CHECK(has(answer, "\r\n\r\n1\r\n\n\r\n1\r\n\n\r\n"));
  CHECK(json_in(answer).is_object());
}

TEST_CASE_METHOD(ServerFixture, "A client that leaves at once stops the run that it wants to end with it") {
  auto server = start();
  const std::string thread = new_thread(*server);
  const std::string body = wait_body(60'000, R"(,"on_disconnect":"cancel")");
  {
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::make_address("127.0.0.1"), server->addresses().at(0).port});
    const std::string request = "POST /threads/" + thread +
                                "/runs/wait HTTP/1.1\r\nhost: x\r\ncontent-length: " + std::to_string(body.size()) +
                                "\r\n\r\n" + body;
    asio::write(socket, asio::buffer(request));
    see_run(*server, thread, "running");
  }
  see_run(*server, thread, "interrupted");
}
