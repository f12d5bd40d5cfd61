#include "graphs/agent.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "graphs/agent_state.h"
#include "graphs/unanswered_calls.h"
#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/message.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using runtime::Command;
using runtime::Goto;
using runtime::Message;
using runtime::NodeContext;
using runtime::NodeResult;
using runtime::State;
using runtime::Update;
using runtime::Value;

constexpr std::string_view kModel = "model_request";
constexpr std::string_view kTools = "tools";
constexpr std::string_view kExtract = "extract-";
constexpr std::string_view kResponse = "structuredResponse";
constexpr std::string_view kJump = "jumpTo";

// Where the parts of one agent lie, and what its nodes work with. Immutable.
struct Layout {
  AgentOptions options;
  std::vector<runtime::ChannelSpec> keys;  // of the state
  std::string loop_entry;                  // what stands before each question to the model
  std::string exit;                        // the first node of the end
  bool has_tools = false;
};
using LayoutPointer = std::shared_ptr<const Layout>;

bool is_extraction(const json::value& call) {
  return runtime::find_text(call, "name").value_or("").starts_with(kExtract);
}

// The ways out of the model: a task for each open call, or the end.
std::vector<Goto> ways_on(const Layout& layout, const State& state) {
  json::array calls;
  if (layout.has_tools) {
    for (json::value& call : open_calls(state["messages"].items())) {
      if (!is_extraction(call)) calls.push_back(std::move(call));
    }
  }
  std::vector<Goto> ways = sends_of(calls, state, kTools);
  if (ways.empty()) ways.emplace_back(layout.exit);
  return ways;
}

std::string_view text_of(Jump jump) {
  switch (jump) {
    case Jump::model:
      return "model";
    case Jump::tools:
      return "tools";
    case Jump::end:
      return "end";
  }
  return "";
}

std::vector<Goto> jump_targets(const Layout& layout, Jump jump, const State& state) {
  if (jump == Jump::end) return {layout.exit};
  if (jump == Jump::tools) return ways_on(layout, state);
  json::object argument = state.to_json();
  argument.erase(kJump);
  return {runtime::Send{std::string(kModel), Value(std::move(argument))}};
}

// `next`: the node behind the hook; empty where the answer of the model decides.
asio::awaitable<NodeResult> run_hook(LayoutPointer layout, const Hook& hook, std::string next, NodeContext& context) {
  HookResult wanted = co_await hook.body(context);
  // Only who looks for open calls, or sends the state on, has to know what it will be.
  const bool looks_ahead = wanted.jump ? *wanted.jump != Jump::end : next.empty();
  State state;
  if (looks_ahead) state = with_update(layout->keys, context.state(), wanted.update);
  Command command;
  for (auto& member : wanted.update) command.set(member.key(), std::move(member.value()));
  if (wanted.jump) {
    if (!hook.may_jump_to.contains(*wanted.jump)) {
      throw runtime::GraphError("Error", "Invalid jump target: " + std::string(text_of(*wanted.jump)) + ". \"" +
                                             context.node() + "\" has not declared it.");
    }
    command.set(std::string(kJump), json::value(std::string(text_of(*wanted.jump))));
    command.go_to = jump_targets(*layout, *wanted.jump, state);
  } else if (next.empty()) {
    command.go_to = ways_on(*layout, state);
  } else if (!hook.may_jump_to.empty()) {
    command.to(std::move(next));  // of a hook that never jumps an edge leads on
  }
  NodeResult result = std::move(command);
  co_return result;
}

// The single extraction among the calls of an answer, if there is one.
const json::value* extraction_in(const Message& answer) {
  const json::value* found = nullptr;
  for (const json::value& call : runtime::tool_calls(answer)) {
    if (!is_extraction(call)) continue;
    if (found != nullptr) return nullptr;
    found = &call;
  }
  return found;
}

