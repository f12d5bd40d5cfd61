#include "api/runs/resumer.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/auth/auth_settings.h"
#include "api/runs/run_request.h"
#include "runtime/uuid.h"
#include "tests/api/services/service_fixture.h"

namespace heddle::api {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

// What a graph waits for. The node is executed on the engine's thread and the probe is called on the test's, which
// never happens at once: a test lets one of them end before it begins the other.
struct Outside {
  bool has_answer = false;
  bool fails = false;
  std::chrono::milliseconds longer_by{0};
  int probed = 0;
  int executed = 0;
  bool was_resumed = false;  // the last execution was of a run without a request
  std::string user;          // of the last execution
};

// A graph whose node asks until there is an answer or the time is over. The clock stands at 2026-11-22T00:00:00Z.
class ResumerFixture : public test::ServiceFixture {
 public:
  std::shared_ptr<Outside> outside = std::make_shared<Outside>();

  ResumerFixture() {
    graphs.add("waits", waiting_graph());
    get(services.assistants.make_defaults());
  }

  std::shared_ptr<const runtime::CompiledGraph> waiting_graph() {
    const storage::Timestamp until = clock.now() + seconds{60};
    auto node = [this, until, shared = outside](runtime::NodeContext& context) -> runtime::NodeResult {
      ++shared->executed;
      shared->was_resumed = context.config().resumed_by_server;
      shared->user.clear();
      if (context.config().secrets) {
        const auto user = context.config().secrets->find("langgraph_auth_user_id");
        if (user != context.config().secrets->end()) shared->user = std::string(user->second.text()->reveal());
      }
      if (shared->has_answer) return runtime::Update{{"text", "answered"}};
      if (clock.now() >= until) return runtime::Update{{"text", "too late"}};
      auto awaited = std::make_shared<runtime::Awaited>();
      awaited->probe = "outside";
      awaited->subject = json::object{{"id", "r1"}};
      awaited->interval = seconds{5};
      awaited->until = until;
      throw runtime::NodeInterrupted{
          {runtime::interrupt_id(context.checkpoint_ns()), json::value("may I?"), std::move(awaited)}};
    };
    auto probe = [shared = outside](json::value subject) -> boost::asio::awaitable<runtime::Sign> {
      CHECK(subject == json::value{{"id", "r1"}});
      ++shared->probed;
      if (shared->fails) throw std::runtime_error("it rains");
      runtime::Sign sign;
      sign.has_come = shared->has_answer;
      sign.longer_by = shared->longer_by;
      co_return sign;
    };
    runtime::StateGraph graph("waits");
    graph.last("text", runtime::schema::text()).node("ask", std::move(node)).probe("outside", std::move(probe));
    graph.edge(runtime::kStart, "ask").edge("ask", runtime::kEnd);
    return graph.compile();
  }

  // A run on the thread, or on a new one, to its end.
  storage::ThreadId run(const std::string& body, std::optional<storage::ThreadId> thread_id = std::nullopt) {
    json::object asked = object(body);
    asked["assistant_id"] = "waits";
    const Headers no_headers;
    RunRequest request = run_request_from(std::move(asked), no_headers, settings);
    RunOrigin origin;
    origin.thread_id = thread_id ? *thread_id : get(services.threads.create(ann, NewThread{})).thread.thread_id;
    const Caller caller{ann};
    get(services.runs.create(caller, origin, std::move(request)));
    finish();
    return *origin.thread_id;
  }
  storage::ThreadId ask() { return run(R"({"input":{"text":"hi"}})"); }

