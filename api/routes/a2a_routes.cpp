#include "api/routes/a2a_routes.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/http/sse.h"
#include "api/routes/a2a_stream.h"
#include "api/routes/a2a_task.h"
#include "api/routes/body.h"
#include "api/routes/json_rpc.h"
#include "api/routes/run_bodies.h"
#include "api/services/services.h"
#include "api/version.h"
#include "runtime/json.h"
#include "runtime/uuid.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// A call to one assistant.
struct A2aCall {
  storage::Assistant assistant;
  RpcCall rpc;
  Headers headers;
  std::string request_id;
};

RpcError task_not_found() {
  return {kA2aTaskNotFound, "Task not found"};
}

// The task that `id` of the params names; one of another assistant or thread is not there.
asio::awaitable<FoundRun> find_task(Services& services, Caller caller, const A2aCall& call, std::string id_text,
                                    std::optional<storage::ThreadId> thread_id) {
  const std::optional<storage::RunId> id = storage::RunId::parse(id_text);
  if (!id) throw task_not_found();
  FoundRun run;
  try {
    run = co_await services.runs.get_stateless(caller.owner, *id);
  } catch (const ApiError&) {
    throw task_not_found();
  }
  const bool is_its = run.record.assistant_id == call.assistant.assistant_id;
  if (!is_its || (thread_id && run.record.thread_id != *thread_id)) throw task_not_found();
  co_return run;
}

asio::awaitable<FoundRun> named_task(Services& services, Caller caller, const A2aCall& call) {
  std::string id(runtime::find_text(call.rpc.params, "id").value_or(""));
  std::optional<storage::ThreadId> thread_id;
  if (const std::optional<std::string_view> context = runtime::find_text(call.rpc.params, "contextId")) {
    thread_id = storage::ThreadId::parse(*context);
    if (!thread_id) throw task_not_found();
  }
  FoundRun run = co_await find_task(services, caller, call, std::move(id), thread_id);
  co_return run;
}

// How far a run has come that a client names, with the state that it left and not that of later runs.
asio::awaitable<A2aOutcome> outcome_of(Services& services, FoundRun run) {
  const storage::Run& record = run.record;
  if (run.active) co_return a2a_outcome(run.active->record.status, run.active->result.text());
  if (record.status != storage::RunStatus::success) {
    const std::string result = record.error_json ? "{\"__error__\":" + *record.error_json + "}" : "{}";
    co_return a2a_outcome(record.status, result);
  }
  A2aOutcome outcome;
  outcome.state = "completed";
  const storage::Thread thread = co_await services.states.thread(record.owner, record.thread_id);
  runtime::HistoryQuery query;
  query.metadata = json::object{{"run_id", record.run_id.text()}};
  query.limit = 1;
  HistoryPages pages = services.states.history(thread, std::move(query));
  const std::vector<runtime::StateSnapshot> states = co_await pages.next();
  if (states.empty()) co_return outcome;
  const runtime::StateSnapshot& state = states.front();
  const bool is_head = state.checkpoint && state.checkpoint->id == thread.values_checkpoint;
  if (is_head && thread.status == storage::ThreadStatus::interrupted) {
    outcome.state = "input-required";
    for (const runtime::SnapshotTask& task : state.tasks) {
      for (const runtime::Interrupt& asked : task.view.interrupts)
        outcome.interrupts.push_back(runtime::to_json(asked));
    }
  }
  state.values.print(outcome.values_json.emplace());
  co_return outcome;
}

// What the graph is to do with a message: the body of a request for a run, and the thread of it.
struct WantedRun {
  json::object body;
  storage::ThreadId thread_id;
};