asio::awaitable<NodeResult> ask_model(LayoutPointer layout, NodeContext& context) {
  const AgentOptions& options = layout->options;
  runtime::ItemList messages = prompted(options.prompt, context.state(), context.config());
  messages = with_all_calls_answered(std::move(messages));
  ModelOptions model_options = options.model_options;
  Message answer = co_await options.model->ask(context, std::move(messages), std::move(model_options));
  take_broken_calls(answer);
  answer["name"] = options.name.empty() ? "model" : options.name;
  answer = guarded(options.step_guard, context, std::move(answer));
  Update update;
  json::array written;
  if (const json::value* call = options.response_schema ? extraction_in(answer) : nullptr) {
    const json::value* arguments = runtime::find_member(*call, "args");
    const json::object response =
        arguments != nullptr && arguments->is_object() ? arguments->get_object() : json::object();
    if (std::optional<std::string> mismatch = argument_mismatch(*options.response_schema, response)) {
      throw runtime::GraphError("StructuredOutputValidationError",
                                "The model's result does not fit the schema of the agent: " + *mismatch);
    }
    written.push_back(answer);
    written.push_back(runtime::ai_message("Returning structured response: " + runtime::to_text(response)));
    update[kResponse] = response;
  } else {
    written.push_back(std::move(answer));
  }
  update["messages"] = std::move(written);
  NodeResult result = std::move(update);
  co_return result;
}

struct HookNode {
  std::string name;
  Hook hook;
};

std::vector<HookNode> hooks_of(const std::vector<Middleware>& middleware, Hook Middleware::* member,
                               std::string_view suffix) {
  std::vector<HookNode> nodes;
  for (const Middleware& one : middleware) {
    if ((one.*member).body) nodes.push_back({one.name + "." + std::string(suffix), one.*member});
  }
  return nodes;
}

// The nodes behind a hook as its graph is drawn and checked.
std::vector<std::string> ends_of(const Layout& layout, const Hook& hook, const std::string& next) {
  std::set<std::string> ends;
  const bool decides = next.empty() || hook.may_jump_to.contains(Jump::tools);
  if (!next.empty()) ends.insert(next);
  if (decides && layout.has_tools) ends.emplace(kTools);
  if (decides || hook.may_jump_to.contains(Jump::end)) ends.insert(layout.exit);
  if (hook.may_jump_to.contains(Jump::model)) ends.emplace(kModel);
  return {ends.begin(), ends.end()};
}

// Hooks in the order in which they run. `last`: what comes behind them; empty where the model's answer decides.
void add_hooks(runtime::StateGraph& graph, const LayoutPointer& layout, const std::vector<HookNode>& hooks,
               const std::string& last) {
  for (std::size_t place = 0; place < hooks.size(); ++place) {
    const std::string next = place + 1 < hooks.size() ? hooks[place + 1].name : last;
    runtime::NodeOptions options;
    const bool has_edge = !next.empty() && hooks[place].hook.may_jump_to.empty();
    if (!has_edge) options.ends = ends_of(*layout, hooks[place].hook, next);
    auto body = [layout, hook = hooks[place].hook, next](NodeContext& context) {
      return run_hook(layout, hook, next, context);
    };
    graph.node(hooks[place].name, body, std::move(options));
    if (has_edge) graph.edge(hooks[place].name, next);
  }
}

void check_names(const std::vector<Middleware>& middleware) {
  std::set<std::string> names;
  for (const Middleware& one : middleware) {
    if (names.insert(one.name).second) continue;
    throw std::logic_error("two middlewares of one agent are called \"" + one.name + "\"; rename one of them");
  }
}

void declare_tools(AgentOptions& options) {
  options.model_options.tools.clear();
  for (const ToolPointer& tool : options.tools) options.model_options.tools.push_back(tool->declaration());
  if (!options.response_schema) return;
  options.model_options.tools.push_back(
      {std::string(kExtract) + "1", "Gives the final result of the conversation.", *options.response_schema});
}

// How create_agent tells the model of a failed call (runtime.md 16.2).
FailureWords words_of_agent(std::vector<std::string> tools, ToolErrors way) {
  return [tools = std::move(tools), way](const ToolFailure& failure) -> std::optional<std::string> {
    if (failure.kind == ToolFailure::Kind::unknown_tool) {
      std::string names;
      for (const std::string& tool : tools) names += (names.empty() ? "" : ", ") + tool;
      return "Error: " + failure.tool + " is not a valid tool, try one of [" + names + "].";
    }
    const std::string said = failure.error.name + ": " + failure.error.message;
    if (failure.kind == ToolFailure::Kind::arguments) {
      return "Error invoking tool '" + failure.tool + "' with kwargs " + runtime::to_text(failure.arguments) +
             " with error: " + said + "\n Please fix the error and try again.";
    }
    if (way == ToolErrors::mistakes_told_to_the_model) return std::nullopt;
    return said + "\n Please fix your mistakes.";
  };
}

