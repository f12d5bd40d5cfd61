// The parts of the worked traces of runtime.md 18 that are about what is stored and planned, and the texts with which
// the engine refuses what it is given.

#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/error.h"
#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

auto writing(std::string name) {
  return [name = std::move(name)](const State&) { return Update{{"log", {name}}}; };
}

struct TraceFixture : ThreadFixture {
  std::vector<LoadedCheckpoint> stored() {
    HistoryQuery query;
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
};

// runtime.md 18.1.
TEST_CASE_METHOD(TraceFixture, "A chain leaves a checkpoint for each superstep, with what its next task wrote") {
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
TEST_CASE_METHOD(TraceFixture, "A waiting edge is a channel that fills and is emptied when its target has run") {
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", writing("a"))
                          .node("b", writing("b"))
                          .node("c", writing("c"))
                          .node("d", writing("d"))
                          .edge(kStart, "a")
                          .edge("a", "b")
                          .edge("a", "c")
                          .edge({"b", "c"}, "d")
                          .compile();
  input(graph, "{}");
  Lines joins;
  for (const LoadedCheckpoint& loaded : stored()) {
    const auto join = loaded.checkpoint.values.find("join:b+c:d");
    joins.push_back(join == loaded.checkpoint.values.end() ? "absent" : join->second.text());
  }
  REQUIRE(joins.size() == 5);
  CHECK(joins[3] == R"(["b","c"])");
  CHECK(joins[4] != joins[3]);
  CHECK(text_of(state(graph).values) == R"({"log":["a","b","c","d"]})");
}

// runtime.md 18.3.
TEST_CASE_METHOD(TraceFixture, "Sent tasks are planned in order, before the nodes, and lead on once") {
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
  const StateSnapshot before_step_2 = history(graph).at(2);
  CHECK(before_step_2.next == std::vector<std::string>{"work", "work", "work", "fin"});
  CHECK(to_text(before_step_2.tasks.at(1).view.path) == R"(["__pregel_push",1,false])");
  CHECK(text_of(state(graph).values) == R"({"log":["plan","fin","work0","work1","work2","fin"]})");
}

// runtime.md 6.
TEST_CASE_METHOD(TraceFixture, "A Command to the parent of a graph that has none is without effect") {
  const auto up = [](const State&) { return Command().set("log", {"up"}).to("b").of_parent(); };
  const Graph graph =
      StateGraph().append("log").node("a", up, {.ends = {"b"}}).node("b", writing("b")).edge(kStart, "a").compile();
  const RunOutcome outcome = input(graph, R"({"log":["in"]})");
  CHECK(outcome.status == OutcomeStatus::done);
  CHECK(text_of(outcome.values) == R"({"log":["in"]})");
}

struct RefusalFixture : TraceFixture {
  Graph chain = StateGraph()
                    .append("log")
                    .node("a", writing("a"))
                    .node("b", writing("b"))
                    .edge(kStart, "a")
                    .edge("a", "b")
                    .compile();

  std::string refusal(std::vector<StateUpdate> updates) {
    try {
      update_all(chain, {std::move(updates)});
    } catch (const GraphError& error) {
      CHECK(error.name() == "InvalidUpdateError");
      return error.what();
    }
    return "none";
  }
  static StateUpdate one(std::string_view values, std::optional<std::string> as_node) {
    return {parse_json(values), std::move(as_node)};
  }
};

TEST_CASE_METHOD(RefusalFixture, "A run with a limit below one is refused") {
  config.recursion_limit = 0;
  CHECK(input(chain, "{}").error->message == "Passed \"recursionLimit\" must be at least 1.");
  CHECK(history(chain).empty());
}

TEST_CASE_METHOD(RefusalFixture, "Without a saver an answer is refused") {
  saver = nullptr;
  CHECK(resume(chain, "yes").error->message == "Cannot use Command(resume=...) without checkpointer");
}

TEST_CASE_METHOD(RefusalFixture, "A path that leads to no target of its edge fails the node") {
  const auto lost = [](const State&, const RunConfig&) -> Routes { return "elsewhere"; };
  const Graph graph = StateGraph()
                          .append("log")
                          .node("a", writing("a"))
                          .node("b", writing("b"))
                          .edge(kStart, "a")
                          .conditional("a", lost, {"b"})
                          .compile();
  CHECK(input(graph, "{}").error->message == "Branch condition returned unknown or null destination");
}

TEST_CASE_METHOD(RefusalFixture, "Updates that cannot be made together are refused") {
  input(chain, "{}");
  CHECK(refusal({one("null", "__end__"), one("{}", "a")}) == "Cannot apply multiple updates when clearing state");
  CHECK(refusal({one("{}", "__input__"), one("{}", "a")}) == "Cannot apply multiple updates when updating as input");
  CHECK(refusal({one("null", "__copy__"), one("{}", "a")}) == "Cannot copy checkpoint with multiple updates");
  CHECK(refusal({one("{}", "a"), one("{}", std::nullopt)}) == "\"asNode\" is required when applying multiple updates");
  CHECK(refusal({one("5", "__input__")}) == "Received no input writes for \"__start__\"");
  CHECK(refusal({one("\"x\"", "a")})
            .starts_with("Expected node \"a\" to return an object or an array containing at least one Command object, "
                         "received string"));
  CHECK(steps(chain) == "loop:2 loop:1 loop:0 input:-1");
}

TEST_CASE_METHOD(RefusalFixture, "There is nothing to copy on a fresh thread") {
  CHECK(refusal({one("null", "__copy__")}) == "Cannot copy a non-existent checkpoint");
}

}  // namespace
}  // namespace heddle::runtime
