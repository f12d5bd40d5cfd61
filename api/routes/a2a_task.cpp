#include "api/routes/a2a_task.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "api/routes/json_rpc.h"
#include "runtime/json.h"
#include "runtime/message.h"

namespace heddle::api {
namespace {

namespace json = boost::json;

RpcError wrong(std::string_view place, std::string_view what) {
  return {kRpcBadParams, "Invalid params: " + std::string(place) + " " + std::string(what)};
}

const json::object& object_in(const json::object& holder, std::string_view key, std::string_view place) {
  static const json::object kNone;
  const json::value* found = runtime::find_given(holder, key);
  if (found == nullptr) return kNone;
  if (!found->is_object()) throw wrong(place, "must be an object");
  return found->as_object();
}

std::string text_in(const json::object& holder, std::string_view key, std::string_view place) {
  const json::value* found = runtime::find_given(holder, key);
  if (found == nullptr) return "";
  if (!found->is_string()) throw wrong(place, "must be a text");
  return std::string(found->as_string());
}

void take_part(const json::value& part, A2aMessage& message) {
  if (!part.is_object()) throw wrong("message.parts", "must be a list of objects");
  const json::object& members = part.as_object();
  const std::string kind = text_in(members, "kind", "message.parts.kind");
  if (kind == "text") {
    const json::value* text = runtime::find_given(members, "text");
    if (text == nullptr || !text->is_string()) throw wrong("message.parts.text", "must be a text");
    std::string& all = message.text ? message.text->append("\n") : message.text.emplace();
    all += text->as_string();
  } else if (kind == "data") {
    const json::value* data = runtime::find_given(members, "data");
    if (data == nullptr || !data->is_object()) throw wrong("message.parts.data", "must be an object");
    for (const auto& member : data->as_object()) message.data[member.key()] = member.value();
  } else if (kind == "file") {
    throw wrong("message.parts", "holds a file, and files are not taken; send text or data");
  } else {
    throw wrong("message.parts.kind", "must be text or data");
  }
}

// A message of a graph's state as one of A2A.
json::object told_message(const json::value& message, const storage::Run& run) {
  const std::string_view type = runtime::find_text(message, "type").value_or("");
  const json::array parts{json::object{{"kind", "text"}, {"text", runtime::message_text(message.as_object())}}};
  return {{"kind", "message"},
          {"role", type == "human" ? "user" : "agent"},
          {"messageId", runtime::find_text(message, "id").value_or("")},
          {"taskId", run.run_id.text()},
          {"contextId", run.thread_id.text()},
          {"parts", parts}};
}

json::object agent_says(std::string text, std::string id, const storage::Run& run) {
  return {{"kind", "message"},
          {"role", "agent"},
          {"messageId", std::move(id)},
          {"taskId", run.run_id.text()},
          {"contextId", run.thread_id.text()},
          {"parts", json::array{json::object{{"kind", "text"}, {"text", std::move(text)}}}}};
}

// Messages of the state; empty without a key `messages`.
json::array messages_in(const json::value& values) {
  const json::value* messages = runtime::find_member(values, "messages");
  json::array found;
  if (messages == nullptr || !messages->is_array()) return found;
  for (const json::value& message : messages->as_array()) {
    if (runtime::is_message(message)) found.push_back(message);
  }
  return found;
}

}  // namespace

std::int64_t a2a_history_length(const json::object& holder) {
  const json::value* given = runtime::find_given(holder, "historyLength");
  if (given == nullptr) return 0;
  if (!given->is_int64() || given->as_int64() < 0 || given->as_int64() > kA2aHistoryMax) {
    throw wrong("historyLength", "must be a whole number from 0 to " + std::to_string(kA2aHistoryMax));
  }
  return given->as_int64();
}

A2aMessage a2a_message_from(const json::object& params) {
  if (runtime::find_given(params, "message") == nullptr) throw wrong("message", "is required");
  const json::object& given = object_in(params, "message", "message");
  A2aMessage message;
  const std::string context = text_in(given, "contextId", "message.contextId");
  if (!context.empty()) {
    message.context_id = storage::ThreadId::parse(context);
    if (!message.context_id) throw RpcError(kRpcBadParams, "Failed to create run: Invalid thread ID");
  }
  const std::string task = text_in(given, "taskId", "message.taskId");
  if (!task.empty()) {
    message.task_id = storage::RunId::parse(task);
    if (!message.task_id) throw RpcError(kA2aTaskNotFound, "Task not found");
  }
  const std::string role = text_in(given, "role", "message.role");
  if (!role.empty() && role != "user") throw wrong("message.role", "must be user");
  const json::value* parts = runtime::find_given(given, "parts");
  if (parts == nullptr || !parts->is_array() || parts->as_array().empty()) {
    throw wrong("message.parts", "must be a list of at least one part");
  }
  for (const json::value& part : parts->as_array()) take_part(part, message);

  message.metadata = object_in(params, "metadata", "metadata");
  const json::object& configuration = object_in(params, "configuration", "configuration");
  message.history = a2a_history_length(configuration);
  if (const json::value* blocking = runtime::find_given(configuration, "blocking")) {
    if (!blocking->is_bool()) throw wrong("configuration.blocking", "must be true or false");
    message.waits = blocking->as_bool();
  }
  if (runtime::find_given(configuration, "pushNotificationConfig") != nullptr) {
    throw RpcError(kA2aUnsupported, "Push notifications are not supported; ask with tasks/get");
  }
  return message;
}

json::object a2a_input(const A2aMessage& message, const json::object& input_schema) {
  json::object input = message.data;
  if (!message.text) return input;
  const json::value* properties = runtime::find_member(input_schema, "properties");
  if (properties == nullptr || runtime::find_member(*properties, "messages") == nullptr) {
    throw RpcError(kRpcBadParams, "This assistant takes no text, because its input has no messages; send data");
  }
  input["messages"] = json::array{json::object{{"type", "human"}, {"content", *message.text}}};
  return input;
}

json::value a2a_resume(const A2aMessage& message) {
  if (const json::value* resume = runtime::find_given(message.data, "resume")) return *resume;
  if (message.text) return json::value(*message.text);
  return message.data;
}

A2aOutcome a2a_outcome(storage::RunStatus status, std::string_view result_json) {
  using enum storage::RunStatus;
  A2aOutcome outcome;
  if (status == pending || status == running) {
    outcome.state = status == pending ? "submitted" : "working";
    return outcome;
  }
  if (status == interrupted) {
    outcome.state = "canceled";
    return outcome;
  }
  const json::value result = runtime::parse_json(result_json);
  if (status != success) {
    const json::value* error = runtime::find_member(result, "__error__");
    outcome.state = "failed";
    if (error != nullptr) {
      outcome.error = std::string(runtime::find_text(*error, "error").value_or("Error")) + ": " +
                      std::string(runtime::find_text(*error, "message").value_or(""));
    }
    return outcome;
  }
  if (const json::value* asked = runtime::find_member(result, "__interrupt__")) {
    outcome.state = "input-required";
    if (asked->is_array()) outcome.interrupts = asked->as_array();
    return outcome;
  }
  outcome.state = "completed";
  outcome.values_json = std::string(result_json);
  return outcome;
}

json::object a2a_status(const A2aOutcome& outcome, const storage::Run& run) {
  json::object status{{"state", outcome.state}, {"timestamp", storage::to_rfc3339(run.updated_at)}};
  const std::string id = run.run_id.text();
  if (outcome.state == "failed" && !outcome.error.empty()) {
    status["message"] = agent_says(outcome.error, id + "-error", run);
  }
  if (outcome.state == "input-required") {
    // A question that is a text is told as it is, others as JSON, which names what is asked for.
    std::string asked;
    for (const json::value& interrupt : outcome.interrupts) {
      const json::value* value = runtime::find_member(interrupt, "value");
      if (value == nullptr) continue;
      asked += asked.empty() ? "" : "\n";
      asked += value->is_string() ? std::string(value->as_string()) : runtime::to_text(*value);
    }
    json::object message = agent_says(asked.empty() ? "Go on?" : asked, id + "-question", run);
    message["metadata"] = json::object{{"interrupts", outcome.interrupts}};
    status["message"] = std::move(message);
  }
  return status;
}

json::array a2a_parts(const std::string& values_json) {
  const json::value values = runtime::parse_json(values_json);
  const json::array messages = messages_in(values);
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (runtime::find_text(*message, "type") != "ai") continue;
    return {json::object{{"kind", "text"}, {"text", runtime::message_text(message->as_object())}}};
  }
  if (values.is_object()) return {json::object{{"kind", "data"}, {"data", values}}};
  if (values.is_string()) return {json::object{{"kind", "text"}, {"text", values}}};
  return {json::object{{"kind", "text"}, {"text", values_json}}};
}

