#include "runtime/entrypoint.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include "runtime/error.h"
#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

struct WorkflowFixture : ThreadFixture {
  int added = 0;

  std::shared_ptr<const CalledTask> add() {
    return called_task("add", [this](NodeContext&, json::value input) -> asio::awaitable<json::value> {
      ++added;
      json::value sum = input.as_array().at(0).as_int64() + input.as_array().at(1).as_int64();
      co_return sum;
    });
  }
};

TEST_CASE_METHOD(WorkflowFixture, "A workflow calls tasks, and its result is the state") {
  const auto task = add();
  const Graph graph =
      entrypoint("wf", [task](Workflow& workflow, json::value input) -> asio::awaitable<WorkflowResult> {
        json::value pair = json::array{input.at("x"), 1};
        const json::value sum = co_await workflow.call(task, std::move(pair));
        json::object result{{"sum", sum}};
        co_return result;
      });
  kinds.tasks = true;
  const RunOutcome outcome = input(graph, R"({"x":1})");
  CHECK(text_of(outcome.values) == R"({"sum":2})");
  CHECK(lines == Lines{
                     R"(task 0 wf {"x":1} __start__)",
                     R"(task 0 add [1,1] __pregel_push)",
                     R"(updates add 2)",
                     R"(result 0 add 2)",
                     R"(updates wf {"sum":2})",
                     R"(result 0 wf {"sum":2})",
                     R"(values {"sum":2})",
                 });
  CHECK(steps(graph) == "loop:0 input:-1");
  CHECK(text_of(state(graph).values) == R"({"sum":2})");
}

TEST_CASE_METHOD(WorkflowFixture, "When a workflow goes on, tasks that have finished are not run again") {
  const auto task = add();
  const Graph graph = entrypoint("wf", [task](Workflow& workflow, json::value) -> asio::awaitable<WorkflowResult> {
    json::value one = json::array{1, 1};
    const json::value first = co_await workflow.call(task, std::move(one));
    const json::value answer = workflow.node().interrupt({{"sum", first}});
    json::value two = json::array{first, answer};
    const json::value second = co_await workflow.call(task, std::move(two));
    json::object result{{"sum", second}};
    co_return result;
  });
  const RunOutcome asked = input(graph, "{}");
  CHECK(asked.status == OutcomeStatus::interrupted);
  CHECK(asked.all_interrupts.at(0).value == json::value{{"sum", 2}});
  CHECK(text_of(resume(graph, 40).values) == R"({"sum":42})");
  CHECK(added == 2);
  CHECK(lines == Lines{R"(values null)", R"(updates add 2 cached)", R"(updates add 42)", R"(updates wf {"sum":42})",
                       R"(values {"sum":42})"});
}

TEST_CASE_METHOD(WorkflowFixture, "A failed workflow keeps what its tasks did") {
  bool broken = true;
  const auto task = add();
  const Graph graph =
      entrypoint("wf", [task, &broken](Workflow& workflow, json::value) -> asio::awaitable<WorkflowResult> {
        json::value pair = json::array{1, 2};
        const json::value sum = co_await workflow.call(task, std::move(pair));
        if (broken) throw GraphError("TypeError", "boom");
        json::object result{{"sum", sum}};
        co_return result;
      });
  CHECK(input(graph, "{}").error->name == "TypeError");
  broken = false;
  CHECK(text_of(go_on(graph).values) == R"({"sum":3})");
  CHECK(added == 1);
}

