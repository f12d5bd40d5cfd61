#include "graphs/react_agent.h"

#include <stdexcept>
#include <string_view>
#include <utility>

#include "graphs/agent_state.h"
#include "graphs/unanswered_calls.h"
#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/message.h"
#include "runtime/reducers.h"
#include "runtime/schema.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using runtime::Message;
using runtime::NodeContext;
using runtime::NodeResult;
using runtime::RunConfig;
using runtime::State;
using runtime::Value;

constexpr std::string_view kAgent = "agent";
constexpr std::string_view kTools = "tools";
constexpr std::string_view kBefore = "pre_model_hook";
constexpr std::string_view kBehind = "post_model_hook";
constexpr std::string_view kRespond = "generate_structured_response";
constexpr std::string_view kInputMessages = "llmInputMessages";
constexpr std::string_view kResponse = "structuredResponse";

// What the nodes of an agent work with. Immutable.
struct Parts {
  ReactAgentOptions options;
  std::string entry;  // what stands before each question to the model
  std::string exit;   // where it goes when nothing is left to call
  bool has_tools = false;
};
using PartsPointer = std::shared_ptr<const Parts>;

runtime::ItemList model_input(const Parts& parts, const NodeContext& context) {
  State state = context.state();
  const Value instead = state[kInputMessages];
  if (instead.is_list() && instead.size() > 0) state.set("messages", instead);
  return with_all_calls_answered(prompted(parts.options.prompt, state, context.config()));
}

asio::awaitable<NodeResult> ask_model(PartsPointer parts, NodeContext& context) {
  runtime::ItemList messages = model_input(*parts, context);
  ModelOptions options = parts->options.model_options;
  Message answer = co_await parts->options.model->ask(context, std::move(messages), std::move(options));
  take_broken_calls(answer);
  if (!parts->options.name.empty()) answer["name"] = parts->options.name;
  json::array written;
  written.push_back(guarded(parts->options.step_guard, context, std::move(answer)));
  co_return runtime::Update{{"messages", std::move(written)}};
}

runtime::GraphError no_response(const std::string& why) {
  return {"StructuredOutputParsingError", "The model gave no structured response: " + why};
}

json::object response_in(const Message& answer, const ToolDeclaration& wanted) {
  for (const json::value& call : runtime::tool_calls(answer)) {
    if (runtime::find_text(call, "name") != wanted.name) continue;
    const json::value* arguments = runtime::find_member(call, "args");
    if (arguments == nullptr || !arguments->is_object()) continue;
    const std::optional<std::string> mismatch = argument_mismatch(wanted.parameters, arguments->get_object());
    if (mismatch) throw no_response(*mismatch);
    return arguments->get_object();
  }
  throw no_response("it did not call \"" + wanted.name + "\"; use a model that can be made to call a tool");
}

asio::awaitable<NodeResult> respond(PartsPointer parts, NodeContext& context) {
  const ReactResponse& response = *parts->options.response;
  const std::string_view title = runtime::find_text(response.schema, "title").value_or("");
  const ToolDeclaration wanted{title.empty() ? "extract" : std::string(title), "Gives the result of the conversation.",
                               response.schema};
  runtime::ItemList messages = prompted(response.prompt, context.state(), context.config());
  messages = with_all_calls_answered(std::move(messages));
  ModelOptions options = parts->options.model_options;
  options.tools = {wanted};
  options.must_call = wanted.name;
  const Message answer = co_await parts->options.model->ask(context, std::move(messages), std::move(options));
  NodeResult result = runtime::Update{{kResponse, response_in(answer, wanted)}};
  co_return result;
}

// The ways to make calls.
runtime::Routes ways_to(const Parts& parts, const json::array& calls, const State& state) {
  if (parts.options.version == ReactVersion::v1) return std::string(kTools);
  return sends_of(calls, state, kTools);
}

runtime::Routes behind_agent(const Parts& parts, const State& state) {
  const runtime::ItemList& messages = state["messages"].items();
  const bool calls = !messages.empty() && runtime::message_type(*messages.back()) == "ai" &&
                     !runtime::tool_calls(*messages.back()).empty();
  if (!calls) return parts.exit;
  return ways_to(parts, runtime::tool_calls(*messages.back()), state);
}

