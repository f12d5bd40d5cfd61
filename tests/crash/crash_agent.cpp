// heddle-crash-agent: agents whose every effect is counted outside, for the tests that kill the server.
//
// `worker` makes two calls of `count` at a time, for as many rounds as its input says, and then ends. `asker` does the
// same, and asks its user beside the calls of the second round. What they say depends on the input alone, so a run that
// was killed can be compared with one that was not. COUNTER_URL names the server that counts (counter.mjs).

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "api/command_line.h"
#include "graphs/http_client.h"
#include "graphs/tool.h"
#include "graphs/tool_node.h"
#include "runtime/json.h"
#include "runtime/message.h"
#include "runtime/schema.h"
#include "runtime/state_graph.h"

namespace {

namespace api = heddle::api;
namespace asio = boost::asio;
namespace graphs = heddle::graphs;
namespace json = boost::json;
namespace schema = heddle::runtime::schema;
using namespace heddle::runtime;

constexpr std::int64_t kAskingRound = 2;

graphs::ToolPointer count_tool(graphs::HttpClient& client, std::string url) {
  graphs::ToolDeclaration declaration{
      "count", "Counts its calls.",
      graphs::parameters({{"job", schema::text()}, {"round", schema::number()}, {"call", schema::text()}})};
  auto body = [&client, url = std::move(url)](graphs::ToolContext& context,
                                              json::object arguments) -> asio::awaitable<graphs::ToolResult> {
    graphs::HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.headers = {{"content-type", "application/json"}, {"idempotency-key", context.idempotency_key()}};
    request.body = to_text(arguments);
    graphs::HttpAnswer answer = co_await client.fetch(std::move(request));
    if (answer.head.status != 200) throw std::runtime_error("the counter answers " + answer.body);
    co_return std::move(answer.body);
  };
  return graphs::make_waiting_tool(std::move(declaration), std::move(body));
}

graphs::ToolPointer ask_tool() {
  graphs::ToolDeclaration declaration{"ask", "Asks the user.", graphs::parameters({{"job", schema::text()}})};
  return graphs::make_tool(std::move(declaration),
                           [](graphs::ToolContext& context, const json::object& arguments) -> graphs::ToolResult {
                             return to_text(context.interrupt({{"question", arguments.at("job")}}));
                           });
}

json::object call(const std::string& name, const std::string& id, json::object arguments) {
  return {{"name", name}, {"args", std::move(arguments)}, {"id", id}, {"type", "tool_call"}};
}

// What the agent says next: calls while there are rounds to go, then a word.
NodeResult plan(const State& state, bool asks) {
  const std::string job = state.text("job");
  const std::int64_t rounds = state.integer("rounds");
  std::int64_t round = 1;
  for (const auto& message : state["messages"].items()) round += tool_calls(*message).empty() ? 0 : 1;

  const std::string id = job + "-" + std::to_string(round);
  json::object answer{{"type", "ai"}, {"id", id}, {"content", round > rounds ? "done" : ""}};
  json::array calls;
  if (round <= rounds) {
    for (const std::string one : {"a", "b"}) {
      calls.push_back(call("count", id + one, {{"job", job}, {"round", round}, {"call", one}}));
    }
    if (asks && round == kAskingRound) calls.push_back(call("ask", id + "q", {{"job", job}}));
  }
  answer["tool_calls"] = std::move(calls);
  return Update{{"messages", json::array{std::move(answer)}}};
}

std::shared_ptr<const CompiledGraph> agent(const std::vector<graphs::ToolPointer>& tools, bool asks) {
  auto route = [](const State& state, const RunConfig&) -> Routes {
    return tool_calls(*state["messages"].items().back()).empty() ? std::string(kEnd) : "tools";
  };
  graphs::ToolNodeOptions options;
  options.message_id = [](const std::string& tool_call_id) { return tool_call_id + "-answer"; };
  return StateGraph()
      .messages()
      .last("job", schema::text())
      .last("rounds", schema::number())
      .node("plan", [asks](const State& state) { return plan(state, asks); })
      .node("tools", graphs::tool_node(tools, std::move(options)))
      .edge(kStart, "plan")
      .conditional("plan", route, {"tools", kEnd})
      .edge("tools", "plan")
      .compile();
}

}  // namespace

int main(int argc, char** argv) {
  std::unique_ptr<graphs::HttpClient> client;
  api::Program program;
  program.name = "heddle-crash-agent";
  for (const bool asks : {false, true}) {
    const std::string name = asks ? "asker" : "worker";
    program.builtin[name] = [&client, asks](const std::map<std::string, std::string>& environment) {
      const auto url = environment.find("COUNTER_URL");
      if (url == environment.end()) throw std::runtime_error("set COUNTER_URL");
      // Made here, because its thread must inherit the signals that the server blocks.
      if (!client) client = std::make_unique<graphs::HttpClient>();
      return agent({count_tool(*client, url->second), ask_tool()}, asks);
    };
    program.default_graphs[name] = {"builtin:" + name, std::nullopt};
  }
  return api::run_command_line(argc, argv, program);
}