TEST_CASE_METHOD(WorkflowFixture, "Calls at the same time give their results in the order of their inputs") {
  std::vector<std::string> order;
  const auto slow_first =
      called_task("slow_first", [&order](NodeContext&, json::value input) -> asio::awaitable<json::value> {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        const std::int64_t waits = 3 - input.as_int64();
        for (std::int64_t i = 0; i < waits; ++i) co_await asio::post(executor, asio::use_awaitable);
        order.push_back(to_text(input));
        json::value result = input.as_int64() * 10;
        co_return result;
      });
  const Graph graph =
      entrypoint("wf", [slow_first](Workflow& workflow, json::value) -> asio::awaitable<WorkflowResult> {
        std::vector<json::value> inputs{0, 1, 2};
        const std::vector<json::value> results = co_await workflow.call_all(slow_first, std::move(inputs));
        json::object result{{"all", json::array(results.begin(), results.end())}};
        co_return result;
      });
  CHECK(text_of(input(graph, "{}").values) == R"({"all":[0,10,20]})");
  CHECK(order == std::vector<std::string>{"2", "1", "0"});
}

TEST_CASE_METHOD(WorkflowFixture, "Tasks that ask at the same time have their questions answered each on its own") {
  int runs = 0;
  const auto asking =
      called_task("asking", [&runs](NodeContext& node, json::value input) -> asio::awaitable<json::value> {
        ++runs;
        const json::value question{{"who", input}};
        json::value answer = node.interrupt(question);
        co_return answer;
      });
  const Graph graph = entrypoint("wf", [asking](Workflow& workflow, json::value) -> asio::awaitable<WorkflowResult> {
    std::vector<json::value> inputs{"a", "b"};
    const std::vector<json::value> answers = co_await workflow.call_all(asking, std::move(inputs));
    json::object result{{"answers", json::array(answers.begin(), answers.end())}};
    co_return result;
  });
  const RunOutcome asked = input(graph, "{}");
  REQUIRE(asked.all_interrupts.size() == 2);
  CHECK(asked.all_interrupts[0].id != asked.all_interrupts[1].id);
  const RunOutcome half = resume(graph, json::object{{asked.all_interrupts[1].id, "B"}});
  REQUIRE(half.all_interrupts.size() == 1);
  CHECK(half.all_interrupts[0].id == asked.all_interrupts[0].id);
  CHECK(text_of(resume(graph, "A").values) == R"({"answers":["A","B"]})");
  CHECK(runs == 5);
}

TEST_CASE_METHOD(WorkflowFixture, "A workflow finds what its last run saved, which need not be its result") {
  const Graph graph = entrypoint("wf", [](Workflow& workflow, json::value) -> asio::awaitable<WorkflowResult> {
    const json::value saved = workflow.previous();
    const std::int64_t count = saved.is_int64() ? saved.as_int64() : 0;
    WorkflowResult result(json::object{{"before", saved}}, count + 1);
    co_return result;
  });
  CHECK(text_of(input(graph, "{}").values) == R"({"before":null})");
  CHECK(text_of(input(graph, "{}").values) == R"({"before":1})");
  CHECK(text_of(input(graph, "{}").values) == R"({"before":2})");
  const RunOutcome unsaved = (saver = nullptr, input(graph, "{}"));
  CHECK(text_of(unsaved.values) == R"({"before":null})");
}

TEST_CASE_METHOD(WorkflowFixture, "A task is tried again as its policy says") {
  int tries = 0;
  RetryPolicy policy;
  policy.initial_interval = milliseconds{1};
  policy.jitter = false;
  policy.retry_on = [](const std::exception&) { return true; };
  const auto flaky = called_task(
      "flaky",
      [&tries](NodeContext& node, json::value) -> asio::awaitable<json::value> {
        if (++tries < 3) throw std::runtime_error("not yet");
        json::value attempt = node.node_attempt();
        co_return attempt;
      },
      policy);
  const Graph graph = entrypoint("wf", [flaky](Workflow& workflow, json::value) -> asio::awaitable<WorkflowResult> {
    const json::value attempt = co_await workflow.call(flaky, nullptr);
    json::object result{{"attempt", attempt}};
    co_return result;
  });
  CHECK(text_of(input(graph, "{}").values) == R"({"attempt":3})");
}