runtime::Routes behind_hook(const Parts& parts, const State& state) {
  const runtime::ItemList& messages = state["messages"].items();
  const json::array open = parts.has_tools ? open_calls(messages) : json::array();
  if (!open.empty()) return ways_to(parts, open, state);
  const bool is_told = !messages.empty() && runtime::message_type(*messages.back()) == "tool";
  return is_told ? parts.entry : parts.exit;
}

runtime::Routes behind_tools(const Parts& parts, const State& state) {
  const runtime::ItemList& messages = state["messages"].items();
  const std::set<std::string>& direct = parts.options.return_direct;
  // A task of one call sees no other answer, so the calls of its siblings count as well.
  const bool ends = ends_with_answer_of(messages, direct, DirectAnswer::any) || calls_one_of(messages, direct);
  return ends ? std::string(runtime::kEnd) : parts.entry;
}

using Behind = runtime::Routes (*)(const Parts&, const State&);

void connect(runtime::StateGraph& graph, std::string_view from, const PartsPointer& parts, Behind behind,
             std::vector<std::string> targets) {
  auto route = [parts, behind](const State& state, const RunConfig&) { return behind(*parts, state); };
  graph.conditional(from, route, std::move(targets));
}

void declare_state(runtime::StateGraph& graph, const ReactAgentOptions& options) {
  graph.messages();
  if (options.pre_model_hook) {
    // For one question only: the step after it finds nothing.
    runtime::ChannelSpec instead;
    instead.name = kInputMessages;
    instead.kind = runtime::ChannelKind::ephemeral;
    instead.guard = false;
    instead.schema = runtime::schema::messages();
    instead.is_messages = true;
    graph.channel(std::move(instead));
  }
  if (options.response) graph.last(std::string(kResponse), options.response->schema);
  if (options.more_state) options.more_state(graph);
  keep_private(graph, {.hidden = {kInputMessages}});
}

void add_nodes(runtime::StateGraph& graph, const PartsPointer& parts) {
  const ReactAgentOptions& options = parts->options;
  if (parts->has_tools) add_tool_node(graph, std::string(kTools), options.tools, options.tool_options);
  if (options.pre_model_hook) graph.node(std::string(kBefore), options.pre_model_hook);
  auto ask = [parts](NodeContext& context) { return ask_model(parts, context); };
  graph.node(std::string(kAgent), ask);
  if (options.post_model_hook) graph.node(std::string(kBehind), options.post_model_hook);
  if (!options.response) return;
  auto give = [parts](NodeContext& context) { return respond(parts, context); };
  graph.node(std::string(kRespond), give);
}

void add_edges(runtime::StateGraph& graph, const PartsPointer& parts) {
  const ReactAgentOptions& options = parts->options;
  graph.edge(runtime::kStart, parts->entry);
  if (options.pre_model_hook) graph.edge(kBefore, kAgent);
  std::vector<std::string> ways{parts->exit};
  if (parts->has_tools) ways.emplace_back(kTools);
  if (options.post_model_hook) {
    graph.edge(kAgent, kBehind);
    ways.push_back(parts->entry);
    connect(graph, kBehind, parts, behind_hook, std::move(ways));
  } else if (parts->has_tools) {
    connect(graph, kAgent, parts, behind_agent, std::move(ways));
  } else {
    graph.edge(kAgent, parts->exit);
  }
  if (options.response) graph.edge(kRespond, runtime::kEnd);
  if (!parts->has_tools) return;
  if (options.return_direct.empty()) {
    graph.edge(kTools, parts->entry);
  } else {
    connect(graph, kTools, parts, behind_tools, {parts->entry, std::string(runtime::kEnd)});
  }
}

}  // namespace

std::shared_ptr<const runtime::CompiledGraph> make_react_agent(ReactAgentOptions options) {
  if (options.model == nullptr) throw std::logic_error("an agent needs a model");
  options.model_options.tools.clear();
  for (const ToolPointer& tool : options.tools) options.model_options.tools.push_back(tool->declaration());
  auto made = std::make_shared<Parts>();
  made->has_tools = !options.tools.empty();
  made->entry = options.pre_model_hook ? kBefore : kAgent;
  made->exit = options.response ? kRespond : runtime::kEnd;
  made->options = std::move(options);
  const PartsPointer parts = std::move(made);

  runtime::StateGraph graph(parts->options.name.empty() ? "LangGraph" : parts->options.name);
  declare_state(graph, parts->options);
  add_nodes(graph, parts);
  add_edges(graph, parts);
  return graph.compile(parts->options.compile);
}

}  // namespace heddle::graphs
