#include <catch2/catch.hpp>

#include "tests/api/openapi/api_fixture.h"

namespace heddle::test {
namespace {

api::ServerSettings for_tests() {
  api::ServerSettings settings;
  settings.test_truncate = true;
  return settings;
}

class TruncationFixture : public ApiFixture {
 public:
  TruncationFixture() : ApiFixture(for_tests()) {
    assistant = ask("post", "/assistants", R"({"graph_id":"linear"})").text("assistant_id");
    thread = ask("post", "/threads", "{}").text("thread_id");
    ask("post", "/threads/" + thread + "/runs/wait", R"({"assistant_id":"linear","input":{}})");
    ask("put", "/store/items", R"({"namespace":["a"],"key":"k","value":{}})");
  }
  void truncate(const std::string& body) {
    const ApiAnswer answer = ask("post", "/internal/truncate", body);
    CHECK(answer.status == 200);
    CHECK(answer.body == R"({"ok":true})");
  }
  std::size_t runs() { return ask("get", "/threads/" + thread + "/runs").json().as_array().size(); }
  std::size_t states() { return ask("get", "/threads/" + thread + "/history").json().as_array().size(); }
  std::string items() { return ask("post", "/store/items/search", R"({"namespace_prefix":[]})").body; }
  std::string count(const std::string& what) { return ask("post", "/" + what + "/count").body; }

  std::string assistant;
  std::string thread;
};

}  // namespace

TEST_CASE("Without the setting there is nothing to empty a server with") {
  ApiFixture api;
  api.ask("post", "/threads", "{}");
  const std::string before = api.database_dump();
  const ApiAnswer answer = api.ask("post", "/internal/truncate", R"({"threads":true})");
  CHECK(answer.status == 404);
  CHECK(answer.body == R"({"detail":"Not Found"})");
  CHECK(api.database_dump() == before);
}

TEST_CASE_METHOD(TruncationFixture, "What is not named stays") {
  const std::string before = database_dump();
  truncate("{}");
  truncate(R"({"runs":false,"threads":null})");
  CHECK(database_dump() == before);
}

TEST_CASE_METHOD(TruncationFixture,
                 "What was shown of threads leaves memory with them, and stays when other things go") {
  const std::string body = R"({"as_node":"__start__","values":{"text":")" + std::string(100'000, 'x') + R"("}})";
  ask("post", "/threads/" + thread + "/state", body);
  ask("get", "/threads/" + thread + "/state");
  const std::size_t bytes = shown.bytes();
  CHECK(bytes > 100'000);
  truncate(R"({"store":true})");
  CHECK(shown.bytes() == bytes);
  truncate(R"({"threads":true})");
  CHECK(shown.bytes() == 0);
}

TEST_CASE_METHOD(TruncationFixture, "Runs go with their events; threads and their states stay") {
  truncate(R"({"runs":true})");
  CHECK(runs() == 0);
  CHECK(states() > 0);
  CHECK(database_dump().find("== event_segments\n==") != std::string::npos);
}

TEST_CASE_METHOD(TruncationFixture,
                 "With the runs go the crons, which make more, and the calls that webhooks are owed") {
  const auto fill = [this] {
    const std::string cron = R"({"assistant_id":"linear","schedule":"0 0 1 1 *"})";
    CHECK(ask("post", "/runs/crons", cron).status == 200);
    CHECK(ask("post", "/threads/" + thread + "/runs/crons", cron).status == 200);
    storage::Webhook owed;
    owed.url = "https://receiver.example/";
    owed.body = "{}";
    run(io, storage->commit([owed](storage::Transaction& tx) { tx.webhooks().insert(owed); }));
  };
  const auto is_empty = [this](const std::string& table) {
    return (database_dump() + "==").find("== " + table + "\n==") != std::string::npos;
  };
  for (const char* const what : {R"({"runs":true})", R"({"threads":true})"}) {
    INFO(what);
    fill();
    CHECK_FALSE(is_empty("crons"));
    CHECK_FALSE(is_empty("webhooks"));
    truncate(what);
    CHECK(is_empty("crons"));
    CHECK(is_empty("webhooks"));
  }
}

TEST_CASE_METHOD(TruncationFixture, "A thread whose states are gone has none, and runs again") {
  truncate(R"({"checkpointer":true})");
  CHECK(states() == 0);
  CHECK(runs() == 1);
  CHECK_FALSE(ask("get", "/threads/" + thread).json().as_object().contains("values"));
  const ApiAnswer again = ask("post", "/threads/" + thread + "/runs/wait", R"({"assistant_id":"linear","input":{}})");
  CHECK(again.status == 200);
  CHECK(states() > 0);
}

TEST_CASE_METHOD(TruncationFixture, "Threads go with their runs and states, also of a run in flight") {
  ask("post", "/threads/" + thread + "/runs", R"({"assistant_id":"delay","input":{"tag":"a","ms":60000}})");
  truncate(R"({"threads":true})");
  CHECK(count("threads") == "0");
  CHECK(queue->in_flight() == 0);
  const std::string dump = database_dump();
  CHECK(dump.find("== checkpoints\n==") != std::string::npos);
  CHECK(dump.find("== runs\n==") != std::string::npos);
  CHECK(items() != R"({"items":[]})");
}

TEST_CASE_METHOD(TruncationFixture, "Of the assistants those stay that the server made for its graphs") {
  truncate(R"({"assistants":true})");
  CHECK(ask("get", "/assistants/" + assistant).status == 404);
  CHECK(ask("get", "/assistants/linear").status == 200);
  CHECK(count("assistants") == std::to_string(graphs.ids().size()));
}

TEST_CASE_METHOD(TruncationFixture, "Items go") {
  truncate(R"({"store":true})");
  CHECK(items() == R"({"items":[]})");
  CHECK(count("threads") == "1");
}

}  // namespace heddle::test
