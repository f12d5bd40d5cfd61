// What untracked keys leave behind: nothing, also among pending writes (runtime.md 3).

#include <catch2/catch.hpp>

#include "tests/runtime/pregel/engine_fixture.h"

namespace heddle::runtime {
namespace {

ChannelSpec hidden() {
  ChannelSpec spec;
  spec.name = "hidden";
  spec.kind = ChannelKind::untracked;
  return spec;
}

struct UntrackedFixture : ThreadFixture {
  // Everything that tasks and Commands have written on the checkpoints of the thread, oldest first: "channel=value".
  Lines pending() {
    HistoryQuery query;
    query.limit = 100;
    const std::vector<LoadedCheckpoint> all = test::run(io, memory.history(std::move(query)));
    Lines rows;
    for (auto loaded = all.rbegin(); loaded != all.rend(); ++loaded) {
      for (const TaskWrites& task : loaded->pending) {
        for (const ChannelWrite& write : task.writes) rows.push_back(write.channel + "=" + write.value.text());
      }
    }
    return rows;
  }
  // Those among them in which `text` occurs.
  Lines pending_with(const std::string& text) {
    Lines found = pending();
    std::erase_if(found, [&](const std::string& row) { return row.find(text) == std::string::npos; });
    return found;
  }

  // Notes what it is given for the untracked key.
  auto looking() {
    return [this](const State& state) {
      seen = state.text("hidden");
      return Update{{"log", {"looked"}}};
    };
  }
  std::string seen;
};

TEST_CASE_METHOD(UntrackedFixture,
                 "What a node writes to an untracked key reaches the next node and no pending write") {
  const auto hide = [](const State&) { return Update{{"hidden", "secret"}, {"log", {"hid"}}}; };
  const Graph graph = StateGraph()
                          .append("log")
                          .channel(hidden())
                          .node("hide", hide)
                          .node("look", looking())
                          .edge(kStart, "hide")
                          .edge("hide", "look")
                          .compile();
  input(graph, "{}");
  CHECK(seen == "secret");
  CHECK(pending_with("log") == Lines{R"(log=["hid"])", R"(log=["looked"])"});
  CHECK(pending_with("hidden").empty());
  CHECK(pending_with("secret").empty());
}

TEST_CASE_METHOD(UntrackedFixture, "An untracked member of a sent argument reaches the task and no pending write") {
  const auto route = [](const State&, const RunConfig&) -> Routes {
    return Send{"look", json::value(json::object{{"hidden", "secret"}, {"item", 1}})};
  };
  const Graph graph = StateGraph()
                          .append("log")
                          .channel(hidden())
                          .node("plan", [](const State&) { return Update{}; })
                          .node("look", looking())
                          .edge(kStart, "plan")
                          .conditional("plan", route, {"look"})
                          .compile();
  input(graph, "{}");
  CHECK(seen == "secret");
  CHECK(pending_with("__pregel_tasks").size() == 1);
  CHECK(pending_with("item").size() == 1);
  CHECK(pending_with("hidden").empty());
  CHECK(pending_with("secret").empty());
}

TEST_CASE_METHOD(UntrackedFixture, "What a Command brings for untracked keys reaches its run and no pending write") {
  const auto ask = [this](NodeContext& context) -> NodeResult {
    seen = context.state().has("hidden") ? context.state().text("hidden") : "";
    const json::value answer = context.interrupt("?");
    return Update{{"log", {answer}}};
  };
  const Graph graph = StateGraph().append("log").channel(hidden()).node("ask", ask).edge(kStart, "ask").compile();
  input(graph, "{}");
  Command command = Command().set("hidden", "secret").set("log", {"by command"});
  command.to(Send{"ask", json::value(json::object{{"hidden", "secret"}, {"item", 1}})});
  command.resume = "yes";
  run(graph, command);
  CHECK(seen == "secret");
  CHECK(pending_with("by command").size() == 1);
  CHECK(pending_with("item").size() == 1);
  CHECK(pending_with("secret").empty());
}

}  // namespace
}  // namespace heddle::runtime