  // Each turn waits for the storage to answer, not for time to pass.
  void finish() {
    for (int i = 0; i < 10'000 && queue.in_flight() > 0; ++i) awaited();
    REQUIRE(queue.in_flight() == 0);
  }
  // One look, and all that it leads to.
  void look(Resumer& resumer) {
    get(resumer.look());
    get(resumer.settled());
    finish();
  }
  void look_after(seconds time) {
    clock.advance(time);
    look(services.resumer);
  }

  std::vector<storage::Awaited> awaited() {
    return get(storage->read(
        [](const storage::Snapshot& snapshot) { return snapshot.awaited().due(storage::Timestamp::max(), 100); }));
  }
  // Newest first.
  std::vector<storage::Run> runs_of(storage::ThreadId id) {
    const storage::RunQuery query{ann, id, std::nullopt, {"{}"}, {100, 0}};
    return get(services.runs.list(query));
  }
  std::string text_of(storage::ThreadId id) {
    const std::optional<std::string> values = get(services.states.values_text(thread(id)));
    return std::string(object(values.value_or("{}")).at("text").as_string());
  }
  storage::Thread thread(storage::ThreadId id) { return get(services.states.thread(ann, id)); }
};

}  // namespace

TEST_CASE_METHOD(ResumerFixture, "A run goes on when the answer has come, and no run is made before") {
  const storage::ThreadId id = ask();
  REQUIRE(awaited().size() == 1);
  CHECK(awaited()[0].due == clock.now() + seconds{5});
  CHECK(awaited()[0].until == clock.now() + seconds{60});
  look_after(seconds{4});
  CHECK(outside->probed == 0);
  look_after(seconds{1});
  look_after(seconds{5});
  CHECK(outside->probed == 2);
  CHECK(outside->executed == 1);
  CHECK(runs_of(id).size() == 1);

  outside->has_answer = true;
  look_after(seconds{5});
  CHECK(text_of(id) == "answered");
  CHECK(thread(id).status == storage::ThreadStatus::idle);
  const std::vector<storage::Run> runs = runs_of(id);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].status == storage::RunStatus::success);
  CHECK(object(runs[0].metadata_json).at("resumed_run_id") == json::value(runs[1].run_id.text()));
  CHECK(object(runs[0].kwargs_json).at("input").is_null());
  CHECK(awaited().empty());
  look_after(seconds{100});
  CHECK(outside->executed == 2);
  CHECK(outside->probed == 3);
}

TEST_CASE_METHOD(ResumerFixture, "When its time is over the run goes on without a look") {
  const storage::ThreadId id = ask();
  look_after(seconds{58});
  CHECK(outside->probed == 1);
  CHECK(awaited()[0].due == awaited()[0].until);
  look_after(seconds{2});
  CHECK(outside->probed == 1);
  CHECK(text_of(id) == "too late");
  CHECK(runs_of(id).size() == 2);
}

TEST_CASE_METHOD(ResumerFixture, "Whoever wants to be asked less often is, from then on") {
  ask();
  outside->longer_by = seconds{5};
  look_after(seconds{5});
  outside->longer_by = seconds{0};
  CHECK(awaited()[0].interval == seconds{10});
  look_after(seconds{9});
  CHECK(outside->probed == 1);
  look_after(seconds{1});
  CHECK(outside->probed == 2);
  CHECK(awaited()[0].due == clock.now() + seconds{10});
}

