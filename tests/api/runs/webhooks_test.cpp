#include "api/runs/webhooks.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/outgoing/header_templates.h"
#include "api/runs/webhook_call.h"
#include "runtime/json.h"
#include "tests/graphs/tiny_server.h"
#include "tests/support/folder.h"
#include "tests/support/run.h"

using namespace heddle;
using namespace std::chrono_literals;
using test::TinyConnection;
using test::TinyServer;

namespace {

std::string answer(int status, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\nConnection: close\r\n" + headers + "\r\n";
}

storage::RunId run_id(std::uint8_t number) {
  storage::RunId id;
  id.uuid.bytes.back() = number;
  return id;
}

struct WebhooksFixture {
  test::Folder folder;
  boost::asio::io_context io;
  runtime::SystemClock clock;
  std::string logged;
  runtime::Log log{clock, runtime::LogLevel::debug, [this](std::string_view line) { logged += line; }};
  api::WebhookSettings settings;
  std::unique_ptr<storage::Storage> storage = open();
  std::unique_ptr<api::Webhooks> webhooks;

  WebhooksFixture() {
    settings.url.disable_loopback = false;
    settings.backoff = 1ms;
  }
  ~WebhooksFixture() { stop(); }

  std::unique_ptr<storage::Storage> open() const {
    storage::StorageOptions options;
    options.path = (folder.path() / "heddle.db").string();
    return storage::open(options);
  }
  void start(const std::string& own_url = "http://127.0.0.1:1") {
    webhooks = std::make_unique<api::Webhooks>(io.get_executor(), *storage, clock, log, settings);
    webhooks->start(own_url);
  }
  void stop() {
    if (webhooks) test::run(io, webhooks->stop(0ms));
    webhooks.reset();
  }

  static storage::Webhook call(std::uint8_t number, const std::string& url, std::uint8_t thread = 0) {
    storage::Webhook made;
    made.run_id = run_id(number);
    made.thread_id.uuid.bytes.back() = thread == 0 ? number : thread;
    made.ended_at = storage::Timestamp{std::chrono::seconds{number}};
    made.url = url;
    made.body = R"({"number":)" + std::to_string(number) + "}";
    return made;
  }
  void owe(const storage::Webhook& owed) {
    auto work = [owed](storage::Transaction& transaction) { transaction.webhooks().insert(owed); };
    test::run(io, storage->commit(std::move(work)));
  }
  std::optional<storage::Webhook> owed(std::uint8_t number) {
    auto work = [number](const storage::Snapshot& snapshot) { return snapshot.webhooks().find(run_id(number)); };
    return test::run(io, storage->read(std::move(work)));
  }
  bool owes_any() {
    auto work = [](const storage::Snapshot& snapshot) { return !snapshot.webhooks().next(1).empty(); };
    return test::run(io, storage->read(std::move(work)));
  }
  // Lets the calls go on until `done`, and fails if that takes too long.
  template <class Done>
  void until(Done done) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!done()) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      let_go_on(5ms);
    }
  }
  void let_go_on(std::chrono::milliseconds time) {
    auto wait = [this, time]() -> boost::asio::awaitable<void> {
      boost::asio::steady_timer timer(io, time);
      co_await timer.async_wait(boost::asio::use_awaitable);
    };
    test::run(io, wait());
  }
  void until_nothing_is_owed() {
    until([this] { return !owes_any(); });
  }
};

std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE_METHOD(WebhooksFixture, "A call is a POST of JSON with the time of sending, and is then owed no more") {
  TinyServer receiver([](TinyConnection& connection, const std::string&) { connection.send(answer(200)); });
  owe(call(1, receiver.url("/deep/hook?with=query")));
  start();
  until_nothing_is_owed();
  REQUIRE(receiver.requests().size() == 1);
  const std::string request = receiver.requests().front();
  CHECK(request.starts_with("POST /deep/hook?with=query HTTP/1.1\r\n"));
  CHECK(request.find("Content-Type: application/json\r\n") != std::string::npos);
  const auto body = runtime::parse_json_object(body_of(request));
  CHECK(body.at("number") == 1);
  CHECK(storage::parse_rfc3339(std::string(body.at("webhook_sent_at").as_string())));
}

TEST_CASE_METHOD(WebhooksFixture, "A call that fails is made again until it gets through") {
  TinyServer receiver([](TinyConnection& connection, const std::string&) {
    connection.send(answer(connection.number() == 1 ? 500 : connection.number() == 2 ? 404 : 204));
  });
  owe(call(1, receiver.url()));
  start();
  until_nothing_is_owed();
  CHECK(receiver.requests().size() == 3);
  CHECK(logged.find("given up") == std::string::npos);
}

