// From a run to the collector, through the whole server.

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "tests/api/runs/server_fixture.h"
#include "tests/graphs/tiny_server.h"

using namespace heddle;
using namespace heddle::test;

namespace {

struct TracesFixture : ServerFixture {
  std::atomic<int> status{200};
  TinyServer collector{[this](TinyConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 " + std::to_string(status) +
                    " X\r\nRetry-After-Ms: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }};

  TracesFixture() {
    change = [this](api::ServerSettings& chosen) {
      const std::string url = collector.url();
      chosen.traces.endpoint = url.substr(0, url.size() - 1);
    };
  }

  void wait_for_requests(std::size_t count) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (collector.requests().size() < count) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
  }
  std::size_t times(const std::string& text) const {
    std::size_t found = 0;
    for (const std::string& request : collector.requests()) {
      for (std::size_t at = request.find(text); at != std::string::npos; at = request.find(text, at + 1)) ++found;
    }
    return found;
  }
};

}  // namespace

TEST_CASE_METHOD(TracesFixture,
                 "The collector is told of a run, its nodes and its models, and of nothing that was said") {
  const auto server = start();
  ask(*server, "POST", "/runs/wait",
      R"({"assistant_id":"agent","input":{"messages":[{"role":"user","content":"add 17 23"}]},)"
      R"("config":{"configurable":{"_credentials":{"refreshToken":"canary-token"}}}})");
  wait_for_requests(1);
  const std::string request = collector.requests().at(0);
  CHECK(request.starts_with("POST /v1/traces "));
  CHECK(times("invoke_agent agent") == 1);
  CHECK(times("\"chat scripted-1\"") == 2);
  CHECK(times("\"execute_tool add\"") == 1);
  for (const std::string said : {"canary", "17", "Done: "}) {
    CAPTURE(said);
    // Times are numbers too.
    CHECK(request.find("\"stringValue\":\"" + said) == std::string::npos);
    if (said != "17") CHECK(request.find(said) == std::string::npos);
  }
}

TEST_CASE_METHOD(TracesFixture, "A collector that is busy is asked again, and told everything once") {
  status = 503;
  const auto server = start();
  ask(*server, "POST", "/runs/wait", R"({"assistant_id":"linear","input":{"text":"x"}})");
  wait_for_requests(1);
  status = 200;
  wait_for_requests(2);
  CHECK(collector.requests().at(0) == collector.requests().at(1));
}

TEST_CASE_METHOD(TracesFixture, "A server that stops tells what it still has to tell") {
  auto server = start();
  for (int i = 0; i < 20; ++i) ask(*server, "POST", "/runs/wait", R"({"assistant_id":"linear","input":{"text":"x"}})");
  server->stop();
  CHECK(times("invoke_agent linear") == 20);
}

TEST_CASE_METHOD(TracesFixture, "A collector that refuses for good is not asked again, and nobody waits for it") {
  status = 400;
  const auto server = start();
  const std::string answer = ask(*server, "POST", "/runs/wait", R"({"assistant_id":"linear","input":{"text":"x"}})");
  CHECK(answer.starts_with("HTTP/1.1 200"));
  wait_for_requests(1);
  ask(*server, "POST", "/runs/wait", R"({"assistant_id":"faulty","input":{"mode":"throw"}})");
  wait_for_requests(2);
  server->stop();
  CHECK(times("invoke_agent linear") == 1);
  CHECK(logged.find("traces were dropped") != std::string::npos);
}