asio::awaitable<WantedRun> run_for(Services& services, Caller caller, const A2aCall& call, A2aMessage message) {
  WantedRun wanted;
  wanted.body = {{"assistant_id", call.assistant.assistant_id.text()},
                 {"if_not_exists", "create"},
                 // A message that comes while the agent works is answered next.
                 {"multitask_strategy", "enqueue"},
                 {"stream_mode", json::array{"messages-tuple", "values"}}};
  if (!message.metadata.empty()) wanted.body["metadata"] = message.metadata;
  if (!message.task_id) {
    const std::shared_ptr<const runtime::CompiledGraph> graph = services.assistants.graph_of(call.assistant);
    wanted.body["input"] = a2a_input(message, graph->schemas().input);
    wanted.thread_id = message.context_id.value_or(storage::ThreadId{runtime::uuid7(services.parts.clock.now())});
    co_return wanted;
  }
  std::string task_id = message.task_id->text();
  FoundRun asked = co_await find_task(services, caller, call, std::move(task_id), message.context_id);
  wanted.thread_id = asked.record.thread_id;
  const A2aOutcome outcome = co_await outcome_of(services, std::move(asked));
  if (outcome.state != "input-required") {
    throw RpcError(kRpcBadParams, "Task " + message.task_id->text() + " is " + outcome.state +
                                      " and waits for no answer; send the message without taskId to begin another one");
  }
  wanted.body["command"] = json::object{{"resume", a2a_resume(message)}};
  co_return wanted;
}

asio::awaitable<std::shared_ptr<ActiveRun>> started(Services& services, Caller caller, const A2aCall& call,
                                                    A2aMessage message) {
  WantedRun wanted = co_await run_for(services, caller, call, std::move(message));
  RunOrigin origin{wanted.thread_id, true};
  origin.request_id = call.request_id;
  std::shared_ptr<ActiveRun> run;
  try {
    RunRequest request = run_request_from(std::move(wanted.body), call.headers, services.parts.settings);
    run = co_await services.runs.create(caller, origin, std::move(request));
  } catch (const ApiError& error) {
    throw rpc_error_from(error, "Failed to create run");
  }
  co_return run;
}

asio::awaitable<Response> send_message(Services& services, Caller caller, const A2aCall& call) {
  A2aMessage message = a2a_message_from(call.rpc.params);
  const bool waits = message.waits;
  const std::int64_t history = message.history;
  const std::shared_ptr<ActiveRun> run = co_await started(services, caller, call, std::move(message));
  if (!waits) {
    const A2aOutcome outcome = a2a_outcome(run->record.status, run->result.text());
    co_return rpc_result(call.rpc.id, a2a_task(outcome, run->record, history));
  }
  Response response;
  response.headers.set("content-type", "application/json");
  TellEnd told = [id = call.rpc.id, history](const ActiveRun& ended) {
    const A2aOutcome outcome = a2a_outcome(ended.record.status, ended.result.text());
    return rpc_result_text(id, a2a_task(outcome, ended.record, history));
  };
  // Whoever goes away can ask for the task later.
  Response answer = co_await answer_at_end(services, run, OnDisconnect::go_on, std::move(response), std::move(told));
  co_return answer;
}

asio::awaitable<Response> stream_message(Services& services, Caller caller, const A2aCall& call) {
  A2aMessage message = a2a_message_from(call.rpc.params);
  const std::shared_ptr<ActiveRun> run = co_await started(services, caller, call, std::move(message));
  Response response;
  response.headers = event_stream_headers();
  response.stream = a2a_stream_body(services, run, call.rpc.id);
  co_return response;
}

asio::awaitable<Response> get_task(Services& services, Caller caller, const A2aCall& call) {
  const std::int64_t history = a2a_history_length(call.rpc.params);
  const FoundRun run = co_await named_task(services, caller, call);
  const A2aOutcome outcome = co_await outcome_of(services, run);
  const storage::Run& record = run.active ? run.active->record : run.record;
  co_return rpc_result(call.rpc.id, a2a_task(outcome, record, history));
}

asio::awaitable<Response> cancel_task(Services& services, Caller caller, const A2aCall& call) {
  const FoundRun run = co_await named_task(services, caller, call);
  if (!run.active || run.active->phase == ActiveRun::Phase::ended) {
    throw RpcError(kA2aNotCancelable, "Task cannot be canceled: it has ended");
  }
  co_await services.runs.cancel(run, CancelAction::interrupt, true);
  const A2aOutcome outcome = a2a_outcome(run.active->record.status, run.active->result.text());
  co_return rpc_result(call.rpc.id, a2a_task(outcome, run.active->record, 0));
}

