#include "tests/fixtures/fixtures.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <set>

#include "runtime/memory_saver.h"
#include "tests/support/run.h"

namespace asio = boost::asio;
using namespace heddle;
using namespace heddle::runtime;

namespace {

// The store of a server, without one.
class MapStore final : public Store {
 public:
  asio::awaitable<std::optional<StoreItem>> get(StoreNamespace name_space, std::string key) override {
    const auto found = items_.find({name_space, key});
    std::optional<StoreItem> item;
    if (found != items_.end()) item = StoreItem{name_space, key, found->second, {}, {}};
    co_return item;
  }
  asio::awaitable<void> put(StoreNamespace name_space, std::string key, json::value value, ItemOptions) override {
    items_.insert_or_assign({name_space, key}, std::move(value));
    co_return;
  }
  asio::awaitable<void> erase(StoreNamespace name_space, std::string key) override {
    items_.erase({name_space, key});
    co_return;
  }
  asio::awaitable<std::vector<StoreItem>> search(StoreSearch wanted) override {
    std::vector<StoreItem> found;
    for (const auto& [place, value] : items_) {
      if (place.first == wanted.prefix) found.push_back(StoreItem{place.first, place.second, value, {}, {}});
    }
    co_return found;
  }

 private:
  std::map<std::pair<StoreNamespace, std::string>, json::value> items_;
};

// One thread on the graphs, in memory.
struct ThreadFixture {
  asio::io_context io;
  graphs::Registry registry;
  MemorySaver saver;
  MapStore store;
  SystemClock clock;
  CheckpointIds checkpoint_ids;
  std::vector<RunEvent> events;
  std::shared_ptr<RunConfig> config = std::make_shared<RunConfig>();

  ThreadFixture() { fixtures::add_fixture_graphs(registry); }

  RunServices services() {
    return RunServices{&saver, &store, clock, checkpoint_ids,
                       [this](RunEvent event) { events.push_back(std::move(event)); }};
  }
  RunOptions options(RunInput input) {
    RunOptions options;
    options.input = std::move(input);
    options.config = config;
    options.kinds.messages = true;
    options.kinds.custom = true;
    return options;
  }
  RunOutcome run(const char* graph_id, RunInput input) {
    events.clear();
    const RunServices with = services();
    return test::run(io, registry.find(graph_id)->run(options(std::move(input)), with));
  }
  RunOutcome run(const char* graph_id, const char* input) { return run(graph_id, GraphInput{parse_json(input)}); }
  RunOutcome answer(const char* graph_id, json::value value) {
    Command command;
    command.resume = std::move(value);
    return run(graph_id, command);
  }

