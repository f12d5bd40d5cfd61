#include "graphs/tool_node.h"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <exception>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "graphs/agent_routes.h"
#include "graphs/counted_context.h"
#include "runtime/error.h"
#include "runtime/json.h"
#include "runtime/uuid.h"

namespace heddle::graphs {
namespace {

namespace asio = boost::asio;
using runtime::Command;
using runtime::Message;
using runtime::NodeContext;
using runtime::NodeInterrupted;
using runtime::NodeResult;
using runtime::Value;

// Among the finished calls of a task: the call whose question went out last. No key of a call is empty.
constexpr const char* kAskingKey = "";

struct Toolbox {
  std::map<std::string, ToolPointer> tools;
  ToolNodeOptions options;
};

// A result as the node returns it.
using Answer = std::variant<Message, Command>;

struct Call {
  std::string key;  // names the call within its task
  std::string id;   // the model's; may be empty
  std::string name;
  json::object arguments;
  bool broken = false;  // the model wrote arguments that are no JSON
  std::optional<Answer> answer;
  std::int64_t interrupts_used = 0;
  std::optional<NodeInterrupted> asked;
  std::exception_ptr failure;
  ToolFailure::Kind failed_by = ToolFailure::Kind::thrown;
};

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::set<std::string> ids_of_broken_calls(const json::value& message) {
  std::set<std::string> ids;
  const json::array* broken = runtime::find_array(message.as_object(), "invalid_tool_calls");
  if (broken == nullptr) return ids;
  for (const json::value& call : *broken) ids.emplace(runtime::find_text(call, "id").value_or(""));
  return ids;
}

Call call_from(const json::object& wanted, const std::set<std::string>& broken) {
  Call call;
  call.id = text_of(wanted, "id");
  call.name = text_of(wanted, "name");
  const json::value* arguments = wanted.if_contains("args");
  if (arguments != nullptr && arguments->is_object()) call.arguments = arguments->get_object();
  call.broken = !call.id.empty() && broken.contains(call.id);
  return call;
}

using MessageItems = runtime::ItemList;

MessageItems::const_reverse_iterator find_last_ai_message(const MessageItems& messages) {
  auto is_ai = [](const Value::Item& message) { return runtime::message_type(*message) == "ai"; };
  const auto last = std::find_if(messages.rbegin(), messages.rend(), is_ai);
  if (last == messages.rend()) throw runtime::GraphError("Error", "ToolNode only accepts AIMessages as input.");
  return last;
}

// The calls of the last ai message that no tool message behind it answers. Models that count their calls use the same
// id again in each answer.
std::vector<Call> open_calls_of(const MessageItems& messages) {
  const auto found = find_last_ai_message(messages);
  const json::value& last = **found;
  std::set<std::string> answered;
  for (auto message = messages.rbegin(); message != found; ++message) {
    if (runtime::message_type(**message) == "tool") answered.insert(text_of((*message)->as_object(), "tool_call_id"));
  }
  const std::set<std::string> broken = ids_of_broken_calls(last);
  std::vector<Call> calls;
  std::map<std::string, int> seen;
  for (const json::value& wanted : runtime::tool_calls(last)) {
    if (!wanted.is_object()) continue;
    Call call = call_from(wanted.get_object(), broken);
    // A model may repeat an id or leave it out, so the key also counts.
    const int count = ++seen[call.id];
    call.key = count == 1 && !call.id.empty() ? call.id : call.id + "#" + std::to_string(count);
    if (call.id.empty() || !answered.contains(call.id)) calls.push_back(std::move(call));
  }
  return calls;
}

// Of a task that was sent one call (runtime.md 16.2): that call. Of any other: all open calls.
std::vector<Call> calls_of(const runtime::State& state) {
  const MessageItems& messages = state["messages"].items();
  if (!state.has(kSentCall)) return open_calls_of(messages);
  const json::object* wanted = state[kSentCall].json().if_object();
  if (wanted == nullptr) throw runtime::GraphError("Error", "What was sent as `lg_tool_call` is no tool call.");
  Call call = call_from(*wanted, ids_of_broken_calls(**find_last_ai_message(messages)));
  call.key = call.id.empty() ? "#1" : call.id;
  std::vector<Call> calls;
  calls.push_back(std::move(call));
  return calls;
}

std::string content_of(const json::value& result) {
  return result.is_string() ? std::string(result.get_string()) : runtime::to_text(result);
}

// What a failed call is answered with; nothing if the node is to fail: then `call.failure` says by what.
std::optional<std::string> words_for(const ToolErrorHandling& handling, Call& call, const std::exception& error) {
  if (const std::string* text = std::get_if<std::string>(&handling)) return *text;
  if (const FailureWords* words = std::get_if<FailureWords>(&handling)) {
    const ToolFailure failure{call.failed_by, call.name, call.id, call.arguments, runtime::error_info(error),
                              call.failure};
    try {
      return (*words)(failure);
    } catch (const std::exception&) {
      call.failure = std::current_exception();
      return std::nullopt;
    }
  }
  const ToolErrors way = std::get<ToolErrors>(handling);
  const bool is_mistake = call.failed_by != ToolFailure::Kind::thrown;
  const bool is_told =
      way == ToolErrors::told_to_the_model || (way == ToolErrors::mistakes_told_to_the_model && is_mistake);
  if (!is_told) return std::nullopt;
  return "Error: " + std::string(error.what()) + "\n Please fix your mistakes.";
}

// One execution of the node.
class ToolRun {
 public:
  ToolRun(const Toolbox& box, NodeContext& context) : box_(box), context_(context), calls_(calls_of(context.state())) {}

