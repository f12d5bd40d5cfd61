// What nodes are told of their run: managed values, the context, and which execution they are (runtime.md 14).

#include <catch2/catch.hpp>

#include "runtime/entrypoint.h"
#include "runtime/error.h"
#include "runtime/uuid.h"
#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

// Counts until the limit is near.
StateGraph careful() {
  const auto count = [](const State& state) {
    return Update{{"log", {std::to_string(state.integer("remaining_steps"))}}};
  };
  const auto enough = [](const State& state, const RunConfig&) -> Routes {
    return state.integer("remaining_steps") > 2 ? "count" : "last";
  };
  const auto last = [](const State& state) {
    return Update{{"log", {state.truth("is_last_step") ? "the last" : "not the last"}}};
  };
  return StateGraph()
      .append("log")
      .remaining_steps()
      .is_last_step()
      .node("count", count)
      .node("last", last)
      .edge(kStart, "count")
      .conditional("count", enough, {"count", "last"});
}

TEST_CASE_METHOD(ThreadFixture, "Nodes and paths see how many steps are left, and can end in time") {
  const Graph graph = careful().compile();
  config.recursion_limit = 4;
  const RunOutcome outcome = input(graph, "{}");
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(text_of(outcome.values) == R"({"log":["3","2","the last"]})");
}

TEST_CASE_METHOD(ThreadFixture, "The steps that are left count from where a run goes on") {
  const Graph graph = careful().compile();
  config.recursion_limit = 4;
  input(graph, "{}");
  CHECK(text_of(input(graph, "{}").values) == R"({"log":["3","2","the last","3","2","the last"]})");
}

TEST_CASE_METHOD(ThreadFixture, "Managed values are kept nowhere, shown to no client, and nobody writes them") {
  const auto writes = [](const State&) { return Update{{"remaining_steps", 100}, {"log", {"x"}}}; };
  const Graph graph =
      StateGraph().append("log").remaining_steps().node("writes", writes).edge(kStart, "writes").compile();
  CHECK(text_of(input(graph, R"({"remaining_steps":7})").values) == R"({"log":["x"]})");
  CHECK(lines == Lines{R"(updates writes {"log":["x"]})", R"(values {"log":["x"]})"});
  for (const StateSnapshot& snapshot : history(graph)) CHECK_FALSE(snapshot.values.has("remaining_steps"));
  for (const json::object* schema : {&graph->schemas().input, &graph->schemas().output, &graph->schemas().state}) {
    CHECK_FALSE(schema->at("properties").as_object().contains("remaining_steps"));
  }
}

TEST_CASE_METHOD(ThreadFixture, "A node that reads some keys sees the managed ones among them only") {
  std::string seen;
  const auto look = [&seen](const State& state) {
    for (const State::Member& member : state.members()) seen += member.first + " ";
    return Update{};
  };
  NodeOptions some;
  some.reads = {"is_last_step", "b"};
  const Graph graph = StateGraph()
                          .last("a")
                          .last("b")
                          .remaining_steps()
                          .is_last_step()
                          .node("look", look, some)
                          .edge(kStart, "look")
                          .compile();
  input(graph, R"({"a":1,"b":2})");
  CHECK(seen == "b is_last_step ");
}

TEST_CASE_METHOD(ThreadFixture, "A task that was sent its input sees that alone") {
  std::string seen = "nothing";
  const auto look = [&seen](const State& state) {
    seen = text_of(state);
    return Update{};
  };
  const auto send = [](const State&, const RunConfig&) -> Routes { return Send{"look", json::value{{"item", 1}}}; };
  const Graph graph =
      StateGraph().append("log").remaining_steps().node("look", look).conditional(kStart, send, {"look"}).compile();
  input(graph, "{}");
  CHECK(seen == R"({"item":1})");
}

TEST_CASE("A managed key is no other key and no node") {
  const char* const taken = "Channel \"remaining_steps\" already exists with a different type.";
  CHECK_THROWS_WITH(StateGraph().last("remaining_steps").remaining_steps(), taken);
  CHECK_THROWS_WITH(StateGraph().remaining_steps().last("remaining_steps"), taken);
  CHECK_THROWS_WITH(StateGraph().remaining_steps("x").is_last_step("x"),
                    "Channel \"x\" already exists with a different type.");
  CHECK_THROWS_AS(StateGraph().remaining_steps("a").node("a", [](const State&) { return Update{}; }),
                  GraphDeclarationError);
}

