#include "graphs/react_agent.h"

#include <stdexcept>
#include <utility>

#include "graphs/unanswered_calls.h"
#include "runtime/message.h"
#include "runtime/state_graph.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;
using runtime::Message;
using runtime::NodeContext;
using runtime::NodeResult;
using runtime::State;
using runtime::Value;

// What node `agent` works with. Immutable.
struct Asker {
  std::shared_ptr<const ChatModel> model;
  Value::Item prompt;  // null pointer: none
  std::function<std::string(const runtime::RunConfig&)> prompt_of_run;
  std::string name;
  ModelOptions options;
};

asio::awaitable<NodeResult> ask_model(std::shared_ptr<const Asker> asker, NodeContext& context) {
  const std::vector<Value::Item>& stored = context.state()["messages"].items();
  std::vector<Value::Item> messages;
  messages.reserve(stored.size() + 1);
  if (asker->prompt_of_run) {
    runtime::Message prompt = runtime::system_message(asker->prompt_of_run(context.config()));
    messages.push_back(std::make_shared<const json::value>(std::move(prompt)));
  } else if (asker->prompt != nullptr) {
    messages.push_back(asker->prompt);
  }
  messages.insert(messages.end(), stored.begin(), stored.end());
  messages = with_all_calls_answered(std::move(messages));
  ModelOptions options = asker->options;
  Message answer = co_await asker->model->ask(context, std::move(messages), std::move(options));
  take_broken_calls(answer);
  if (!asker->name.empty()) answer["name"] = asker->name;
  json::array written;
  written.push_back(std::move(answer));
  co_return runtime::Update{{"messages", std::move(written)}};
}

bool wants_tools(const State& state) {
  const std::vector<Value::Item>& messages = state["messages"].items();
  return !messages.empty() && runtime::message_type(*messages.back()) == "ai" &&
         !runtime::tool_calls(*messages.back()).empty();
}

}  // namespace

std::shared_ptr<const runtime::CompiledGraph> make_react_agent(ReactAgentOptions options) {
  if (options.model == nullptr) throw std::logic_error("an agent needs a model");
  auto asker = std::make_shared<Asker>();
  asker->model = std::move(options.model);
  asker->name = options.name;
  asker->options = std::move(options.model_options);
  asker->options.tools.clear();
  for (const ToolPointer& tool : options.tools) asker->options.tools.push_back(tool->declaration());
  asker->prompt_of_run = std::move(options.prompt_of_run);
  if (!options.prompt.empty()) {
    asker->prompt = std::make_shared<const json::value>(runtime::system_message(std::move(options.prompt)));
  }
  const std::shared_ptr<const Asker> shared = std::move(asker);
  auto agent = [shared](NodeContext& context) { return ask_model(shared, context); };

  runtime::StateGraph graph(options.name.empty() ? "LangGraph" : options.name);
  graph.messages().node("agent", agent).edge(runtime::kStart, "agent");
  if (options.tools.empty()) return graph.edge("agent", runtime::kEnd).compile();
  auto route = [](const State& state, const runtime::RunConfig&) -> runtime::Routes {
    return wants_tools(state) ? "tools" : std::string(runtime::kEnd);
  };
  add_tool_node(graph, "tools", std::move(options.tools), std::move(options.tool_options));
  graph.conditional("agent", route, {"tools", runtime::kEnd}).edge("tools", "agent");
  return graph.compile();
}

}  // namespace heddle::graphs
