// Secrets of runs that a restart interrupts, with a key to seal them and without.

#include <SQLiteCpp/Database.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "api/runs/run_sealer.h"
#include "runtime/secret.h"
#include "runtime/state_graph.h"
#include "tests/api/runs/server_fixture.h"
#include "tests/fixtures/sleep.h"

using namespace heddle;
using namespace heddle::test;

namespace {

const std::string kKey(64, 'a');
const std::string kOtherKey(64, 'b');
const std::string kToken = "canary-5512f0a8d1";
const std::string kWaiting = R"({"waits":true})";

// Closed until the test has seen what there is to see while runs are at work.
using Gate = std::atomic<bool>;

boost::asio::awaitable<void> wait_for(const Gate& gate) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!gate) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("nobody opened the gate");
    co_await fixtures::sleep_ms(5);
  }
}

// What reaches a node, without a value of it: how long the token is.
runtime::NodeResult report(runtime::NodeContext& context) {
  const runtime::RunConfig& config = context.config();
  std::size_t bytes = 0;
  if (config.secrets != nullptr && config.secrets->contains("_credentials")) {
    const runtime::SecretJson* const token = config.secrets->at("_credentials").find("refreshToken");
    if (token != nullptr && token->text() != nullptr) bytes = token->text()->reveal().size();
  }
  std::string header;
  if (const auto found = config.configurable.find("x-app-note"); found != config.configurable.end()) {
    header = found->value().as_string();
  }
  return runtime::Update{{"report", "token of " + std::to_string(bytes) + ", header " + header}};
}

// Waits for the gate if its input says so.
fixtures::GraphPointer waiting_graph(const Gate& gate) {
  auto wait = [&gate](runtime::NodeContext& context) -> boost::asio::awaitable<runtime::NodeResult> {
    if (context.state().truth("waits")) co_await wait_for(gate);
    co_return runtime::Update{};
  };
  return runtime::StateGraph()
      .last("waits", runtime::schema::truth())
      .last("report", runtime::schema::text())
      .node("wait", std::move(wait))
      .node("tell", report)
      .edge(runtime::kStart, "wait")
      .edge("wait", "tell")
      .edge("tell", runtime::kEnd)
      .compile();
}

struct Sealing : ServerFixture {
  Gate gate = false;
  std::shared_ptr<const api::RunSealer> sealer;

  void seal_with(const std::string& keys) {
    sealer = keys.empty() ? nullptr : std::make_shared<const api::RunSealer>(api::sealing_keys_from(keys));
    change = [this](api::ServerSettings& settings) {
      settings.sealer = sealer;
      settings.drain = std::chrono::milliseconds{1};
    };
  }
  std::unique_ptr<api::Server> start() {
    graphs::Registry registry;
    registry.add("waiting", waiting_graph(gate));
    return std::make_unique<api::Server>(settings(), std::move(registry), log);
  }
  static std::string body(const std::string& input, double after_seconds = 0) {
    return R"({"assistant_id":"waiting","input":)" + input + R"(,"after_seconds":)" + std::to_string(after_seconds) +
           R"(,"config":{"configurable":{"_credentials":{"refreshToken":")" + kToken + R"("}}}})";
  }
  std::size_t rows() const {
    SQLite::Database database((folder.path() / "heddle.db").string(), SQLite::OPEN_READONLY);
    return static_cast<std::size_t>(database.execAndGet("SELECT count(*) FROM sealed_secrets").getInt());
  }
};

}  // namespace

TEST_CASE_METHOD(Sealing,
                 "A sealed run has its secrets and headers again after a restart, and nothing of them is left") {
  seal_with(kKey);
  auto server = start();
  const std::string thread = new_thread(*server);
  const std::string runs = "/threads/" + thread + "/runs";
  const std::string run(
      json_in(ask(*server, "POST", runs, body(kWaiting), "x-app-note: canary-hello\r\n")).at("run_id").as_string());
  const std::string later = "/threads/" + new_thread(*server) + "/runs";
  const std::string delayed(json_in(ask(*server, "POST", later, body(kWaiting, 0.7))).at("run_id").as_string());
  CHECK(rows() == 2);
  server.reset();
  CHECK(rows() == 2);
  CHECK_FALSE(some_file_holds(folder.path(), kToken));
  CHECK_FALSE(some_file_holds(folder.path(), "canary-hello"));

  server = start();
  gate = true;
  const std::string said = ask(*server, "GET", runs + "/" + run + "/join");
  CHECK(said.find("token of 17, header canary-hello") != std::string::npos);
  CHECK(ask(*server, "GET", later + "/" + delayed + "/join").find("token of 17, header \"") != std::string::npos);
  CHECK(rows() == 0);
}

TEST_CASE_METHOD(Sealing, "A run whose key is gone fails with an error that says so, and others go on") {
  seal_with(kKey);
  auto server = start();
  const std::string thread = new_thread(*server);
  const std::string runs = "/threads/" + thread + "/runs";
  const std::string run(json_in(ask(*server, "POST", runs, body(kWaiting))).at("run_id").as_string());
  const std::string other = new_thread(*server);
  const std::string bare(json_in(ask(*server, "POST", "/threads/" + other + "/runs",
                                     R"({"assistant_id":"waiting","input":)" + kWaiting + "}", "x-app-note: n\r\n"))
                             .at("run_id")
                             .as_string());
  CHECK(rows() == 2);
  server.reset();
  std::string expected;
  SECTION("another key") {
    seal_with(kOtherKey);
    expected = "which this server was not given";
  }
  SECTION("no key") {
    seal_with("");
    expected = "this server was given no key";
  }
  server = start();
  gate = true;
  const std::string said = ask(*server, "GET", runs + "/" + run + "/join");
  CHECK(said.find("CredentialsLost") != std::string::npos);
  CHECK(said.find(expected) != std::string::npos);
  // What came as headers only is not missed by every run, so it does not end one; the log tells.
  const std::string joined = ask(*server, "GET", "/threads/" + other + "/runs/" + bare + "/join");
  CHECK(joined.find("token of 0, header \"") != std::string::npos);
  CHECK(rows() == 0);
  server.reset();
  CHECK(logged.find("goes on without what was sealed for it") != std::string::npos);
}

TEST_CASE_METHOD(Sealing,
                 "What was sealed goes when its run is cancelled, erased or rolled back, and with its thread") {
  seal_with(kKey);
  const auto server = start();
  const std::string thread = new_thread(*server);
  const std::string runs = "/threads/" + thread + "/runs";
  const std::string run(json_in(ask(*server, "POST", runs, body(kWaiting))).at("run_id").as_string());
  REQUIRE(rows() == 1);
  SECTION("cancelled") {
    ask(*server, "POST", runs + "/" + run + "/cancel?wait=1");
  }
  SECTION("rolled back") {
    ask(*server, "POST", runs + "/" + run + "/cancel?wait=1&action=rollback");
  }
  SECTION("erased") {
    ask(*server, "DELETE", runs + "/" + run);
  }
  SECTION("with its thread") {
    ask(*server, "DELETE", "/threads/" + thread);
  }
  CHECK(rows() == 0);
}

TEST_CASE_METHOD(Sealing, "A run that sends no secret, and one that is stored nowhere, have nothing sealed") {
  seal_with(kKey);
  const auto server = start();
  const std::string thread = new_thread(*server);
  ask(*server, "POST", "/threads/" + thread + "/runs", R"({"assistant_id":"waiting","input":)" + kWaiting + "}");
  ask(*server, "POST", "/runs/wait", body(R"({"waits":false})"));
  CHECK(rows() == 0);
}