json::object tenant_schema() {
  return {{"type", "object"},
          {"properties", {{"tenant", schema::text()}, {"_key", schema::text()}}},
          {"required", {"tenant", "_key"}}};
}

TEST_CASE_METHOD(ThreadFixture, "A run whose context does not fit the graph's schema fails before anything runs") {
  int ran = 0;
  const auto node = [&ran](const State&) {
    ++ran;
    return Update{};
  };
  const Graph graph =
      StateGraph("desk").append("log").context_schema(tenant_schema()).node("a", node).edge(kStart, "a").compile();
  config.context = json::object{{"tenant", 5}};
  const RunOutcome refused = input(graph, "{}");
  CHECK(refused.status == OutcomeStatus::failed);
  CHECK(refused.error->name == "ValidationError");
  CHECK(refused.error->message ==
        "The context of the run does not fit the context schema of graph \"desk\":\n"
        "\u2716 Invalid input: expected string, received number\n  \u2192 at tenant");
  CHECK(ran == 0);
  CHECK(history(graph).empty());

  config.context = nullptr;
  CHECK(input(graph, "{}").error->message.find("received undefined") != std::string::npos);
  config.context = json::object{{"tenant", "acme"}, {"more", 1}};
  CHECK(input(graph, "{}").status == OutcomeStatus::done);
  CHECK(ran == 1);

  // A key that the server's configuration calls secret is no part of the context any more.
  auto secrets = std::make_shared<Secrets>();
  secrets->emplace("tenant", SecretJson::take("acme"));
  config.context = json::object{};
  config.context_secrets = std::move(secrets);
  CHECK(input(graph, "{}").status == OutcomeStatus::done);
  CHECK(ran == 2);
}

TEST_CASE_METHOD(ThreadFixture, "The context is checked once, by the graph that is run, also if it is a workflow") {
  EntrypointOptions options;
  options.context_schema = tenant_schema();
  const auto body = [](Workflow&, json::value) -> boost::asio::awaitable<WorkflowResult> {
    json::object result{{"ok", true}};
    co_return result;
  };
  const Graph inner = entrypoint("inner", body, options);
  CHECK(input(inner, "{}").error->name == "ValidationError");
  const Graph outer = StateGraph().last("ok").node("in", inner).edge(kStart, "in").compile();
  CHECK(input(outer, "{}").status == OutcomeStatus::done);
}

TEST_CASE_METHOD(ThreadFixture, "A node knows which execution of which task it is") {
  std::vector<ExecutionInfo> seen;
  const auto flaky = [&](NodeContext& context) -> NodeResult {
    seen.push_back(context.execution_info());
    clock.advance(std::chrono::seconds{1});
    if (seen.size() < 2) throw GraphError("Error", "once more");
    return Update{};
  };
  NodeOptions options;
  options.retry = RetryPolicy{.initial_interval = std::chrono::milliseconds{1}, .jitter = false};
  options.retry->retry_on = [](const std::exception&) { return true; };
  const Graph graph = StateGraph().append("log").node("flaky", flaky, options).edge(kStart, "flaky").compile();
  config.run_id = RunId{uuid4()};
  input(graph, "{}");
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].node_attempt == 1);
  CHECK(seen[1].node_attempt == 2);
  CHECK(seen[0].first_attempt_at == seen[1].first_attempt_at);
  CHECK(seen[1].checkpoint_ns == "flaky:" + seen[1].task_id);
  CHECK(seen[1].run_id == config.run_id);
  CHECK(history(graph).at(1).checkpoint->id == seen[1].checkpoint_id);
}

TEST_CASE_METHOD(ThreadFixture, "A called task knows that it is another one than the workflow") {
  std::vector<ExecutionInfo> seen;
  const auto look = called_task("look", [&](NodeContext& context, json::value) -> boost::asio::awaitable<json::value> {
    seen.push_back(context.execution_info());
    co_return nullptr;
  });
  const auto body = [&, look](Workflow& flow, json::value) -> boost::asio::awaitable<WorkflowResult> {
    seen.push_back(flow.node().execution_info());
    const json::value nothing = co_await flow.call(look, nullptr);
    json::object result{{"nothing", nothing}};
    co_return result;
  };
  input(entrypoint("flow", body), "{}");
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].task_id != seen[1].task_id);
  CHECK(seen[1].checkpoint_ns == "look:" + seen[1].task_id);
  CHECK(seen[0].checkpoint_id == seen[1].checkpoint_id);
}

}  // namespace
}  // namespace heddle::runtime
