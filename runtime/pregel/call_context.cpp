#include "runtime/pregel/call_context.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/entrypoint.h"
#include "runtime/error.h"
#include "runtime/pregel/namespaces.h"
#include "runtime/pregel/reserved.h"
#include "runtime/pregel/retry.h"
#include "runtime/pregel/subgraph_run.h"
#include "runtime/pregel/superstep.h"
#include "runtime/uuid.h"

namespace heddle::runtime {

namespace asio = boost::asio;

namespace {

// Who is called, and under which names it is known.
struct Call {
  std::string name;
  std::string key;  // among what the caller keeps
  std::string id;
  std::string node_ns;
};

// The context of the caller with the identity of the called task. Its answers are kept beside the results of calls.
class CallContext final : public NodeContext {
 public:
  CallContext(SuperstepScope& superstep, Task& caller, NodeContext& context, const Call& call, const Value& input,
              std::int64_t attempt, Timestamp begun)
      : superstep_(superstep),
        caller_(caller),
        context_(context),
        call_(call),
        input_(input),
        state_(State::of(input.json())),
        attempt_(attempt),
        begun_(begun) {}
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  const State& state() const override { return state_; }
  const Value& argument() const override { return input_; }
  const RunConfig& config() const override { return context_.config(); }
  std::int64_t step() const override { return context_.step(); }
  const std::string& node() const override { return call_.name; }
  const std::string& task_id() const override { return call_.id; }
  const std::string& checkpoint_ns() const override { return call_.node_ns; }
  std::int64_t node_attempt() const override { return attempt_; }
  std::int64_t remaining_steps() const override { return context_.remaining_steps(); }

  ExecutionInfo execution_info() const override {
    ExecutionInfo info = context_.execution_info();
    info.checkpoint_ns = call_.node_ns;
    info.task_id = call_.id;
    info.node_attempt = attempt_;
    info.first_attempt_at = begun_;
    return info;
  }

  json::value interrupt(json::value question) override;
  void pass_interrupts(std::int64_t count) override { questions_ += count; }
  void heartbeat() override { context_.heartbeat(); }
  void write(json::value value) override { context_.write(std::move(value)); }
  Store* store() override { return context_.store(); }
  asio::awaitable<State> invoke(const CompiledGraph& graph, json::value input) override;
  json::value previous() const override { return context_.previous(); }
  // Tasks that a task calls count among those of the workflow.
  asio::awaitable<json::value> call(const CalledTask& task, json::value input) override {
    return context_.call(task, std::move(input));
  }

  void model_started(const ModelCall& call, const ItemList& messages) override {
    context_.model_started(call, messages);
  }
  void model_piece(const ModelCall& call, Message piece) override { context_.model_piece(call, std::move(piece)); }
  void model_ended(const ModelCall& call, const Message& whole) override { context_.model_ended(call, whole); }
  void tool_started(const std::string& id, const std::string& name, const json::value& arguments) override {
    context_.tool_started(id, name, arguments);
  }
  void tool_wrote(const std::string& id, const std::string& name, const json::value& data) override {
    context_.tool_wrote(id, name, data);
  }
  void tool_ended(const std::string& id, const std::string& name, const json::value& output) override {
    context_.tool_ended(id, name, output);
  }
  void tool_failed(const std::string& id, const std::string& name, const std::string& error) override {
    context_.tool_failed(id, name, error);
  }
  std::optional<json::value> finished_call(const std::string& call_id) const override {
    return context_.finished_call(call_.key + "/" + call_id);
  }
  void keep_finished_call(const std::string& call_id, json::value result) override {
    context_.keep_finished_call(call_.key + "/" + call_id, std::move(result));
  }
  asio::awaitable<void> recorded() override { return context_.recorded(); }