TEST_CASE_METHOD(ResumerFixture, "The run that goes on is the owner's, without a request, with what the thread keeps") {
  settings.auth.emplace();
  const storage::ThreadId id = run(R"({"input":{"text":"hi"},"config":{"tags":["t"],"configurable":{"a":1,)"
                                   R"("_credentials":{"refreshToken":"s3cret"}}},"context":{"b":2},)"
                                   R"("webhook":"https://hooks.example/end"})");
  CHECK_FALSE(outside->was_resumed);
  outside->has_answer = true;
  look_after(seconds{5});
  CHECK(outside->was_resumed);
  CHECK(outside->user == "ann");
  const storage::Run last = runs_of(id).at(0);
  CHECK(last.owner == ann);
  CHECK_FALSE(last.had_hidden_keys);
  const json::object kwargs = object(last.kwargs_json);
  CHECK(runtime::equal_json(kwargs.at("config").at("configurable").at("a"), 1));
  CHECK(kwargs.at("config").at("tags") == json::array{"t"});
  CHECK(runtime::equal_json(kwargs.at("context").at("b"), 2));
  CHECK(kwargs.at("webhook") == "https://hooks.example/end");
  CHECK(last.kwargs_json.find("s3cret") == std::string::npos);
}

TEST_CASE_METHOD(ResumerFixture, "A thread that a client has let go on is left alone") {
  const storage::ThreadId id = ask();
  outside->has_answer = true;
  run(R"({"input":null})", id);
  CHECK(text_of(id) == "answered");
  look_after(seconds{5});
  CHECK(outside->probed == 0);
  CHECK(runs_of(id).size() == 2);
}

TEST_CASE_METHOD(ResumerFixture, "A client that looks itself moves the next look on") {
  const storage::ThreadId id = ask();
  clock.advance(seconds{4});
  run(R"({"input":null})", id);
  look_after(seconds{1});
  CHECK(outside->probed == 0);
  look_after(seconds{4});
  CHECK(outside->probed == 1);
}

TEST_CASE_METHOD(ResumerFixture, "A thread that is deleted, changed or busy is left alone") {
  const storage::ThreadId deleted = ask();
  get(services.threads.erase(ann, deleted));
  CHECK(awaited().empty());

  const storage::ThreadId updated = ask();
  runtime::StateUpdate by_hand;
  by_hand.values = json::object{{"text", "by hand"}};
  by_hand.as_node = "ask";
  std::vector<std::vector<runtime::StateUpdate>> supersteps;
  supersteps.push_back({by_hand});
  get(services.states.update(thread(updated), {}, std::move(supersteps)));
  CHECK(awaited().empty());

  const auto set = [this](storage::ThreadId id, storage::ThreadStatus status, std::optional<std::string> interrupts) {
    storage::Thread changed = thread(id);
    changed.status = status;
    if (interrupts) changed.interrupts_json = std::move(interrupts);
    get(storage->commit([changed](storage::Transaction& transaction) { transaction.threads().update(changed); }));
  };
  outside->has_answer = true;
  const storage::ThreadId changed = ask();
  outside->has_answer = false;
  CHECK(awaited().empty());
  const storage::ThreadId other = ask();
  set(other, storage::ThreadStatus::interrupted, R"({"t":[{"id":"another","value":1}]})");
  look_after(seconds{5});
  CHECK(outside->probed == 0);
  CHECK(awaited().empty());

  const storage::ThreadId busy = ask();
  set(busy, storage::ThreadStatus::busy, std::nullopt);
  look_after(seconds{5});
  CHECK(outside->probed == 0);
  REQUIRE(awaited().size() == 1);
  set(busy, storage::ThreadStatus::interrupted, std::nullopt);
  look_after(seconds{5});
  CHECK(outside->probed == 1);
  CHECK(runs_of(busy).size() == 1);
  CHECK(runs_of(changed).size() == 1);
}

TEST_CASE_METHOD(ResumerFixture, "After a restart the server goes on looking") {
  const storage::ThreadId id = ask();
  outside->has_answer = true;
  clock.advance(seconds{5});
  Resumer after_restart({settings, *storage, clock, graphs, checkpoint_ids, log, queue, shown}, services.runs);
  look(after_restart);
  CHECK(text_of(id) == "answered");
}

TEST_CASE_METHOD(ResumerFixture, "A graph that is not served any more, or cannot tell any more, ends the looking") {
  ask();
  for (const bool is_served : {true, false}) {
    graphs::Registry others;
    if (is_served) {
      runtime::StateGraph graph("waits");
      graph.last("text", runtime::schema::text()).node("ask", [](const runtime::State&) { return runtime::Update{}; });
      others.add("waits", graph.edge(runtime::kStart, "ask").edge("ask", runtime::kEnd).compile());
    }
    if (!is_served) ask();
    clock.advance(seconds{5});
    Resumer with_others({settings, *storage, clock, others, checkpoint_ids, log, queue, shown}, services.runs);
    look(with_others);
    CHECK(awaited().empty());
    CHECK(outside->probed == 0);
  }
}

TEST_CASE_METHOD(ResumerFixture, "A probe that fails is called again at the next interval") {
  const storage::ThreadId id = ask();
  outside->fails = true;
  look_after(seconds{5});
  CHECK(outside->probed == 1);
  CHECK(awaited()[0].due == clock.now() + seconds{5});
  outside->fails = false;
  outside->has_answer = true;
  look_after(seconds{5});
  CHECK(text_of(id) == "answered");
}

TEST_CASE_METHOD(ResumerFixture, "No more are asked for at a time than the setting allows, and all get their turn") {
  for (int i = 0; i < 3; ++i) ask();
  settings.async_resume_polls_max = 2;
  clock.advance(seconds{5});
  look(services.resumer);
  CHECK(outside->probed == 2);
  look(services.resumer);
  CHECK(outside->probed == 3);
  look(services.resumer);
  CHECK(outside->probed == 3);
}

TEST_CASE_METHOD(ResumerFixture, "While too many runs wait the answer waits, too") {
  const storage::ThreadId id = ask();
  outside->has_answer = true;
  const std::size_t most = settings.runs_queued_max;
  settings.runs_queued_max = 0;
  look_after(seconds{5});
  CHECK(outside->executed == 1);
  CHECK(awaited().size() == 1);
  settings.runs_queued_max = most;
  look_after(seconds{5});
  CHECK(text_of(id) == "answered");
}

TEST_CASE_METHOD(ResumerFixture, "Switched off, nothing is looked for") {
  settings.async_resume = false;
  ask();
  CHECK(awaited().empty());
}

TEST_CASE_METHOD(ResumerFixture, "A started one looks by itself when a run begins to wait, and stops when told") {
  services.resumer.start();
  const storage::ThreadId id = ask();
  outside->has_answer = true;
  clock.advance(seconds{5});
  services.resumer.look_again();
  for (int i = 0; i < 10'000 && runs_of(id).size() < 2; ++i) awaited();
  finish();
  CHECK(text_of(id) == "answered");
  get(services.resumer.stop());
}

}  // namespace heddle::api