TEST_CASE_METHOD(WorkflowFixture, "A workflow is a graph: in another one as a node, and drawn") {
  const auto task = add();
  const Graph inner =
      entrypoint("wf", [task](Workflow& workflow, json::value input) -> asio::awaitable<WorkflowResult> {
        json::value pair = json::array{input.at("x"), input.at("x")};
        const json::value sum = co_await workflow.call(task, std::move(pair));
        json::object result{{"x", sum}};
        co_return result;
      });
  const Graph graph = StateGraph().last("x").node("double", inner).edge(kStart, "double").compile();
  CHECK(text_of(input(graph, R"({"x":4})").values) == R"({"x":8})");
  CHECK(inner->mermaid() ==
        "flowchart TD\n  n0([\"__start__\"])\n  n1[\"wf\"]\n  n2([\"__end__\"])\n  n0 --> n1\n"
        "  n1 --> n2\n");
}

TEST_CASE_METHOD(WorkflowFixture, "The result of a workflow may be any value, and is the state") {
  const json::value given =
      GENERATE(json::value("text"), json::value(4), json::value(true), json::value(nullptr), json::value{1, "b"});
  const Graph graph = entrypoint("wf", [given](Workflow& workflow, json::value) -> asio::awaitable<WorkflowResult> {
    json::value saved = json::array{workflow.previous()};
    workflow.node().interrupt("?");
    WorkflowResult result(given, std::move(saved));
    co_return result;
  });
  kinds.tasks = true;
  const std::string text = to_text(given);
  CHECK(text_of(input(graph, "{}").values) == "null");
  CHECK(text_of(state(graph).values) == "null");
  CHECK(text_of(resume(graph, "go").values) == text);
  CHECK(lines ==
        Lines{"values null", "task 0 wf {} __start__", "updates wf " + text, "result 0 wf " + text, "values " + text});
  CHECK(text_of(state(graph).values) == text);
  CHECK(history(graph).at(1).tasks.at(0).view.result == given);
}

TEST_CASE_METHOD(WorkflowFixture,
                 "What a workflow says of its result is what it was told, else that it may be anything") {
  const auto body = [](Workflow&, json::value) -> asio::awaitable<WorkflowResult> {
    json::value result = "done";
    co_return result;
  };
  CHECK(entrypoint("wf", body)->schemas().output.empty());
  EntrypointOptions options;
  options.output_schema = schema::text();
  const Graph graph = entrypoint("wf", body, std::move(options));
  CHECK(graph->schemas().output == schema::text());
  CHECK(graph->schemas().state == schema::text());
}

TEST_CASE_METHOD(WorkflowFixture, "A workflow that is a node of a graph must give what a node may return") {
  json::value given = "text";
  const Graph inner =
      entrypoint("wf", [&given](Workflow&, json::value) -> asio::awaitable<WorkflowResult> { co_return given; });
  const Graph graph = StateGraph().last("x").node("inner", inner).edge(kStart, "inner").compile();
  CHECK(
      input(graph, "{}").error->message ==
      R"(Expected node "inner" to return an object or an array containing at least one Command object, received string)");
  given = nullptr;
  CHECK(input(graph, R"({"x":1})").status == OutcomeStatus::done);
}

TEST_CASE_METHOD(WorkflowFixture, "The state of a workflow can be changed by hand") {
  const Graph graph = entrypoint("wf", [](Workflow& workflow, json::value) -> asio::awaitable<WorkflowResult> {
    json::object result{{"before", workflow.previous()}};
    co_return result;
  });
  input(graph, "{}");
  update(graph, R"({"by":"hand"})", "wf");
  CHECK(text_of(state(graph).values) == R"({"by":"hand"})");
  CHECK(text_of(input(graph, "{}").values) == R"({"before":{"by":"hand"}})");
  update(graph, "[1,2]", "wf");
  CHECK(text_of(state(graph).values) == "[1,2]");
}

}  // namespace
}  // namespace heddle::runtime