 private:
  SuperstepScope& superstep_;
  Task& caller_;
  NodeContext& context_;
  const Call& call_;
  const Value& input_;
  State state_;
  std::int64_t attempt_;
  Timestamp begun_;
  std::int64_t questions_ = 0;
  std::int64_t subgraphs_ = 0;
};

json::value CallContext::interrupt(json::value question) {
  if (!superstep_.kept) throw GraphError("GraphValueError", with_help("No checkpointer set", "MISSING_CHECKPOINTER"));
  const auto number = static_cast<std::size_t>(questions_++);
  const std::string key = "answer:" + std::to_string(number);
  if (std::optional<json::value> known = finished_call(key)) return std::move(*known);
  const std::string first_id = question_id(call_.node_ns, 0);
  std::string id = number == 0 ? first_id : question_id(call_.node_ns, number);
  std::optional<json::value> answer = superstep_.run.answers.take(id, first_id, root_task_of(superstep_, caller_));
  if (!answer) throw NodeInterrupted{{std::move(id), std::move(question)}};
  keep_finished_call(key, *answer);
  return std::move(*answer);
}

asio::awaitable<State> CallContext::invoke(const CompiledGraph& graph, json::value input) {
  SubgraphCall call{namespace_of_subgraph(graph, call_.node_ns), attempt_ > 1};
  const std::int64_t number = subgraphs_++;
  if (number > 0) call.checkpoint_ns += "|" + std::to_string(number);
  State given = State::of(input);
  State values = co_await run_subgraph(superstep_, caller_, graph, std::move(call), std::move(given));
  co_return values;
}

void tell_update(const SuperstepScope& superstep, const Call& call, const json::value& result, bool cached) {
  if (superstep.kinds.updates) {
    superstep.run.emit(UpdateFact{superstep.checkpoint_ns, call.name, result, cached});
  }
}

void tell_end(const SuperstepScope& superstep, const Call& call, json::value result, std::optional<ErrorInfo> error) {
  if (!superstep.kinds.tasks) return;
  superstep.run.emit(TaskEndFact{
      superstep.checkpoint_ns, superstep.step, call.id, call.name, std::move(result), {}, std::move(error)});
}

// Lets the pause before the next attempt pass; whether the task was cancelled meanwhile.
asio::awaitable<bool> is_cancelled_in(asio::any_io_executor executor, std::chrono::milliseconds wait) {
  asio::steady_timer pause(executor, wait);
  co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

asio::awaitable<json::value> run_attempts(SuperstepScope& superstep, Task& caller, NodeContext& context,
                                          const CalledTask& task, const Call& call, const Value& input) {
  const int attempts_max = task.retry ? task.retry->max_attempts : 1;
  const Timestamp begun = superstep.run.services.clock.now();
  for (int attempt = 1;; ++attempt) {
    CallContext own(superstep, caller, context, call, input, attempt, begun);
    std::exception_ptr failure;
    try {
      json::value given = input.json();
      json::value result = co_await task.body(own, std::move(given));
      co_return result;
    } catch (const std::exception&) {
      failure = std::current_exception();
    }
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const bool stopped = state.cancelled() != asio::cancellation_type::none;
    if (stopped || attempt >= attempts_max || !wants_retry(*task.retry, failure)) std::rethrow_exception(failure);
    const std::chrono::milliseconds wait = wait_before(*task.retry, attempt + 1);
    const bool cancelled = co_await is_cancelled_in(superstep.run.executor, wait);
    if (cancelled) throw RunCancelled{};
  }
}

}  // namespace

asio::awaitable<json::value> run_called_task(SuperstepScope& superstep, Task& caller, NodeContext& context,
                                             const CalledTask& task, std::int64_t number, json::value input) {
  const TaskId id = id_of_call(superstep.plan, caller.planned, task.name, number, superstep.checkpoint,
                               superstep.checkpoint_ns, superstep.step);
  // The name is part of the key, so that a workflow that was changed meanwhile does not mistake one task for another.
  const Call call{task.name, "call:" + std::to_string(number) + ":" + task.name, id.text(),
                  task_namespace(superstep.checkpoint_ns, task.name) + ":" + id.text()};
  if (std::optional<json::value> known = context.finished_call(call.key)) {
    tell_update(superstep, call, *known, true);
    co_return std::move(*known);
  }
  if (superstep.is_to_drain()) throw TaskDrained{};
  const Value given(std::move(input));
  if (superstep.kinds.tasks) {
    superstep.run.emit(TaskStartFact{
        superstep.checkpoint_ns, superstep.step, call.id, call.name, given, {std::string(reserved::kPush)}});
  }
  std::exception_ptr failure;
  std::optional<ErrorInfo> error;
  json::value result;
  try {
    json::value made = co_await run_attempts(superstep, caller, context, task, call, given);
    result = std::move(made);
  } catch (const std::exception& thrown) {
    failure = std::current_exception();
    error = error_info(thrown);
  }
  if (failure) {
    tell_end(superstep, call, json::object{}, std::move(error));
    std::rethrow_exception(failure);
  }
  context.keep_finished_call(call.key, result);
  tell_update(superstep, call, result, false);
  tell_end(superstep, call, result, std::nullopt);
  co_return result;
}

}  // namespace heddle::runtime