TEST_CASE_METHOD(WebhooksFixture, "A call is given up after its last attempt, and the next one of the thread is made") {
  TinyServer receiver([](TinyConnection& connection, const std::string& request) {
    connection.send(answer(request.starts_with("POST /bad ") ? 503 : 200));
  });
  owe(call(1, receiver.url("/bad"), 7));
  owe(call(2, receiver.url("/good"), 7));
  start();
  until_nothing_is_owed();
  const std::vector<std::string> requests = receiver.requests();
  REQUIRE(requests.size() == 4);
  for (std::size_t i = 0; i < 3; ++i) CHECK(requests[i].starts_with("POST /bad "));
  CHECK(requests[3].starts_with("POST /good "));
  CHECK(logged.find("a webhook is given up") != std::string::npos);
}

TEST_CASE_METHOD(WebhooksFixture, "A receiver that does not answer in time, or not at all, is called again") {
  settings.timeout = 100ms;
  TinyServer receiver([](TinyConnection& connection, const std::string&) {
    if (connection.number() == 1) return connection.wait_until_closed();
    if (connection.number() == 2) return;
    connection.send(answer(200));
  });
  owe(call(1, receiver.url()));
  start();
  until_nothing_is_owed();
  CHECK(receiver.requests().size() == 3);
}

TEST_CASE_METHOD(WebhooksFixture, "A redirect is not followed and no success") {
  TinyServer receiver(
      [](TinyConnection& connection, const std::string&) { connection.send(answer(302, "Location: /other\r\n")); });
  owe(call(1, receiver.url("/hook")));
  start();
  until_nothing_is_owed();
  CHECK(receiver.requests().size() == 3);
  for (const std::string& request : receiver.requests()) CHECK(request.starts_with("POST /hook "));
}