void put_failures_into_words(AgentOptions& options) {
  const ToolErrors* way = std::get_if<ToolErrors>(&options.tool_options.errors);
  if (way == nullptr || *way == ToolErrors::fail_the_node) return;
  std::vector<std::string> names;
  for (const ToolPointer& tool : options.tools) names.push_back(tool->declaration().name);
  options.tool_options.errors = words_of_agent(std::move(names), *way);
}

void declare_state(runtime::StateGraph& graph, const AgentOptions& options) {
  graph.messages();
  runtime::ChannelSpec jump;
  jump.name = kJump;
  jump.kind = runtime::ChannelKind::untracked;  // of the step alone: in no checkpoint
  jump.guard = false;
  graph.channel(std::move(jump));
  if (options.response_schema) graph.last(std::string(kResponse), *options.response_schema);
  if (options.more_state) options.more_state(graph);
  keep_private(graph, {.given = {kResponse}, .hidden = {kJump}});
}

void connect_model(runtime::StateGraph& graph, const LayoutPointer& layout, const std::vector<HookNode>& after) {
  if (!after.empty()) {
    graph.edge(kModel, after.front().name);
    return;
  }
  if (!layout->has_tools) {
    graph.edge(kModel, layout->exit);
    return;
  }
  auto route = [layout](const State& state, const runtime::RunConfig&) -> runtime::Routes {
    return ways_on(*layout, state);
  };
  graph.conditional(kModel, route, std::vector<std::string>{std::string(kTools), layout->exit});
}

void connect_tools(runtime::StateGraph& graph, const LayoutPointer& layout) {
  if (layout->options.return_direct.empty()) {
    graph.edge(kTools, layout->loop_entry);
    return;
  }
  auto route = [layout](const State& state, const runtime::RunConfig&) -> runtime::Routes {
    const bool ends =
        ends_with_answer_of(state["messages"].items(), layout->options.return_direct, DirectAnswer::successful);
    return ends ? layout->exit : layout->loop_entry;
  };
  graph.conditional(kTools, route, std::vector<std::string>{layout->loop_entry, layout->exit});
}

}  // namespace

std::shared_ptr<const runtime::CompiledGraph> make_agent(AgentOptions options) {
  if (options.model == nullptr) throw std::logic_error("an agent needs a model");
  check_names(options.middleware);
  declare_tools(options);
  put_failures_into_words(options);
  const std::vector<HookNode> first = hooks_of(options.middleware, &Middleware::before_agent, "before_agent");
  const std::vector<HookNode> before = hooks_of(options.middleware, &Middleware::before_model, "before_model");
  std::vector<HookNode> after = hooks_of(options.middleware, &Middleware::after_model, "after_model");
  std::vector<HookNode> last = hooks_of(options.middleware, &Middleware::after_agent, "after_agent");
  std::ranges::reverse(after);
  std::ranges::reverse(last);

  auto made = std::make_shared<Layout>();
  made->has_tools = !options.tools.empty();
  made->loop_entry = before.empty() ? std::string(kModel) : before.front().name;
  made->exit = last.empty() ? std::string(runtime::kEnd) : last.front().name;
  runtime::StateGraph graph(options.name.empty() ? "LangGraph" : options.name);
  declare_state(graph, options);
  made->keys = graph.state_keys();
  made->options = std::move(options);
  const LayoutPointer layout = std::move(made);
  const AgentOptions& wanted = layout->options;

  auto ask = [layout](NodeContext& context) { return ask_model(layout, context); };
  graph.node(std::string(kModel), ask);
  if (layout->has_tools) add_tool_node(graph, std::string(kTools), wanted.tools, wanted.tool_options);
  add_hooks(graph, layout, first, layout->loop_entry);
  add_hooks(graph, layout, before, std::string(kModel));
  add_hooks(graph, layout, after, "");
  add_hooks(graph, layout, last, std::string(runtime::kEnd));

  graph.edge(runtime::kStart, first.empty() ? layout->loop_entry : first.front().name);
  connect_model(graph, layout, after);
  if (layout->has_tools) connect_tools(graph, layout);
  return graph.compile(wanted.compile);
}

}  // namespace heddle::graphs
