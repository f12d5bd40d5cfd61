#include "runtime/entrypoint.h"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "runtime/pregel/plan.h"
#include "runtime/pregel/reserved.h"
#include "runtime/pregel/run_scope.h"
#include "runtime/pregel/task_group.h"

namespace heddle::runtime {
namespace {

namespace asio = boost::asio;

asio::awaitable<NodeResult> run_workflow(const WorkflowFunction& body, NodeContext& context) {
  Workflow workflow(context);
  json::value input = context.argument().json();
  WorkflowResult result = co_await body(workflow, std::move(input));
  json::value saved = result.save ? std::move(*result.save) : result.value;
  Update update;
  update[reserved::kResult] = std::move(result.value);
  update[reserved::kPrevious] = std::move(saved);
  NodeResult written = std::move(update);
  co_return written;
}

ChannelSpec channel_named(std::string_view name, ChannelKind kind) {
  ChannelSpec spec;
  spec.name = name;
  spec.kind = kind;
  return spec;
}

// One of the calls that run at the same time.
struct Calling {
  json::value input;
  json::value result{};
  std::vector<Interrupt> asked{};
  bool drained = false;
};

asio::awaitable<void> run_call(NodeContext& node, const CalledTask& task, Calling& calling,
                               std::exception_ptr& failure) {
  try {
    json::value result = co_await node.call(task, std::move(calling.input));
    calling.result = std::move(result);
  } catch (const NodeInterrupted& one) {
    calling.asked.push_back(one.interrupt);
  } catch (const SubgraphInterrupted& several) {
    calling.asked = several.interrupts;
  } catch (const TaskDrained&) {
    calling.drained = true;
  } catch (const std::exception&) {
    if (!failure) failure = std::current_exception();
  }
}

}  // namespace

std::shared_ptr<const CalledTask> called_task(std::string name, CalledFunction body, std::optional<RetryPolicy> retry) {
  return std::make_shared<const CalledTask>(CalledTask{std::move(name), std::move(body), std::move(retry)});
}

asio::awaitable<json::value> Workflow::call(std::shared_ptr<const CalledTask> task, json::value input) {
  json::value result = co_await node_.call(*task, std::move(input));
  co_return result;
}

asio::awaitable<std::vector<json::value>> Workflow::call_all(std::shared_ptr<const CalledTask> task,
                                                             std::vector<json::value> inputs) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  std::vector<Calling> callings;
  for (json::value& input : inputs) callings.push_back({std::move(input)});
  std::exception_ptr failure;
  TaskGroup group(executor);
  bool cancelled = false;
  bool stopped = false;
  for (Calling& calling : callings) group.start(run_call(node_, *task, calling, failure));
  while (group.running() > 0) {
    const TaskGroup::Waited waited = co_await group.wait();
    if (waited == TaskGroup::Waited::cancelled) cancelled = true;
    const bool stops = cancelled || failure || group.thrown();
    if (stops && !stopped) group.cancel();
    stopped = stops;
  }
  if (cancelled) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    throw RunCancelled{};
  }
  if (failure) std::rethrow_exception(failure);
  if (group.thrown()) std::rethrow_exception(group.thrown());
  if (std::ranges::any_of(callings, &Calling::drained)) throw TaskDrained{};
  std::vector<Interrupt> asked;
  std::vector<json::value> results;
  for (Calling& calling : callings) {
    asked.insert(asked.end(), calling.asked.begin(), calling.asked.end());
    results.push_back(std::move(calling.result));
  }
  if (!asked.empty()) throw SubgraphInterrupted{std::move(asked)};
  co_return results;
}

std::shared_ptr<const CompiledGraph> entrypoint(std::string name, WorkflowFunction body, EntrypointOptions options) {
  auto plan = std::make_unique<CompiledGraph::Plan>();
  plan->name = name;
  plan->description = std::move(options.description);
  plan->workflow = WorkflowPlan{0, 1};
  plan->channels = {channel_named(reserved::kResult, ChannelKind::last_value),
                    channel_named(reserved::kPrevious, ChannelKind::last_value),
                    channel_named(kStart, ChannelKind::ephemeral), channel_named("__pregel_tasks", ChannelKind::topic)};
  plan->state_keys = {0, 1};
  plan->start = 2;
  plan->sends = 3;
  for (ChannelIndex channel = 0; channel < plan->channels.size(); ++channel) {
    plan->channel_by_name.emplace(plan->channels[channel].name, channel);
  }

  PlannedNode node;
  node.name = name;
  node.body = NodeFunction([body = std::move(body)](NodeContext& context) { return run_workflow(body, context); });
  node.triggers = {plan->start};
  node.options.retry = std::move(options.retry);
  node.options.timeout = options.timeout;
  plan->node_by_name.emplace(name, 0);
  plan->nodes.push_back(std::move(node));
  plan->trigger_of.emplace_back(std::nullopt);
  plan->triggered_by.resize(plan->channels.size());
  plan->triggered_by[plan->start].push_back(0);
  fill_derived(*plan);
  plan->interrupt_before = std::make_shared<const Breakpoints>();
  plan->interrupt_after = std::make_shared<const Breakpoints>();

  plan->edges = {{std::string(kStart), name, std::nullopt, false}, {name, std::string(kEnd), std::nullopt, false}};
  plan->schemas.input = std::move(options.input_schema);
  plan->schemas.output = options.output_schema;
  plan->schemas.state = std::move(options.output_schema);
  plan->context_schema = options.context_schema;
  plan->schemas.context = options.context_schema;
  plan->schemas.config = std::move(options.context_schema);
  return std::make_shared<const CompiledGraph>(std::move(plan));
}

}  // namespace heddle::runtime
