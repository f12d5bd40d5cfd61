// The worked traces of runtime.md 18, as they stand there.

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <map>

#include "runtime/error.h"
#include "tests/runtime/pregel/small_nodes.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;

struct WorkedFixture : ThreadFixture {
  // Oldest first.
  std::vector<LoadedCheckpoint> stored(std::string checkpoint_ns = "") {
    HistoryQuery query;
    query.checkpoint_ns = std::move(checkpoint_ns);
    query.limit = 100;
    std::vector<LoadedCheckpoint> all = test::run(io, memory.history(std::move(query)));
    std::ranges::reverse(all);
    return all;
  }
  // Of each checkpoint, oldest first: the values, and the versions that its superstep gave.
  Lines rows() {
    Lines rows;
    std::map<std::string, std::int64_t> known;
    for (const LoadedCheckpoint& loaded : stored()) {
      const Checkpoint& checkpoint = loaded.checkpoint;
      std::string row =
          std::string(to_text(checkpoint.metadata.source)) + ":" + std::to_string(checkpoint.metadata.step) + " ";
      for (const auto& [channel, value] : checkpoint.values) row += channel + "=" + value.text() + " ";
      row += "|";
      for (const auto& [channel, version] : checkpoint.versions) {
        if (known[channel] != version) row += " " + channel + " " + std::to_string(version);
        known[channel] = version;
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }
  // What the tasks wrote that started from each checkpoint, oldest first.
  Lines pending() {
    Lines rows;
    for (const LoadedCheckpoint& loaded : stored()) {
      std::string row;
      for (const TaskWrites& task : loaded.pending) {
        for (const ChannelWrite& write : task.writes) row += write.channel + "=" + write.value.text() + " ";
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }
  Lines seen(std::size_t at) {
    Lines rows;
    const std::vector<LoadedCheckpoint> all = stored();
    for (const auto& [node, channels] : all.at(at).checkpoint.seen) {
      std::string row = node;
      for (const auto& [channel, version] : channels) row += " " + channel + " " + std::to_string(version);
      rows.push_back(std::move(row));
    }
    return rows;
  }
  std::vector<std::int64_t> stored_steps(const std::string& checkpoint_ns = "") {
    std::vector<std::int64_t> steps;
    for (const LoadedCheckpoint& loaded : stored(checkpoint_ns)) steps.push_back(loaded.checkpoint.metadata.step);
    return steps;
  }
};

// runtime.md 18.1.
TEST_CASE_METHOD(WorkedFixture, "A chain leaves a checkpoint for each superstep, with what its next task wrote") {
  const Graph graph =
      StateGraph()
          .last("a")
          .append("log")
          .node("one", [](const State& s) { return Update{{"a", s.integer("a") + 1}, {"log", {"one"}}}; })
          .node("two", writing("two"))
          .node("nothing", [](const State&) { return NodeResult(); })
          .node("empty", [](const State&) { return Update{}; })
          .edge(kStart, "one")
          .edge("one", "two")
          .edge("two", "nothing")
          .edge("nothing", "empty")
          .compile();
  input(graph, R"({"a":1,"unknown":5})");
  CHECK(rows() ==
        Lines{
            R"(input:-1 __start__={"a":1} log=[] | __start__ 1)",
            R"(loop:0 a=1 branch:to:one=null log=[] | __start__ 2 a 2 branch:to:one 2)",
            R"(loop:1 a=2 branch:to:two=null log=["one"] | a 3 branch:to:one 3 branch:to:two 3 log 3)",
            R"(loop:2 a=2 branch:to:nothing=null log=["one","two"] | branch:to:nothing 4 branch:to:two 4 log 4)",
            R"(loop:3 a=2 branch:to:empty=null log=["one","two"] | branch:to:empty 5 branch:to:nothing 5)",
            R"(loop:4 a=2 log=["one","two"] | branch:to:empty 6)",
        });
  CHECK(pending() == Lines{
                         "a=1 branch:to:one=null ",
                         R"(a=2 log=["one"] branch:to:two=null )",
                         R"(log=["two"] branch:to:nothing=null )",
                         "branch:to:empty=null ",
                         "__no_writes__=null ",
                         "",
                     });
  CHECK(seen(1) == Lines{"__start__ __start__ 1"});
  CHECK(seen(5) == Lines{"__start__ __start__ 1", "empty branch:to:empty 5", "nothing branch:to:nothing 4",
                         "one branch:to:one 2", "two branch:to:two 3"});
}

// runtime.md 18.2.
TEST_CASE_METHOD(WorkedFixture, "Fan-out and join: updates come as nodes end, values by their names") {
  const auto slow = [](NodeContext&) -> asio::awaitable<NodeResult> {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
    NodeResult result = Update{{"log", {"b"}}};
    co_return result;
  };
  const Graph graph = StateGraph()
                          .last("x")
                          .append("log")
                          .node("a", writing("a"))
                          .node("b", slow)
                          .node("c", writing("c"))
                          .node("d", writing("d"))
                          .edge(kStart, "a")
                          .edge("a", "b")
                          .edge("a", "c")
                          .edge({"b", "c"}, "d")
                          .compile();
  input(graph, R"({"x":1})");
  CHECK(lines == Lines{
                     R"(values {"x":1,"log":[]})",
                     R"(updates a {"log":["a"]})",
                     R"(values {"x":1,"log":["a"]})",
                     R"(updates c {"log":["c"]})",
                     R"(updates b {"log":["b"]})",
                     R"(values {"x":1,"log":["a","b","c"]})",
                     R"(updates d {"log":["d"]})",
                     R"(values {"x":1,"log":["a","b","c","d"]})",
                 });
  // What the waiting edge has seen; nothing is stored while that is nobody.
  Lines joins;
  for (const LoadedCheckpoint& loaded : stored()) {
    const auto& values = loaded.checkpoint.values;
    joins.push_back(values.contains("join:b+c:d") ? values.at("join:b+c:d").text() : "[]");
  }
  CHECK(joins == Lines{"[]", "[]", "[]", R"(["b","c"])", "[]"});
}

// runtime.md 18.3.
TEST_CASE_METHOD(WorkedFixture, "Sends: the tasks of a superstep have their paths in order of the plan") {
  const auto route = [](const State&, const RunConfig&) -> Routes {
    std::vector<Goto> targets;
    for (int item = 0; item < 3; ++item) targets.emplace_back(Send{"work", json::value{{"item", item}}});
    targets.emplace_back(std::string("fin"));
    return targets;
  };
  const auto work = [](const State& sent) { return Update{{"log", {"work" + std::to_string(sent.integer("item"))}}}; };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("plan", writing("plan"))
                          .node("work", work)
                          .node("fin", writing("fin"))
                          .edge(kStart, "plan")
                          .conditional("plan", route)
                          .edge("work", "fin")
                          .compile();
  kinds.tasks = true;
  input(graph, "{}");
  Lines started;
  for (const std::string& line : lines) {
    if (line.starts_with("task")) started.push_back(line);
  }
  CHECK(started == Lines{
                       R"(task 1 plan {"log":[]} branch:to:plan)",
                       R"(task 2 work {"item":0} __pregel_push)",
                       R"(task 2 work {"item":1} __pregel_push)",
                       R"(task 2 work {"item":2} __pregel_push)",
                       R"(task 2 fin {"log":["plan"]} branch:to:fin)",
                       R"(task 3 fin {"log":["plan","fin","work0","work1","work2"]} branch:to:fin)",
                   });
  Lines paths;
  const StateSnapshot before_step_2 = state(graph, address_at(graph, 1));
  for (const SnapshotTask& task : before_step_2.tasks) paths.push_back(to_text(task.view.path));
  CHECK(paths == Lines{R"(["__pregel_push",0,false])", R"(["__pregel_push",1,false])", R"(["__pregel_push",2,false])",
                       R"(["__pregel_pull","fin"])"});
  CHECK(before_step_2.next == std::vector<std::string>{"work", "work", "work", "fin"});
  CHECK(text_of(state(graph, address_at(graph, 2)).values) == R"({"log":["plan","fin","work0","work1","work2"]})");
  CHECK(text_of(state(graph).values) == R"({"log":["plan","fin","work0","work1","work2","fin"]})");
}

// runtime.md 18.5.
TEST_CASE_METHOD(WorkedFixture, "Parallel interrupts: who has finished does not run again, and the head stays") {
  std::map<std::string, int> executions;
  const auto asking = [&executions](std::string name) {
    return [&executions, name = std::move(name)](NodeContext& context) -> NodeResult {
      ++executions[name];
      const json::value answer = context.interrupt(json::value("q" + name));
      return Update{{"log", {name + ":" + std::string(answer.as_string())}}};
    };
  };
  const auto c = [&executions](const State&) {
    ++executions["c"];
    return Update{{"log", {"c"}}};
  };
  const Graph graph = StateGraph()
                          .last("x")
                          .append("log")
                          .node("a", asking("a"))
                          .node("b", asking("b"))
                          .node("c", c)
                          .node("z", writing("z"))
                          .edge(kStart, "a")
                          .edge(kStart, "b")
                          .edge(kStart, "c")
                          .edge({"a", "b", "c"}, "z")
                          .compile();
  const RunOutcome asked = input(graph, R"({"x":1})");
  REQUIRE(asked.all_interrupts.size() == 2);
  const std::string of_a = asked.all_interrupts[0].id;
  const std::string of_b = asked.all_interrupts[1].id;
  CHECK(state(graph).metadata->step == 0);
  CHECK(state(graph).next == std::vector<std::string>{"a", "b"});

  const RunOutcome half = resume(graph, json::object{{of_a, "VA"}});
  REQUIRE(half.all_interrupts.size() == 1);
  CHECK(half.all_interrupts[0].id == of_b);
  CHECK(state(graph).metadata->step == 0);
  CHECK(state(graph).next == std::vector<std::string>{"b"});

  const RunOutcome rest = resume(graph, json::object{{of_b, "VB"}});
  CHECK(text_of(rest.values) == R"({"x":1,"log":["a:VA","b:VB","c","z"]})");
  CHECK(executions == std::map<std::string, int>{{"a", 2}, {"b", 3}, {"c", 1}});
  CHECK(steps(graph) == "loop:2 loop:1 loop:0 input:-1");
}

// runtime.md 18.6.
TEST_CASE_METHOD(WorkedFixture, "An error is stored as a write of its task and shown by its name") {
  bool broken = true;
  const auto b = [&broken](NodeContext&) -> NodeResult {
    if (broken) throw GraphError("TypeError", "boom");
    return Update{{"log", {"b"}}};
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", writing("a"))
                          .node("b", b)
                          .node("z", writing("z"))
                          .edge(kStart, "a")
                          .edge(kStart, "b")
                          .edge({"a", "b"}, "z")
                          .compile();
  input(graph, "{}");
  const StateSnapshot snapshot = state(graph);
  REQUIRE(snapshot.tasks.size() == 2);
  const TaskView& failed = snapshot.tasks[1].view;
  CHECK(failed.error.value().name == "TypeError");
  CHECK(failed.error.value().message == "boom");

  const std::vector<TaskWrites> pending = stored().back().pending;
  const auto of_b =
      std::ranges::find(pending, failed.id, [](const TaskWrites& writes) { return writes.task_id.text(); });
  REQUIRE(of_b != pending.end());
  REQUIRE(of_b->writes.size() == 1);
  CHECK(of_b->writes[0].channel == "__error__");
  CHECK(of_b->writes[0].value.text() == R"({"message":"boom","name":"TypeError"})");

  // The same task runs again, and its error is gone.
  broken = false;
  kinds.tasks = true;
  CHECK(text_of(go_on(graph).values) == R"({"log":["a","b","z"]})");
  const auto started = std::ranges::find_if(facts, [](const RunEvent& event) {
    const TaskStartFact* start = std::get_if<TaskStartFact>(&event);
    return start && start->name == "b";
  });
  REQUIRE(started != facts.end());
  CHECK(std::get<TaskStartFact>(*started).id == failed.id);
  CHECK_FALSE(state(graph, address_at(graph, 0)).tasks.at(1).view.error);
}

// runtime.md 18.7.
TEST_CASE_METHOD(WorkedFixture, "A subgraph that asks has checkpoints of its own under that of the root") {
  const auto ask = [](NodeContext& context) -> NodeResult {
    const json::value answer = context.interrupt("ok?");
    return Update{{"log", {"s2:" + std::string(answer.as_string())}}};
  };
  const Graph child = StateGraph()
                          .last("x")
                          .append("log")
                          .node("s1", writing("s1"))
                          .node("s2", ask)
                          .edge(kStart, "s1")
                          .edge("s1", "s2")
                          .compile();
  const Graph graph = StateGraph()
                          .last("x")
                          .append("log")
                          .node("p1", writing("p1"))
                          .node("child", child)
                          .node("p2", writing("p2"))
                          .edge(kStart, "p1")
                          .edge("p1", "child")
                          .edge("child", "p2")
                          .compile();
  const RunOutcome asked = input(graph, R"({"x":1})");
  const std::string inner_ns = "child:" + asked.interrupts.begin()->first;
  const std::vector<std::int64_t> three{-1, 0, 1};
  CHECK(stored_steps() == three);
  CHECK(stored_steps(inner_ns) == three);
  const CheckpointId root = stored().back().checkpoint.id;
  for (const LoadedCheckpoint& inside : stored(inner_ns)) {
    CHECK(inside.checkpoint.metadata.parents == std::map<std::string, CheckpointId>{{"", root}});
  }
  kinds.subgraphs = true;
  CHECK(text_of(resume(graph, "R").values) == R"({"x":1,"log":["p1","p1","s1","s2:R","p2"]})");
  CHECK(lines == Lines{
                     R"(values {"x":1,"log":["p1"]})",
                     R"(values|child {"x":1,"log":["p1","s1"]})",
                     R"(updates|child s2 {"log":["s2:R"]})",
                     R"(values|child {"x":1,"log":["p1","s1","s2:R"]})",
                     R"(updates child {"x":1,"log":["p1","s1","s2:R"]})",
                     R"(values {"x":1,"log":["p1","p1","s1","s2:R"]})",
                     R"(updates p2 {"log":["p2"]})",
                     R"(values {"x":1,"log":["p1","p1","s1","s2:R","p2"]})",
                 });
}

// runtime.md 18.8.
TEST_CASE_METHOD(WorkedFixture,
                 "An update at an older checkpoint hangs under it, and what runs from there under the update") {
  const Graph graph = abc();
  input(graph, "{}");
  const CheckpointAddress old = address_at(graph, 1);
  const CheckpointAddress made = update(graph, R"({"log":["hand"]})", std::nullopt, old);
  CHECK(state(graph, made).metadata->source == CheckpointSource::update);
  CHECK(state(graph, made).metadata->step == 2);
  CHECK(state(graph, made).next == std::vector<std::string>{"b"});
  CHECK(state(graph, made).parent->id == old.id);

  run(graph, NoInput{}, made);
  CHECK(steps(graph) == "loop:4 loop:3 update:2 loop:3 loop:2 loop:1 loop:0 input:-1");
  CHECK(history(graph).at(1).parent->id == made.id);
  CHECK(history(graph).at(0).parent->id == history(graph).at(1).checkpoint->id);
}

// runtime.md 18.9.
TEST_CASE_METHOD(WorkedFixture, "A Command and a static edge of one node lead on in the same superstep") {
  const auto a = [](const State&) { return Command().set("log", {"a"}).to("b"); };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", a, {.ends = {"b"}})
                          .node("b", writing("b"))
                          .node("c", writing("c"))
                          .edge(kStart, "a")
                          .edge("a", "c")
                          .compile();
  kinds.tasks = true;
  input(graph, "{}");
  Lines started;
  for (const std::string& line : lines) {
    if (line.starts_with("task ")) started.push_back(line);
  }
  CHECK(started == Lines{
                       R"(task 1 a {"log":[]} branch:to:a)",
                       R"(task 2 b {"log":["a"]} branch:to:b)",
                       R"(task 2 c {"log":["a"]} branch:to:c)",
                   });
  CHECK(text_of(state(graph).values) == R"({"log":["a","b","c"]})");
}

}  // namespace
}  // namespace heddle::runtime
