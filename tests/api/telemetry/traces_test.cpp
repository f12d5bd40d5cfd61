// From a run to the collector, through the whole server.

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/runs/server_fixture.h"
#include "tests/graphs/tiny_server.h"

using namespace heddle;
using namespace heddle::test;

namespace {

struct TracesFixture : ServerFixture {
  std::atomic<int> status{200};
  std::atomic<int> busy{0};  // so many requests are answered with 503 before that
  TinyServer collector{[this](TinyConnection& connection, const std::string&) {
    const int said = busy-- > 0 ? 503 : status.load();
    connection.send("HTTP/1.1 " + std::to_string(said) +
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
      if (std::chrono::steady_clock::now() > end) FAIL("the collector never had " << count << " requests");
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
  // A time stamp has these nowhere: it is 13 digits of milliseconds, which begin with 17 to 19, and six zeros.
  const std::string a = "234567890123";
  const std::string b = "345678901234";
  const std::string sum = "580246791357";
  const auto server = start();
  const std::string answer =
      ask(*server, "POST", "/runs/wait",
          R"({"assistant_id":"agent","input":{"messages":[{"role":"user","content":"add )" + a + " " + b +
              R"("}]},"config":{"configurable":{"_credentials":{"refreshToken":"canary-token"}}}})");
  CHECK(answer.find("Done: " + sum) != std::string::npos);
  wait_for_requests(1);
  CHECK(collector.requests().at(0).starts_with("POST /v1/traces "));
  CHECK(times("invoke_agent agent") == 1);
  CHECK(times("\"chat scripted-1\"") == 2);
  CHECK(times("\"execute_tool add\"") == 1);
  for (const std::string& said : {std::string("canary"), std::string("Let me check"), std::string("Done: "), "add " + a,
                                  a + " " + b, a, b, sum}) {
    CAPTURE(said);
    CHECK(times(said) == 0);
  }
}

TEST_CASE_METHOD(TracesFixture, "A collector that is busy is asked again, and told everything once") {
  busy = 1;
  const auto server = start();
  ask(*server, "POST", "/runs/wait", R"({"assistant_id":"linear","input":{"text":"x"}})");
  wait_for_requests(2);
  server->stop();  // what had still to be told would be told here
  const std::vector<std::string> requests = collector.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests.at(0) == requests.at(1));
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
