#include "api/routes/mcp_routes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/routes/body.h"
#include "api/routes/json_rpc.h"
#include "api/routes/run_bodies.h"
#include "api/services/assistant_tools.h"
#include "api/services/services.h"
#include "api/version.h"
#include "runtime/json.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// Newest last. What this server says is the same in all of them.
constexpr std::array<std::string_view, 4> kVersions = {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"};

constexpr std::size_t kToolsPage = 100;

bool is_version(std::string_view text) {
  return std::ranges::find(kVersions, text) != kVersions.end();
}

void check_headers(const Request& request) {
  if (!accepts(request, "application/json") || !accepts(request, "text/event-stream")) {
    throw ApiError::bad_request("Accept must name both application/json and text/event-stream");
  }
  const std::optional<std::string_view> version = request.headers.find("mcp-protocol-version");
  if (version && !is_version(*version)) {
    throw ApiError::bad_request("MCP-Protocol-Version is none that this server speaks; the newest is " +
                                std::string(kVersions.back()));
  }
}

json::object initialized(const json::object& params) {
  const std::string asked(runtime::find_text(params, "protocolVersion").value_or(""));
  const std::string_view spoken = is_version(asked) ? std::string_view(asked) : kVersions.back();
  return {{"protocolVersion", spoken},
          {"capabilities", json::object{{"tools", json::object{{"listChanged", false}}}}},
          {"serverInfo", json::object{{"name", "heddle"}, {"version", version()}}}};
}

// Where a page begins; the cursor is ours and opaque to clients.
std::size_t start_of(const json::object& params) {
  const json::value* cursor = runtime::find_given(params, "cursor");
  if (cursor == nullptr) return 0;
  const std::string text = cursor->is_string() ? std::string(cursor->as_string()) : "";
  std::size_t start = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), start);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    throw RpcError(kRpcBadParams, "Invalid cursor");
  }
  return start;
}

json::object input_schema(const runtime::CompiledGraph& graph) {
  json::object schema = graph.schemas().input;
  schema["type"] = "object";  // arguments are one, whatever the graph says
  return schema;
}

asio::awaitable<json::object> listed_tools(Services& services, Caller caller, json::object params) {
  const std::size_t start = start_of(params);
  storage::AssistantReader reader = caller.assistant_reader();
  const std::vector<AssistantTool> tools = co_await assistant_tools(services.assistants, std::move(reader));
  json::array list;
  const std::size_t end = std::min(tools.size(), start + std::min(kToolsPage, tools.size()));
  for (std::size_t i = start; i < end; ++i) {
    const storage::Assistant& assistant = tools[i].assistant;
    const std::shared_ptr<const runtime::CompiledGraph> graph = services.parts.graphs.find(assistant.graph_id);
    if (!graph) continue;  // no longer served
    json::object tool{{"name", tools[i].name}, {"inputSchema", input_schema(*graph)}};
    if (assistant.description) tool["description"] = *assistant.description;
    list.push_back(std::move(tool));
  }
  json::object result{{"tools", std::move(list)}};
  if (end < tools.size()) result["nextCursor"] = std::to_string(end);
  co_return result;
}

json::object content_of(std::string text, bool is_error) {
  return {{"content", json::array{json::object{{"type", "text"}, {"text", std::move(text)}}}}, {"isError", is_error}};
}

// What the model of the client is told about a run that has ended.
json::object tool_result(const ActiveRun& run) {
  if (run.record.status == storage::RunStatus::interrupted) return content_of("The call was cancelled.", true);
  const std::string& text = run.result.text();
  const json::value result = runtime::parse_json(text);
  if (const json::value* error = runtime::find_member(result, "__error__")) {
    const std::string name(runtime::find_text(*error, "error").value_or("Error"));
    return content_of(name + ": " + std::string(runtime::find_text(*error, "message").value_or("")), true);
  }
  if (const json::value* asked = runtime::find_member(result, "__interrupt__")) {
    return content_of(
        "The agent stopped with a question, which cannot be answered in a tool call: " + runtime::to_text(*asked),
        true);
  }
  if (result.is_string()) return content_of(std::string(result.get_string()), false);
  return content_of(text, false);
}

asio::awaitable<Response> call_tool(Services& services, Caller caller, Request request, RpcCall call) {
  const std::string name(runtime::find_text(call.params, "name").value_or(""));
  const json::value* given = runtime::find_given(call.params, "arguments");
  if (given != nullptr && !given->is_object()) throw RpcError(kRpcBadParams, "arguments must be an object");
  storage::AssistantReader reader = caller.assistant_reader();
  const std::vector<AssistantTool> tools = co_await assistant_tools(services.assistants, std::move(reader));
  const auto tool = std::ranges::find(tools, name, &AssistantTool::name);
  if (tool == tools.end()) throw RpcError(kRpcBadParams, "Unknown tool");

  json::object body{{"assistant_id", tool->assistant.assistant_id.text()}};
  body["input"] = given == nullptr ? json::value(json::object{}) : *given;
  RunOrigin origin{std::nullopt, true};
  origin.request_id = request.request_id;
  std::shared_ptr<ActiveRun> run;
  try {
    RunRequest wanted = run_request_from(std::move(body), request.headers, services.parts.settings);
    run = co_await services.runs.create(caller, origin, std::move(wanted));
  } catch (const ApiError& error) {
    throw rpc_error_from(error, "Failed to run the tool");
  }
  Response response;
  response.headers.set("content-type", "application/json");
  TellEnd told = [id = call.id](const ActiveRun& ended) { return rpc_result_text(id, tool_result(ended)); };
  // Without sessions nobody can come back for the result.
  Response answer = co_await answer_at_end(services, run, OnDisconnect::cancel, std::move(response), std::move(told));
  co_return answer;
}

asio::awaitable<Response> dispatched(Services& services, Caller caller, Request request, RpcCall call) {
  if (call.method == "initialize") co_return rpc_result(call.id, initialized(call.params));
  if (call.method == "ping") co_return rpc_result(call.id, json::object{});
  if (call.method == "tools/list") {
    const json::object listed = co_await listed_tools(services, caller, call.params);
    co_return rpc_result(call.id, listed);
  }
  if (call.method == "tools/call") {
    Response response = co_await call_tool(services, caller, std::move(request), std::move(call));
    co_return response;
  }
  throw RpcError(kRpcUnknownMethod, "Method not found: " + call.method);
}

}  // namespace

asio::awaitable<Response> call_mcp(Services& services, Caller caller, Request request) {
  RpcCall call = rpc_call_from(request, services.parts.settings.json_depth_max);
  check_headers(request);
  if (call.kind != RpcKind::call) co_return empty_response(202);
  const json::value id = call.id;
  std::optional<RpcError> failure;
  try {
    Response response = co_await dispatched(services, std::move(caller), std::move(request), std::move(call));
    co_return response;
  } catch (const RpcError& error) {
    failure = error;
  }
  co_return rpc_error(id, *failure);
}

// The co_return makes it a coroutine, which throws when it is awaited and not when it is called.
asio::awaitable<Response> refuse_mcp_stream(Services&, Caller, Request) {
  ApiError refused(405, "This server sends no messages of its own; call it with POST.");
  refused.add_header("allow", "POST");
  throw refused;
  co_return Response{};
}

}  // namespace heddle::api