json::object a2a_task(const A2aOutcome& outcome, const storage::Run& run, std::int64_t history) {
  json::object task{{"kind", "task"},
                    {"id", run.run_id.text()},
                    {"contextId", run.thread_id.text()},
                    {"status", a2a_status(outcome, run)}};
  if (outcome.state == "completed" && outcome.values_json) {
    task["artifacts"] = json::array{json::object{
        {"artifactId", run.run_id.text()}, {"name", "Assistant Response"}, {"parts", a2a_parts(*outcome.values_json)}}};
  }
  if (history > 0 && outcome.values_json) {
    const json::array messages = messages_in(runtime::parse_json(*outcome.values_json));
    const std::size_t first = messages.size() - std::min(messages.size(), static_cast<std::size_t>(history));
    json::array told;
    for (std::size_t i = first; i < messages.size(); ++i) told.push_back(told_message(messages[i], run));
    task["history"] = std::move(told);
  }
  return task;
}

json::object a2a_card_json(const A2aCard& card) {
  json::array modes{"application/json"};
  if (card.takes_text) modes.insert(modes.begin(), json::value("text/plain"));
  const json::object skill{{"id", card.assistant_id},
                           {"name", card.name},
                           {"description", card.description.value_or("Runs the assistant " + card.name + ".")},
                           {"tags", json::array{"langgraph"}}};
  json::object told{
      {"protocolVersion", "0.3.0"},
      {"name", card.name},
      {"description", card.description.value_or("The assistant " + card.name + ".")},
      {"url", card.url},
      {"preferredTransport", "JSONRPC"},
      {"version", card.version},
      {"capabilities",
       json::object{{"streaming", true}, {"pushNotifications", false}, {"stateTransitionHistory", false}}},
      {"defaultInputModes", modes},
      {"defaultOutputModes", json::array{"text/plain", "application/json"}},
      {"skills", json::array{skill}}};
  if (card.needs_token) {
    told["securitySchemes"] =
        json::object{{"bearer", json::object{{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}}};
    told["security"] = json::array{json::object{{"bearer", json::array{}}}};
  }
  return told;
}

}  // namespace heddle::api
