// The code blocks of docs/graphs.md, between lines that say which; a test compares them.

#include "tests/guide/guide_graphs.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "runtime/entrypoint.h"
#include "runtime/state_graph.h"

namespace heddle::guide {

namespace asio = boost::asio;
using namespace heddle::runtime;

std::shared_ptr<const CompiledGraph> greeter() {
  // begin greeter
  const auto graph = StateGraph("greeter")
                         .last("name", schema::text())
                         .append("log", schema::text())
                         .node("greet", [](const State& s) { return Update{{"log", {"Hello, " + s.text("name")}}}; })
                         .edge(kStart, "greet")
                         .edge("greet", kEnd)
                         .compile();
  // end
  return graph;
}

std::shared_ptr<const CompiledGraph> researcher() {
  // begin researcher
  auto search = [](NodeContext& context) -> asio::awaitable<NodeResult> {
    context.write({{"looking_for", context.state().text("topic")}});
    NodeResult found = Update{{"notes", {"a note on " + context.state().text("topic")}}, {"rounds", 1}};
    co_return found;
  };
  auto enough = [](const State& s, const RunConfig&) -> Routes { return s.integer("rounds") < 2 ? "search" : "write"; };
  const auto graph = StateGraph("researcher")
                         .last("topic", schema::text())
                         .append("notes", schema::text())
                         .sum("rounds")
                         .last("text", schema::text())
                         .node("search", search)
                         .node("write", [](const State& s) { return Update{{"text", s["notes"].text()}}; })
                         .edge(kStart, "search")
                         .conditional("search", enough, {"search", "write"})
                         .compile();
  // end
  return graph;
}

std::shared_ptr<const CompiledGraph> mapper() {
  // begin mapper
  auto split = [](const State& s, const RunConfig&) -> Routes {
    std::vector<Goto> sends;
    for (const auto& item : s["items"].items()) sends.push_back(Send{"work", json::value{{"item", *item}}});
    return sends;
  };
  const auto graph = StateGraph("mapper")
                         .last("items", schema::list(schema::number()))
                         .append("squares", schema::number())
                         .node("work",
                               [](const State& sent) {
                                 const std::int64_t item = sent.integer("item");
                                 return Update{{"squares", {item * item}}};
                               })
                         .conditional(kStart, split, {"work"})
                         .compile();
  // end
  return graph;
}

std::shared_ptr<const CompiledGraph> reviewer() {
  // begin reviewer
  auto review = [](NodeContext& context) -> NodeResult {
    const json::value answer = context.interrupt({{"draft", context.state().text("draft")}, {"question", "Publish?"}});
    if (answer == "no") return Command().set("log", {"given up"}).to(std::string(kEnd));
    return Command().set("log", {"approved"}).to("publish");
  };
  const auto graph = StateGraph("reviewer")
                         .last("draft", schema::text())
                         .append("log", schema::text())
                         .node("review", review, {.ends = {"publish", std::string(kEnd)}})
                         .node("publish", [](const State&) { return Update{{"log", {"published"}}}; })
                         .edge(kStart, "review")
                         .compile();
  // end
  return graph;
}

std::shared_ptr<const CompiledGraph> newsroom() {
  // begin newsroom
  const auto graph = StateGraph("newsroom")
                         .last("draft", schema::text())
                         .append("log", schema::text())
                         .node("write", [](const State&) { return Update{{"draft", "It rains."}}; })
                         .node("desk", reviewer())
                         .edge(kStart, "write")
                         .edge("write", "desk")
                         .compile();
  // end
  return graph;
}

std::shared_ptr<const CompiledGraph> careful() {
  // begin careful
  NodeOptions options;
  options.retry = RetryPolicy{.initial_interval = std::chrono::milliseconds{1}, .max_attempts = 2, .jitter = false};
  options.retry->retry_on = [](const std::exception&) { return true; };
  options.timeout = std::chrono::seconds{30};
  options.on_error = [](NodeContext&, NodeFailure failure) -> asio::awaitable<NodeResult> {
    NodeResult instead = Update{{"log", {failure.node + " gave up: " + failure.error.message}}};
    co_return instead;
  };
  auto shaky = [](NodeContext&) -> asio::awaitable<NodeResult> {
    throw std::runtime_error("no answer");
    co_return NodeResult();
  };
  const auto graph = StateGraph("careful").append("log").node("shaky", shaky, options).edge(kStart, "shaky").compile();
  // end
  return graph;
}

std::shared_ptr<const CompiledGraph> report() {
  // begin report
  const auto square = called_task("square", [](NodeContext&, json::value item) -> asio::awaitable<json::value> {
    json::value result = item.as_int64() * item.as_int64();
    co_return result;
  });
  const auto graph = entrypoint("report", [square](Workflow& flow, json::value in) -> asio::awaitable<WorkflowResult> {
    const json::array& wanted = in.at("items").as_array();
    std::vector<json::value> items(wanted.begin(), wanted.end());
    const std::vector<json::value> squares = co_await flow.call_all(square, std::move(items));
    const json::value title = flow.node().interrupt("Which title?");
    json::object result{{"title", title}, {"squares", json::array(squares.begin(), squares.end())}};
    co_return result;
  });
  // end
  return graph;
}

}  // namespace heddle::guide