asio::awaitable<Response> dispatched(Services& services, Caller caller, const A2aCall& call) {
  Response response;
  if (call.rpc.method == "message/send") {
    response = co_await send_message(services, caller, call);
  } else if (call.rpc.method == "message/stream") {
    response = co_await stream_message(services, caller, call);
  } else if (call.rpc.method == "tasks/get") {
    response = co_await get_task(services, caller, call);
  } else if (call.rpc.method == "tasks/cancel") {
    response = co_await cancel_task(services, caller, call);
  } else {
    throw RpcError(kRpcUnknownMethod, "Method not found: " + call.rpc.method);
  }
  co_return response;
}

// Where this server is, as the peer sees it.
std::string base_url_for(const Request& request, const ServerSettings& settings) {
  const std::string host(request.headers.find("host").value_or("localhost:" + std::to_string(settings.port)));
  const bool is_https = settings.tls.is_on() || request.headers.find("x-forwarded-proto") == "https";
  return (is_https ? "https://" : "http://") + host + settings.mount_prefix;
}

asio::awaitable<Response> card_of(Services& services, Caller caller, Request request, std::string assistant_id) {
  storage::AssistantReader reader = caller.assistant_reader();
  const storage::Assistant assistant = co_await services.assistants.get(std::move(reader), std::move(assistant_id));
  const std::shared_ptr<const runtime::CompiledGraph> graph = services.assistants.graph_of(assistant);
  A2aCard card;
  card.assistant_id = assistant.assistant_id.text();
  card.name = assistant.name;
  card.description = assistant.description;
  card.url = base_url_for(request, services.parts.settings) + "/a2a/" + card.assistant_id;
  const json::value* properties = runtime::find_member(graph->schemas().input, "properties");
  card.takes_text = properties != nullptr && runtime::find_member(*properties, "messages") != nullptr;
  card.needs_token = services.parts.settings.auth.has_value();
  card.version = version();
  co_return json_response(200, a2a_card_json(card));
}

}  // namespace

asio::awaitable<Response> call_a2a(Services& services, Caller caller, Request request) {
  A2aCall call;
  call.rpc = rpc_call_from(request, services.parts.settings.json_depth_max);
  std::string assistant_id = request.params.at("assistant_id");
  storage::AssistantReader reader = caller.assistant_reader();
  call.assistant = co_await services.assistants.get(std::move(reader), std::move(assistant_id));
  if (call.rpc.kind != RpcKind::call) co_return empty_response(202);
  if (call.rpc.method == "message/stream" && !accepts(request, "text/event-stream") && !accepts(request, "*/*")) {
    throw ApiError::bad_request("Accept must name text/event-stream for message/stream");
  }
  call.headers = std::move(request.headers);
  call.request_id = request.request_id;
  std::optional<RpcError> failure;
  try {
    Response response = co_await dispatched(services, std::move(caller), call);
    co_return response;
  } catch (const RpcError& error) {
    failure = error;
  }
  co_return rpc_error(call.rpc.id, *failure);
}

asio::awaitable<Response> get_agent_card(Services& services, Caller caller, Request request) {
  std::string assistant_id = request.params.at("assistant_id");
  Response response = co_await card_of(services, std::move(caller), std::move(request), std::move(assistant_id));
  co_return response;
}

asio::awaitable<Response> find_agent_card(Services& services, Caller caller, Request request) {
  const std::optional<std::string> given = request.query.find("assistant_id");
  if (!given) throw ApiError::invalid({"assistant_id"}, "is required: the agent whose card is wanted");
  std::string assistant_id = *given;
  Response response = co_await card_of(services, std::move(caller), std::move(request), std::move(assistant_id));
  co_return response;
}

}  // namespace heddle::api