  asio::awaitable<NodeResult> run();

 private:
  void recall();
  asio::awaitable<void> make(Call& call);
  asio::awaitable<ToolResult> ask_tool(Call& call, CountedContext& context);
  asio::awaitable<void> make_all(std::vector<Call*> calls);
  Answer answer_to(const Call& call, ToolResult made);
  Message error_answer(const Call& call, const std::string& content) const;
  void give_id(const Call& call, Message& message) const;
  void keep(const Call& call);
  NodeResult result();

  const Toolbox& box_;
  NodeContext& context_;
  std::vector<Call> calls_;
  std::size_t open_ = 0;   // calls without an answer
  bool together_ = false;  // several calls are being made at the same time
  Call* first_asking_ = nullptr;
};

// Takes the answers of calls that finished in an earlier execution of the task.
void ToolRun::recall() {
  open_ = calls_.size();
  for (Call& call : calls_) {
    const std::optional<json::value> kept = context_.finished_call(call.key);
    if (!kept) continue;
    const json::object& record = kept->as_object();
    call.interrupts_used = record.at("interrupts").to_number<std::int64_t>();
    // Questions are numbered by the order in which they are asked, so those of this call are passed
    // before any other call can ask.
    context_.pass_interrupts(call.interrupts_used);
    if (const json::value* message = record.if_contains("message")) {
      call.answer = message->as_object();
    } else {
      call.answer = runtime::command_from_json(record.at("command"));
    }
    --open_;
  }
}

void ToolRun::keep(const Call& call) {
  json::object record{{"interrupts", call.interrupts_used}};
  if (const Message* message = std::get_if<Message>(&*call.answer)) {
    record["message"] = *message;
  } else {
    record["command"] = runtime::to_json(std::get<Command>(*call.answer));
  }
  context_.keep_finished_call(call.key, std::move(record));
}

void ToolRun::give_id(const Call& call, Message& message) const {
  if (!runtime::message_id(message).empty()) return;
  message["id"] = box_.options.message_id ? box_.options.message_id(call.id) : runtime::uuid4().text();
}

Answer ToolRun::answer_to(const Call& call, ToolResult made) {
  ToolResult::Kind result = std::move(made).take();
  if (Command* command = std::get_if<Command>(&result)) {
    context_.tool_ended(call.id, call.name, runtime::to_json(*command));
    return std::move(*command);
  }
  Message message;
  if (ToolMessage* whole = std::get_if<ToolMessage>(&result)) {
    message = std::move(whole->message);
  } else {
    message = runtime::tool_message(content_of(std::get<json::value>(result)), call.id, call.name, "success");
  }
  // Without an id yet, if it gets a random one (streaming.md 3.10).
  if (box_.options.message_id) give_id(call, message);
  context_.tool_ended(call.id, call.name, message);
  give_id(call, message);
  return message;
}

Message ToolRun::error_answer(const Call& call, const std::string& content) const {
  Message message = runtime::tool_message(content, call.id, call.name, "error");
  give_id(call, message);
  return message;
}

asio::awaitable<ToolResult> ToolRun::ask_tool(Call& call, CountedContext& context) {
  const auto found = box_.tools.find(call.name);
  call.failed_by = ToolFailure::Kind::unknown_tool;
  if (found == box_.tools.end()) throw std::invalid_argument("Tool \"" + call.name + "\" not found.");
  call.failed_by = ToolFailure::Kind::arguments;
  if (call.broken) throw std::invalid_argument("The arguments of this call are no valid JSON; it was not made.");
  const ToolPointer tool = found->second;
  const std::optional<std::string> mismatch = argument_mismatch(tool->declaration().parameters, call.arguments);
  if (mismatch) throw std::invalid_argument(*mismatch);
  call.failed_by = ToolFailure::Kind::thrown;
  const std::optional<storage::Uuid> task = storage::Uuid::parse(context_.task_id());
  const std::string idempotency_key = runtime::uuid5(task.value_or(storage::Uuid{}), call.key).text();
  ToolContext tool_context(context, call.name, call.id, idempotency_key);
  context_.tool_started(call.id, call.name, call.arguments);
  // All calls that are made together are told before the first of them gives its answer.
  if (together_) {
    const auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
  }
  json::object arguments = call.arguments;
  std::exception_ptr failure;
  try {
    ToolResult result = co_await tool->call(tool_context, std::move(arguments));
    co_return result;
  } catch (const std::exception& error) {
    context_.tool_failed(call.id, call.name, error.what());
    failure = std::current_exception();
  }
  std::rethrow_exception(failure);
}

// Makes one call. Leaves an answer, a question or a failure in it; throws only when it was cancelled.
asio::awaitable<void> ToolRun::make(Call& call) {
  CountedContext counted(context_, call.key + "/");
  std::optional<std::string> words;
  try {
    ToolResult made = co_await ask_tool(call, counted);
    call.answer = answer_to(call, std::move(made));
  } catch (const NodeInterrupted& asked) {
    call.asked = asked;
    if (first_asking_ == nullptr) first_asking_ = &call;
  } catch (const std::exception& error) {
    call.failure = std::current_exception();
    words = words_for(box_.options.errors, call, error);
  }
  call.interrupts_used = counted.interrupts_used();
  if (call.failure != nullptr) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const bool cancelled = state.cancelled() != asio::cancellation_type::none;
    if (cancelled) std::rethrow_exception(call.failure);
    if (words) call.answer = error_answer(call, *words);
  }
  if (!call.answer) co_return;
  --open_;
  // The last call to finish needs no record: the node returns its answer at once.
  if (open_ > 0) keep(call);
}

// Makes the calls at the same time on the calling executor, and returns when all have ended.
asio::awaitable<void> ToolRun::make_all(std::vector<Call*> calls) {
  together_ = true;
  const auto executor = co_await asio::this_coro::executor;
  using Operation = decltype(asio::co_spawn(executor, make(*calls.front()), asio::deferred));
  std::vector<Operation> operations;
  operations.reserve(calls.size());
  for (Call* call : calls) operations.push_back(asio::co_spawn(executor, make(*call), asio::deferred));
  auto group = asio::experimental::make_parallel_group(std::move(operations));
  const auto ended = co_await group.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
  for (const std::exception_ptr& failure : std::get<1>(ended)) {
    if (failure != nullptr) std::rethrow_exception(failure);
  }
}

asio::awaitable<NodeResult> ToolRun::run() {
  recall();
  // Which call asks first may depend on the network. The call whose question has been answered must ask
  // first again, or the answer would go to another one, so it runs alone before the others.
  std::vector<Call*> others;
  Call* asking = nullptr;
  const std::optional<json::value> asking_key = context_.finished_call(kAskingKey);
  for (Call& call : calls_) {
    if (call.answer) continue;
    if (asking == nullptr && asking_key && asking_key->is_string() && asking_key->get_string() == call.key) {
      asking = &call;
    } else {
      others.push_back(&call);
    }
  }
  // A call that is under way when the server dies must be made again by this same task, with the same key.
  if (asking != nullptr || !others.empty()) co_await context_.recorded();
  if (asking != nullptr) co_await make(*asking);
  if (others.size() == 1) co_await make(*others.front());
  if (others.size() > 1) co_await make_all(std::move(others));

  for (const Call& call : calls_) {
    if (!call.answer && call.failure != nullptr) std::rethrow_exception(call.failure);
  }
  if (first_asking_ != nullptr) {
    context_.keep_finished_call(kAskingKey, json::value(first_asking_->key));
    throw NodeInterrupted(*first_asking_->asked);
  }
  co_return result();
}

bool only_sends_to_parent(const Command& command) {
  auto is_send = [](const runtime::Goto& target) { return std::holds_alternative<runtime::Send>(target); };
  return command.graph == runtime::CommandTarget::parent_graph && std::ranges::all_of(command.go_to, is_send);
}

// The answers in the order of the calls: as one update, or if there are Commands as a list of parts.
NodeResult ToolRun::result() {
  auto is_command = [](const Call& call) { return std::holds_alternative<Command>(*call.answer); };
  if (std::ranges::none_of(calls_, is_command)) {
    json::array messages;
    for (Call& call : calls_) messages.push_back(std::get<Message>(std::move(*call.answer)));
    return runtime::Update{{"messages", std::move(messages)}};
  }
  std::vector<NodeResult::Part> parts;
  std::optional<std::size_t> merged;  // the Command that collects Sends to the parent graph
  for (Call& call : calls_) {
    if (Message* message = std::get_if<Message>(&*call.answer)) {
      json::array one;
      one.push_back(std::move(*message));
      parts.emplace_back(runtime::Update{{"messages", std::move(one)}});
      continue;
    }
    Command& command = std::get<Command>(*call.answer);
    const bool mergeable = only_sends_to_parent(command);
    if (mergeable && merged) {
      Command& first = std::get<Command>(parts[*merged]);
      std::ranges::move(command.update, std::back_inserter(first.update));
      std::ranges::move(command.go_to, std::back_inserter(first.go_to));
      continue;
    }
    if (mergeable) merged = parts.size();
    parts.emplace_back(std::move(command));
  }
  return parts;
}

asio::awaitable<NodeResult> run_tools(std::shared_ptr<const Toolbox> box, NodeContext& context) {
  ToolRun run(*box, context);
  NodeResult result = co_await run.run();
  co_return result;
}

}  // namespace

runtime::NodeFunction tool_node(std::vector<ToolPointer> tools, ToolNodeOptions options) {
  auto box = std::make_shared<Toolbox>();
  box->options = std::move(options);
  for (ToolPointer& tool : tools) {
    const std::string& name = tool->declaration().name;
    const bool is_new = box->tools.try_emplace(name, tool).second;
    if (!is_new) throw std::logic_error("two tools of one agent are called \"" + name + "\"; rename one of them");
  }
  const std::shared_ptr<const Toolbox> shared = std::move(box);
  return [shared](NodeContext& context) { return run_tools(shared, context); };
}

void add_tool_node(runtime::StateGraph& graph, const std::string& name, std::vector<ToolPointer> tools,
                   ToolNodeOptions options) {
  for (const ToolPointer& tool : tools) {
    std::optional<runtime::Probe> probe = tool->probe();
    if (probe) graph.probe(tool->declaration().name, std::move(*probe));
  }
  graph.node(name, tool_node(std::move(tools), std::move(options)));
}

}  // namespace heddle::graphs