TEST_CASE_METHOD(WebhooksFixture, "Only so many calls are under way as the settings say") {
  settings.at_once = 2;
  std::atomic<int> under_way{0};
  std::atomic<int> most{0};
  TinyServer receiver([&](TinyConnection& connection, const std::string&) {
    const int now = ++under_way;
    int seen = most;
    while (seen < now && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::sleep_for(10ms);
    --under_way;
    connection.send(answer(200));
  });
  for (std::uint8_t i = 1; i <= 8; ++i) owe(call(i, receiver.url()));
  start();
  until_nothing_is_owed();
  CHECK(receiver.requests().size() == 8);
  CHECK(most == 2);
}

TEST_CASE_METHOD(WebhooksFixture, "What was owed when the process ended is called after the next start") {
  std::atomic<bool> is_up{false};
  TinyServer receiver([&](TinyConnection& connection, const std::string&) {
    if (!is_up) return connection.wait_until_closed();
    connection.send(answer(200));
  });
  owe(call(1, receiver.url()));
  start();
  until([&] { return !receiver.requests().empty(); });
  stop();
  storage.reset();
  storage = open();
  // The attempt that the end cut off does not count.
  REQUIRE(owed(1));
  CHECK(owed(1)->attempts == 0);
  is_up = true;
  start();
  until_nothing_is_owed();
  CHECK(receiver.requests().size() == 2);
}

TEST_CASE_METHOD(WebhooksFixture, "A call that is held back is made when it is let go") {
  TinyServer receiver([](TinyConnection& connection, const std::string&) { connection.send(answer(200)); });
  start();
  {
    const api::Webhooks::Hold hold(*webhooks, run_id(1));
    owe(call(1, receiver.url()));
    owe(call(2, receiver.url()));
    // The end of another one wakes whoever looks for calls.
    {
      const api::Webhooks::Hold other(*webhooks, run_id(3));
    }
    until([&] { return !owed(2); });
    CHECK(owed(1));
    CHECK(receiver.requests().size() == 1);
  }
  until_nothing_is_owed();
  CHECK(receiver.requests().size() == 2);
}

TEST_CASE_METHOD(WebhooksFixture, "A call that the settings allow no longer is not made") {
  TinyServer receiver([](TinyConnection& connection, const std::string&) { connection.send(answer(200)); });
  const auto try_with = [&] {
    owe(call(1, receiver.url()));
    start();
    until_nothing_is_owed();
    stop();
    CHECK(receiver.requests().empty());
  };
  settings.url.disable_loopback = true;
  try_with();
  settings.url.disable_loopback = false;
  settings.enabled = false;
  try_with();
  CHECK(logged.find("a webhook is not called") != std::string::npos);
}

TEST_CASE_METHOD(WebhooksFixture, "A webhook that is a path is a route of this server") {
  TinyServer own([](TinyConnection& connection, const std::string&) { connection.send(answer(200)); });
  owe(call(1, "/hooks/run?a=b"));
  start(own.url("/api"));
  until_nothing_is_owed();
  REQUIRE(own.requests().size() == 1);
  CHECK(own.requests().front().starts_with("POST /api/hooks/run?a=b "));
}

TEST_CASE_METHOD(WebhooksFixture, "Headers of the configuration are sent, and nothing of a call is in the log") {
  settings.headers = api::outgoing_headers({{"X-Secret", "Bearer ${{ env.LG_WEBHOOK_A }}"}}, "LG_WEBHOOK_",
                                           {{"LG_WEBHOOK_A", "canary-value"}});
  TinyServer receiver([](TinyConnection& connection, const std::string&) { connection.send(answer(500)); });
  storage::Webhook owed = call(1, receiver.url("/canary-path?canary=query"));
  owed.body = R"({"values":"canary-body"})";
  owe(owed);
  start();
  until_nothing_is_owed();
  REQUIRE(receiver.requests().size() == 3);
  for (const std::string& request : receiver.requests()) {
    CHECK(request.find("X-Secret: Bearer canary-value\r\n") != std::string::npos);
    CHECK(body_of(request).find("canary-value") == std::string::npos);
  }
  CHECK(logged.find("127.0.0.1") != std::string::npos);
  CHECK(logged.find("canary") == std::string::npos);
}

TEST_CASE_METHOD(WebhooksFixture, "A call of a run that is stored nowhere is made, and made again when it fails") {
  TinyServer receiver([](TinyConnection& connection, const std::string&) {
    connection.send(answer(connection.number() == 1 ? 500 : 200));
  });
  start();
  webhooks->add_unstored(call(1, receiver.url()));
  until([&] { return receiver.requests().size() == 2; });
  CHECK_FALSE(owes_any());
  CHECK(logged.find("given up") == std::string::npos);
}

TEST_CASE_METHOD(WebhooksFixture, "Calls that are stored nowhere take so much memory and no more") {
  settings.bytes_in_memory = 100;
  settings.at_once = 1;
  TinyServer receiver([](TinyConnection& connection, const std::string&) { connection.send(answer(200)); });
  start();
  for (std::uint8_t i = 1; i <= 10; ++i) webhooks->add_unstored(call(i, receiver.url()));
  CHECK(logged.find("webhooks_bytes_in_memory is reached") != std::string::npos);
  until([&] { return receiver.requests().size() >= 2; });
  let_go_on(50ms);
  // Each has more than 33 bytes.
  CHECK(receiver.requests().size() <= 3);
  webhooks->add_unstored(call(11, receiver.url("/later")));
  until([&] { return receiver.requests().back().starts_with("POST /later "); });
}

TEST_CASE("A call says all of the run, how and when it ended, and its values as they are") {
  storage::Run run;
  run.run_id = run_id(1);
  run.status = storage::RunStatus::error;
  run.started_at = storage::Timestamp{1s};
  run.attempt = 1;
  run.updated_at = storage::Timestamp{2s};
  run.error_json = R"({"error":"Error","message":"kaboom"})";
  const storage::Webhook call = api::webhook_call(run, "https://a.example/", R"({"a":1.0})");
  CHECK(call.ended_at == run.updated_at);
  CHECK(call.next_attempt == run.updated_at);
  const std::string sent = api::sent_body(call, storage::Timestamp{3s});
  CHECK(sent.find(R"("values":{"a":1.0})") != std::string::npos);
  const auto body = runtime::parse_json_object(sent);
  CHECK(std::string_view(body.at("run_id").as_string()) == run.run_id.text());
  CHECK(body.at("status") == "error");
  CHECK(body.at("error").at("message") == "kaboom");
  CHECK(body.at("run_started_at") == "1970-01-01T00:00:01.000000+00:00");
  CHECK(body.at("run_ended_at") == "1970-01-01T00:00:02.000000+00:00");
  CHECK(body.at("webhook_sent_at") == "1970-01-01T00:00:03.000000+00:00");
  run.error_json.reset();
  run.attempt = 0;  // it never began
  const auto other = runtime::parse_json_object(api::webhook_call(run, "https://a.example/", std::nullopt).body);
  CHECK_FALSE(other.contains("values"));
  CHECK_FALSE(other.contains("error"));
  CHECK(other.at("run_started_at").is_null());
}