  // One value of the final state, as JSON.
  static std::string value(const RunOutcome& outcome, const char* key) {
    return outcome.values.has(key) ? outcome.values[key].text() : "absent";
  }
  std::string value(const char* graph_id, const char* input, const char* key) {
    return value(run(graph_id, input), key);
  }
  // The texts of the messages of the final state.
  static std::vector<std::string> texts(const RunOutcome& outcome) {
    std::vector<std::string> result;
    for (const Value::Item& message : outcome.values["messages"].items()) result.push_back(message_text(*message));
    return result;
  }
  static std::string question(const RunOutcome& outcome) {
    return outcome.all_interrupts.empty() ? "none" : to_text(outcome.all_interrupts.front().value);
  }
};

constexpr const char* kHello = R"({"messages":[{"type":"human","content":"hello world","id":"h1"}]})";

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(ThreadFixture, "There are seventeen fixture graphs") {
  CHECK(registry.ids().size() == 17);
}

TEST_CASE_METHOD(ThreadFixture, "linear writes to three kinds of keys") {
  const RunOutcome outcome = run("linear", R"({"text":"a"})");
  CHECK(outcome.values.to_json() == parse_json(R"({"text":"a|first|second","log":["first","second"],"count":11})"));
}

TEST_CASE_METHOD(ThreadFixture, "chat echoes, and streams word by word") {
  const RunOutcome outcome = run("chat", kHello);
  CHECK(texts(outcome) == Texts{"hello world", "Echo: hello world"});
  Texts pieces;
  for (const RunEvent& event : events) {
    const MessageFact* fact = std::get_if<MessageFact>(&event);
    if (fact != nullptr && fact->piece) pieces.push_back(message_text(fact->message));
  }
  CHECK(pieces == Texts{"Echo:", " hello", " world", ""});
}

TEST_CASE_METHOD(ThreadFixture, "chat edits its messages on order") {
  run("chat", kHello);
  CHECK(texts(run("chat", R"({"messages":{"type":"human","content":"/edit ai-2 other text","id":"h2"}})")) ==
        Texts{"hello world", "other text", "/edit ai-2 other text"});
  CHECK(texts(run("chat", R"({"messages":{"type":"human","content":"/forget h1","id":"h3"}})")) ==
        Texts{"other text", "/edit ai-2 other text", "/forget h1"});
  CHECK(value("chat", R"({"messages":"/title A  B"})", "title") == R"("A  B")");
  CHECK(texts(run("chat", R"({"messages":"/clear"})")) == Texts{"Cleared."});
  CHECK(texts(run("chat", R"({"messages":"/what"})")).back() == "Unknown order /what");
}

TEST_CASE_METHOD(ThreadFixture, "agent calls its tools and tells what they said") {
  const RunOutcome outcome =
      run("agent",
          R"({"messages":[{"type":"human","content":"weather Oslo and add 2 3 and weather Atlantis","id":"h1"}]})");
  CHECK(texts(outcome) == Texts{"weather Oslo and add 2 3 and weather Atlantis", "Let me check.", "Sunny in Oslo", "5",
                                "Error: No such city: Atlantis\n Please fix your mistakes.",
                                "Done: Sunny in Oslo; 5; Error: No such city: Atlantis\n Please fix your mistakes."});
  CHECK(outcome.values["messages"].item(2).at("id") == "tool-call-1-1");
  CHECK(outcome.values["messages"].item(4).at("status") == "error");
}

TEST_CASE_METHOD(ThreadFixture, "agent is told of arguments that are no numbers") {
  const RunOutcome outcome = run("agent", R"({"messages":"add 2 x"})");
  CHECK(texts(outcome).at(2).starts_with("Error: Received tool input did not match expected schema"));
  CHECK(to_text(outcome.values["messages"].item(1).at("tool_calls").at(0).at("args")) == R"({"a":2,"b":null})");
}

TEST_CASE_METHOD(ThreadFixture, "approval asks, and logs the answer as JSON") {
  const RunOutcome asked = run("approval", R"({"request":"it"})");
  CHECK(asked.status == OutcomeStatus::interrupted);
  CHECK(question(asked) == R"({"kind":"approval","question":"Approve it?","options":["yes","no"]})");
  CHECK(value(answer("approval", {{"ok", true}, {"by", "me"}}), "log") ==
        R"(["prepare:it","review:{\"ok\":true,\"by\":\"me\"}","accepted"])");
}

TEST_CASE_METHOD(ThreadFixture, "vault asks for consent beside a finished tool, and goes on with the answer") {
  const RunOutcome asked = run("vault", R"({"messages":[{"type":"human","content":"both bills","id":"h1"}]})");
  CHECK(
      question(asked) ==
      R"({"name":"AUTHORIZATION_REQUIRED","message":"Authorization is required to read mail.","connection":"mail","scopes":["mail.read"]})");
  CHECK(texts(answer("vault", "later")).back() == "Done: 12:00; mail skipped: \"later\"");
}

TEST_CASE_METHOD(ThreadFixture, "vault does not ask a caller who brought credentials") {
  auto secrets = std::make_shared<Secrets>();
  secrets->emplace("_credentials", SecretJson::take(parse_json(R"({"refreshToken":"t"})")));
  config->secrets = secrets;
  CHECK(texts(run("vault", R"({"messages":"mail bills"})")).back() == "Done: 3 mails about bills");
}

TEST_CASE_METHOD(ThreadFixture, "ask_parallel has two questions at once") {
  const RunOutcome asked = run("ask_parallel", "{}");
  REQUIRE(asked.all_interrupts.size() == 2);
  json::object answers;
  for (const Interrupt& interrupt : asked.all_interrupts) {
    answers[interrupt.id] = interrupt.value.at("ask") == "a" ? json::value(1) : json::value(json::object{});
  }
  CHECK(value(answer("ask_parallel", answers), "summary") == R"("a=1 b=[object Object]")");
}

TEST_CASE_METHOD(ThreadFixture, "ask_sequence has three questions with different ids") {
  std::set<std::string> ids;
  RunOutcome asked = run("ask_sequence", "{}");
  ids.insert(asked.all_interrupts.at(0).id);
  asked = answer("ask_sequence", "Ann");
  CHECK(question(asked) == R"({"ask":"age","name":"Ann"})");
  ids.insert(asked.all_interrupts.at(0).id);
  asked = answer("ask_sequence", 7);
  CHECK(question(asked) == R"("Ann is 7?")");
  ids.insert(asked.all_interrupts.at(0).id);
  CHECK(ids.size() == 3);
  CHECK(value(answer("ask_sequence", true), "summary") == R"("Ann 7 true")");
}

TEST_CASE_METHOD(ThreadFixture, "gated stops before it publishes") {
  const RunOutcome stopped = run("gated", R"({"draft":"x"})");
  CHECK(stopped.next == Texts{"publish"});
  CHECK(value(run("gated", NoInput{}), "log") == R"(["write","publish draft of x","archive"])");
}

TEST_CASE_METHOD(ThreadFixture, "loop counts up to its target") {
  const RunOutcome outcome = run("loop", R"({"n":1,"target":4})");
  CHECK(value(outcome, "trail") == "[2,3,4]");
  CHECK(value(outcome, "parity") == R"("even")");
  CHECK(value("loop", R"({"n":0,"target":0})", "parity") == R"("odd")");
}

TEST_CASE_METHOD(ThreadFixture, "fanout gathers in the order of the items, though the last is first to finish") {
  const RunOutcome outcome = run("fanout", R"({"items":[5,6,7]})");
  CHECK(value(outcome, "results") == R"(["0:10","1:12","2:14"])");
  CHECK(value(outcome, "verdict") == R"("3 results, total 18")");
}

TEST_CASE_METHOD(ThreadFixture, "fanout without items goes straight to the end") {
  CHECK(value("fanout", "{}", "verdict") == R"("0 results, total 0")");
}

TEST_CASE_METHOD(ThreadFixture, "commander routes by commands alone") {
  const std::map<std::string, std::string> logs = {
      {"left", R"(["route left","left"])"},
      {"both", R"(["route both","left","right -"])"},
      {"send", R"(["route send","right one","right two"])"},
      {"down", R"(["route down","route down","inside down"])"},
      {"up", R"(["route up","inside up","after from inside"])"},
      {"none", R"(["route none"])"},
  };
  for (const auto& [path, log] : logs) {
    INFO(path);
    ThreadFixture fresh;
    const std::string input = R"({"path":")" + path + R"("})";
    CHECK(fresh.value("commander", input.c_str(), "log") == log);
  }
}

TEST_CASE_METHOD(ThreadFixture, "nested runs three graphs, one inside the other") {
  CHECK(value("nested", R"({"topic":"t"})", "trail") == R"(["enter","open","think","decide:unasked","close","leave"])");
}

TEST_CASE_METHOD(ThreadFixture, "nested asks from its innermost graph and goes on from there") {
  CHECK(question(run("nested", R"({"ask":true})")) == R"({"question":"go on?","scratch":"seen 2"})");
  CHECK(value(answer("nested", "sure"), "trail") == R"(["enter","open","think","decide:sure","close","leave"])");
}

TEST_CASE_METHOD(ThreadFixture, "faulty fails the way it is asked to") {
  const RunOutcome thrown = run("faulty", R"({"mode":"throw"})");
  REQUIRE(thrown.error);
  CHECK(thrown.error->name + ": " + thrown.error->message == "Error: kaboom");
  const RunOutcome custom = ThreadFixture().run("faulty", R"({"mode":"custom"})");
  REQUIRE(custom.error);
  CHECK(custom.error->name + ": " + custom.error->message == "TypeError: wrong kind");
  const RunOutcome conflict = ThreadFixture().run("faulty", R"({"mode":"conflict"})");
  REQUIRE(conflict.error);
  CHECK(conflict.error->name == "InvalidUpdateError");
  const RunOutcome partial = ThreadFixture().run("faulty", R"({"mode":"partial"})");
  REQUIRE(partial.error);
  CHECK(partial.error->message == "right failed");
  CHECK(ThreadFixture().value("faulty", "{}", "log") == R"(["start","left","right"])");
}

TEST_CASE_METHOD(ThreadFixture, "delay naps as often as it is told") {
  CHECK(value("delay", R"({"tag":"t","ms":1,"naps":2})", "log") == R"(["t:before","t:nap1","t:nap2","t:after"])");
}

TEST_CASE_METHOD(ThreadFixture, "A cancelled nap ends at once and writes nothing") {
  asio::cancellation_signal stop;
  std::exception_ptr thrown;
  auto ended = [&](std::exception_ptr error, const RunOutcome&) { thrown = error; };
  const RunServices with = services();
  RunOptions napping = options(GraphInput{parse_json(R"({"tag":"t","ms":60000})")});
  asio::co_spawn(io, registry.find("delay")->run(std::move(napping), with),
                 asio::bind_cancellation_slot(stop.slot(), ended));
  io.restart();
  io.poll();
  REQUIRE(thrown == nullptr);
  stop.emit(asio::cancellation_type::terminal);
  io.poll();
  REQUIRE(thrown != nullptr);
  CHECK_THROWS_AS(std::rethrow_exception(thrown), boost::system::system_error);
}

TEST_CASE_METHOD(ThreadFixture, "writer sends values of every kind, also from its subgraph") {
  run("writer", R"({"n":2})");
  Texts written;
  for (const RunEvent& event : events) {
    if (const CustomFact* fact = std::get_if<CustomFact>(&event)) written.push_back(to_text(fact->value));
  }
  CHECK(written == Texts{R"({"progress":1,"of":2})", R"({"progress":2,"of":2})", R"("plain text")", "42",
                         R"(["a",{"b":null}])", R"({"from":"whisper","n":2})"});
}

TEST_CASE_METHOD(ThreadFixture, "memory keeps notes across threads") {
  run("memory", R"({"user":"u","key":"b","note":"n\u00e9\ud83d\ude00"})");
  const RunOutcome second = run("memory", R"({"user":"u","key":"a","note":"x"})");
  CHECK(value(second, "all") == R"(["a","b"])");
  CHECK(value("memory", R"({"user":"u","key":"b","note":""})", "found") ==
        "{\"note\":\"n\u00e9\U0001F600\",\"size\":4}");
  CHECK(value("memory", R"({"user":"u","key":"b","note":"","drop":"b"})", "found") == "null");
}

TEST_CASE_METHOD(ThreadFixture, "creds reports names and never values") {
  auto secrets = std::make_shared<Secrets>();
  secrets->emplace("_credentials", SecretJson::take(parse_json(R"({"z":"secret-1","a":"secret-2"})")));
  config->secrets = secrets;
  config->configurable = {{"app_mode", "x"}, {"x-app-id", "y"}, {"other", "z"}};
  config->tags = {"b", "a", "seq:step:1"};
  config->metadata = {{"run_note", "n"}};
  CHECK(value("creds", R"({"ask":"x"})", "report") ==
        R"({"has_credentials":true,"credential_keys":["a","z"],"settings":{"app_mode":"x","x-app-id":"y"},)"
        R"("context":{},"tags":["a","b"],"run_note":"n"})");
}
