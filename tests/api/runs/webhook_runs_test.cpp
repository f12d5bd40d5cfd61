// From a request that names a webhook to the call, through the whole server.

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/api/runs/server_fixture.h"
#include "tests/graphs/tiny_server.h"

using namespace heddle;
using namespace heddle::test;

namespace {

struct WebhookRunsFixture : ServerFixture {
  std::atomic<int> status{200};
  TinyServer receiver{[this](TinyConnection& connection, const std::string&) {
    connection.send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }};

  WebhookRunsFixture() {
    change = [](api::ServerSettings& chosen) {
      chosen.webhooks.url.disable_loopback = false;
      chosen.webhooks.backoff = std::chrono::milliseconds{50};
      chosen.webhooks.attempts = 20;
    };
  }

  std::string path_of_run(const api::Server& server, const std::string& thread, const std::string& members) const {
    const auto run = json_in(ask(server, "POST", "/threads/" + thread + "/runs", body_with(members)));
    return "/threads/" + thread + "/runs/" + std::string(run.at("run_id").as_string());
  }
  std::string body_with(const std::string& members) const {
    return "{" + members + R"(,"webhook":")" + receiver.url("/hook") + "\"}";
  }
  // The body of the call with that number, waiting for it.
  boost::json::object call(std::size_t number) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (receiver.requests().size() < number) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    const std::string request = receiver.requests().at(number - 1);
    return runtime::parse_json_object(request.substr(request.find("\r\n\r\n") + 4));
  }
};

}  // namespace

TEST_CASE_METHOD(WebhookRunsFixture, "A webhook is told how a run ended, whatever that was") {
  const auto server = start();
  const std::string thread = new_thread(*server);
  path_of_run(*server, thread, R"("assistant_id":"linear","input":{"text":"x"})");
  const auto success = call(1);
  CHECK(success.at("status") == "success");
  CHECK(success.at("values").at("text") == "x|first|second");
  CHECK_FALSE(success.contains("error"));
  CHECK(success.at("run_ended_at").as_string() >= success.at("run_started_at").as_string());

  path_of_run(*server, new_thread(*server), R"("assistant_id":"faulty","input":{"mode":"throw"})");
  const auto error = call(2);
  CHECK(error.at("status") == "error");
  CHECK(error.at("error").at("message") == "kaboom");
  CHECK(error.at("values").at("mode") == "throw");

  const std::string napping = R"("assistant_id":"delay","input":{"tag":"a","ms":60000})";
  const std::string cancelled = path_of_run(*server, new_thread(*server), napping);
  ask(*server, "POST", cancelled + "/cancel?wait=true");
  const auto interrupted = call(3);
  CHECK(interrupted.at("status") == "interrupted");
  CHECK_FALSE(interrupted.contains("values"));

  const std::string rolled_back = path_of_run(*server, new_thread(*server), napping);
  ask(*server, "POST", rolled_back + "/cancel?wait=true&action=rollback");
  CHECK(call(4).at("status") == "interrupted");
  CHECK(ask(*server, "GET", rolled_back).starts_with("HTTP/1.1 404"));

  const std::string delayed = path_of_run(*server, new_thread(*server), napping + R"(,"after_seconds":600)");
  ask(*server, "POST", delayed + "/cancel?wait=true");
  const auto unstarted = call(5);
  CHECK(unstarted.at("status") == "interrupted");
  CHECK(unstarted.at("run_started_at").is_null());
}

TEST_CASE_METHOD(WebhookRunsFixture, "A run without a thread calls its webhook, without values") {
  const auto server = start();
  const std::string linear = body_with(R"("assistant_id":"linear","input":{"text":"x"})");
  ask(*server, "POST", "/runs/wait", linear);
  CHECK(call(1).at("status") == "success");
  CHECK_FALSE(call(1).contains("values"));
  ask(*server, "POST", "/runs", linear);
  CHECK(call(2).at("status") == "success");
  CHECK_FALSE(call(2).contains("values"));
}

TEST_CASE_METHOD(WebhookRunsFixture, "What the webhook is told can be read from the server by then") {
  const auto server = start();
  for (std::size_t i = 1; i <= 10; ++i) {
    const std::string run =
        path_of_run(*server, new_thread(*server), R"("assistant_id":"linear","input":{"text":"x"})");
    const auto said = call(i);
    auto read = json_in(ask(*server, "GET", run)).as_object();
    for (const auto& member : read) CHECK(said.at(member.key()) == member.value());
  }
}

TEST_CASE_METHOD(WebhookRunsFixture, "A webhook whose receiver was down is called after a restart of the server") {
  status = 503;
  auto server = start();
  const std::string run = path_of_run(*server, new_thread(*server), R"("assistant_id":"linear","input":{"text":"x"})");
  const auto refused = call(1);
  server->stop();
  server.reset();
  status = 200;
  const std::size_t before = receiver.requests().size();
  server = start();
  const auto taken = call(before + 1);
  CHECK(taken.at("run_id") == refused.at("run_id"));
  CHECK(taken.at("values") == refused.at("values"));
}

TEST_CASE_METHOD(WebhookRunsFixture, "No credential is in a webhook") {
  const std::string canary = "canary-3f9c1b7e";
  auto server = start();
  path_of_run(*server, new_thread(*server),
              R"("assistant_id":"creds","input":{"ask":"x"},"context":{"_more":")" + canary +
                  R"("},"config":{"configurable":{"_credentials":{"refreshToken":")" + canary + R"("}}})");
  CHECK(runtime::to_text(call(1).at("values")).find(R"("has_credentials":true)") != std::string::npos);
  CHECK(receiver.requests().at(0).find(canary) == std::string::npos);
  server.reset();  // its threads write the log
  CHECK(logged.find(canary) == std::string::npos);
}

TEST_CASE_METHOD(WebhookRunsFixture, "A webhook that may not be called is refused, and no run is made") {
  const auto refused_with = [&](std::function<void(api::WebhookSettings&)> webhooks) {
    change = [webhooks](api::ServerSettings& chosen) { webhooks(chosen.webhooks); };
    const auto server = start();
    const std::string thread = new_thread(*server);
    const std::string said = ask(*server, "POST", "/threads/" + thread + "/runs",
                                 body_with(R"("assistant_id":"linear","input":{"text":"x"})"));
    CHECK(ask(*server, "GET", "/threads/" + thread + "/runs").ends_with("[]"));
    return said;
  };
  CHECK(refused_with([](api::WebhookSettings&) {}).find("webhooks.url.disable_loopback") != std::string::npos);
  const std::string off = refused_with([](api::WebhookSettings& webhooks) {
    webhooks.url.disable_loopback = false;
    webhooks.enabled = false;
  });
  CHECK(off.starts_with("HTTP/1.1 4"));
  CHECK(off.find("webhook: is switched off on this server") != std::string::npos);
}
