#include "graphs/openai_wire.h"

#include <algorithm>
#include <utility>

#include "graphs/model_stream.h"
#include "runtime/json.h"
#include "runtime/uuid.h"

namespace heddle::graphs {

namespace json = boost::json;
using runtime::Message;
using runtime::Value;

namespace {

std::string_view text_at(const json::value& value, std::string_view key) {
  return runtime::find_text(value, key).value_or("");
}

// A part of a human message as the provider wants it. Texts and image_url parts are the same on both sides.
json::value content_part(const json::value& part) {
  if (part.is_string()) return {{"type", "text"}, {"text", part}};
  if (text_at(part, "type") != "image") return part;
  std::string url(text_at(part, "url"));
  if (url.empty()) {
    const std::string_view kind = runtime::find_text(part, "mime_type").value_or("image/png");
    url = "data:" + std::string(kind) + ";base64," + std::string(text_at(part, "data"));
  }
  return {{"type", "image_url"}, {"image_url", {{"url", url}}}};
}

json::value human_content(const json::value& message) {
  const json::value* content = runtime::find_member(message, "content");
  if (content == nullptr || !content->is_array()) return json::value(runtime::message_text(message));
  json::array parts;
  for (const json::value& part : content->get_array()) parts.push_back(content_part(part));
  return parts;
}

// The provider refuses names with other characters.
bool is_name(std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, allowed);
}

json::array function_calls(const json::value& message) {
  json::array calls;
  for (const json::value& call : runtime::tool_calls(message)) {
    const json::value* args = runtime::find_member(call, "args");
    json::object function;
    function["name"] = text_at(call, "name");
    function["arguments"] = args == nullptr ? "{}" : runtime::to_text(*args);
    json::object wire;
    wire["id"] = text_at(call, "id");
    wire["type"] = "function";
    wire["function"] = std::move(function);
    calls.push_back(std::move(wire));
  }
  return calls;
}

std::optional<json::object> wire_message(const json::value& message) {
  const std::string_view type = runtime::message_type(message);
  json::object wire;
  if (type == "human") {
    wire["role"] = "user";
    wire["content"] = human_content(message);
  } else if (type == "system") {
    const json::value* kwargs = runtime::find_member(message, "additional_kwargs");
    const bool developer = kwargs != nullptr && text_at(*kwargs, "__openai_role__") == "developer";
    wire["role"] = developer ? "developer" : "system";
    wire["content"] = runtime::message_text(message);
  } else if (type == "ai") {
    json::array calls = function_calls(message);
    const std::string text = runtime::message_text(message);
    wire["role"] = "assistant";
    wire["content"] = text;  // never null, which some servers with this API refuse
    if (!calls.empty()) wire["tool_calls"] = std::move(calls);
  } else if (type == "tool") {
    wire["role"] = "tool";
    wire["tool_call_id"] = text_at(message, "tool_call_id");
    wire["content"] = runtime::message_text(message);
  } else {
    return std::nullopt;
  }
  const std::string_view name = text_at(message, "name");
  if (is_name(name)) wire["name"] = name;
  return wire;
}

json::object wire_tool(const ToolDeclaration& tool) {
  json::object function;
  function["name"] = tool.name;
  function["description"] = tool.description;
  function["parameters"] = tool.parameters;
  json::object wire;
  wire["type"] = "function";
  wire["function"] = std::move(function);
  return wire;
}

std::int64_t count_at(const json::value& object, std::string_view key) {
  const json::value* value = runtime::find_member(object, key);
  const std::int64_t* const count = value == nullptr ? nullptr : value->if_int64();
  return count == nullptr ? 0 : *count;  // providers count in whole numbers
}

json::object usage_metadata(const json::value& usage) {
  json::object input_details;
  json::object output_details;
  if (const json::value* details = runtime::find_member(usage, "prompt_tokens_details")) {
    if (runtime::find_member(*details, "cached_tokens"))
      input_details["cache_read"] = count_at(*details, "cached_tokens");
    if (runtime::find_member(*details, "audio_tokens")) input_details["audio"] = count_at(*details, "audio_tokens");
  }
  if (const json::value* details = runtime::find_member(usage, "completion_tokens_details")) {
    if (runtime::find_member(*details, "reasoning_tokens"))
      output_details["reasoning"] = count_at(*details, "reasoning_tokens");
    if (runtime::find_member(*details, "audio_tokens")) output_details["audio"] = count_at(*details, "audio_tokens");
  }
  json::object metadata;
  metadata["input_tokens"] = count_at(usage, "prompt_tokens");
  metadata["output_tokens"] = count_at(usage, "completion_tokens");
  metadata["total_tokens"] = count_at(usage, "total_tokens");
  metadata["input_token_details"] = std::move(input_details);
  metadata["output_token_details"] = std::move(output_details);
  return metadata;
}

Message piece_with_id(const json::value& delta) {
  Message piece = empty_piece();
  const std::string_view id = text_at(delta, "id");
  if (!id.empty()) piece["id"] = id;
  return piece;
}

// The only choice that is looked at, should the provider have been asked for several.
const json::value* first_choice(const json::value& delta) {
  const json::value* choices = runtime::find_member(delta, "choices");
  if (choices == nullptr || !choices->is_array()) return nullptr;
  for (const json::value& choice : choices->get_array()) {
    const json::value* index = runtime::find_member(choice, "index");
    if (index == nullptr || !index->is_number() || runtime::equal_json(*index, 0)) return &choice;
  }
  return nullptr;
}

// A text for the page, which takes nothing else (auth0-token-vault.md 4).
std::string content_text(const json::value& content) {
  if (content.is_string()) return std::string(content.get_string());
  std::string text;
  if (!content.is_array()) return text;
  for (const json::value& part : content.get_array()) {
    if (text_at(part, "type") == "text") text += text_at(part, "text");
  }
  return text;
}

// 37 bytes; OpenAI refuses ids of more than 40.
std::string new_call_id() {
  std::string id = "call_" + runtime::uuid4().text();
  std::erase(id, '-');
  return id;
}

// The HTTP status with which the provider would have refused; 0 if it is not known.
int status_of(const json::value& error) {
  const json::value* code = runtime::find_member(error, "code");
  if (code != nullptr && code->is_int64() && code->get_int64() >= 400 && code->get_int64() <= 599) {
    return static_cast<int>(code->get_int64());
  }
  const std::string_view type = text_at(error, "type");
  if (type == "server_error") return 500;
  return text_at(error, "code") == "rate_limit_exceeded" ? 429 : 0;
}

}  // namespace

json::object openai_request(const std::string& model, const runtime::ItemList& messages, const ModelOptions& options) {
  json::array wire_messages;
  for (const Value::Item& message : messages) {
    if (std::optional<json::object> wire = wire_message(*message)) wire_messages.push_back(std::move(*wire));
  }
  json::object request;
  request["model"] = model;
  request["messages"] = std::move(wire_messages);
  request["stream"] = true;
  request["stream_options"] = json::object{{"include_usage", true}};
  if (options.temperature) request["temperature"] = *options.temperature;
  if (!options.tools.empty()) {
    json::array tools;
    for (const ToolDeclaration& tool : options.tools) tools.push_back(wire_tool(tool));
    request["tools"] = std::move(tools);
  }
  if (options.must_call) {
    request["tool_choice"] = {{"type", "function"}, {"function", {{"name", *options.must_call}}}};
  }
  return request;
}

std::vector<Message> OpenAiAnswer::read(std::string_view bytes) {
  std::vector<Message> pieces;
  const std::vector<std::string> events = events_.read(bytes);
  for (const std::string& event : events) {
    if (done_) break;
    if (event == "[DONE]") {
      done_ = true;
      continue;
    }
    json::value delta;
    try {
      delta = runtime::parse_json(event);
    } catch (const runtime::JsonError& error) {
      throw AnswerError(std::string("an event of the answer is no JSON: ") + error.what());
    }
    if (std::optional<Message> piece = read_delta(delta)) pieces.push_back(std::move(*piece));
  }
  return pieces;
}

std::optional<Message> OpenAiAnswer::read_delta(const json::value& delta) {
  const json::value* error = runtime::find_member(delta, "error");
  if (error != nullptr && !error->is_null()) {
    const Refusal refusal = openai_refusal(runtime::to_text(delta));
    const std::string text = refusal.message.empty() ? "an error without a text" : refusal.message;
    throw AnswerError(text, refusal.out_of_quota ? 0 : status_of(*error));
  }
  Message piece = piece_with_id(delta);
  const json::value* choice = first_choice(delta);
  const json::value* usage = runtime::find_member(delta, "usage");
  const bool has_usage = usage != nullptr && usage->is_object();
  if (choice == nullptr) {
    if (!has_usage || std::exchange(usage_sent_, true)) return std::nullopt;
    piece["usage_metadata"] = usage_metadata(*usage);
    return piece;
  }
  // Usage beside a choice may be the sum so far; the last one counts, in finish().
  if (has_usage) usage_ = usage_metadata(*usage);

  if (const json::value* said = runtime::find_member(*choice, "delta")) {
    if (const json::value* content = runtime::find_member(*said, "content")) {
      piece["content"] = content_text(*content);
    }
    if (const std::optional<std::string_view> refusal = runtime::find_text(*said, "refusal")) {
      piece["additional_kwargs"].as_object()["refusal"] = *refusal;
    }
    add_tool_calls(*said, piece);
  }
  const std::string_view reason = text_at(*choice, "finish_reason");
  if (!reason.empty() && !std::exchange(finished_, true)) {
    json::object& metadata = piece["response_metadata"].as_object();
    metadata["finish_reason"] = reason;
    metadata["model_name"] = text_at(delta, "model");
  }
  return piece;
}

void OpenAiAnswer::add_tool_calls(const json::value& said, Message& piece) {
  const json::value* calls = runtime::find_member(said, "tool_calls");
  if (calls == nullptr || !calls->is_array()) return;
  for (const json::value& call : calls->get_array()) {
    if (call.is_object()) piece["tool_call_chunks"].as_array().push_back(tool_call_chunk(call));
  }
}

// The place in calls_ of the call that this piece goes on with; one past the last for a new call.
std::size_t OpenAiAnswer::known_call(std::optional<std::int64_t> index, std::string_view id,
                                     std::string_view name) const {
  // A whole call without index and id begins with its name; what has no name either is the rest of the last one.
  if (!index && id.empty()) return name.empty() && !calls_.empty() ? calls_.size() - 1 : calls_.size();
  for (std::size_t place = calls_.size(); place-- > 0;) {
    const KnownCall& call = calls_[place];
    const bool same_id = id.empty() || call.id_is_ours || call.id == id;
    if (index && call.index == index && same_id) return place;
    if (!index && call.id == id) return place;
  }
  return calls_.size();
}

json::object OpenAiAnswer::tool_call_chunk(const json::value& call) {
  static const json::value none = json::object();
  const json::value* given = runtime::find_member(call, "function");
  const json::value& function = given == nullptr ? none : *given;
  const json::value* index = runtime::find_member(call, "index");
  std::optional<std::int64_t> wire_index;
  if (index != nullptr && index->is_int64()) wire_index = index->get_int64();
  std::string id(text_at(call, "id"));
  const std::string_view name = text_at(function, "name");

  const std::size_t place = known_call(wire_index, id, name);
  if (place == calls_.size()) {
    const bool id_is_ours = id.empty();
    if (id_is_ours) id = new_call_id();
    calls_.push_back({wire_index, id, id_is_ours});
  } else if (calls_[place].id_is_ours) {
    id.clear();  // it comes too late
  }
  json::object chunk{{"index", static_cast<std::int64_t>(place)}};
  if (!id.empty()) chunk["id"] = id;
  if (!name.empty()) chunk["name"] = name;
  const json::value* arguments = runtime::find_member(function, "arguments");
  const bool is_whole = arguments != nullptr && arguments->is_object();
  chunk["args"] = is_whole ? runtime::to_text(*arguments) : std::string(text_at(function, "arguments"));
  chunk["type"] = "tool_call_chunk";
  return chunk;
}

std::optional<Message> OpenAiAnswer::finish() {
  if (!usage_ || std::exchange(usage_sent_, true)) return std::nullopt;
  Message piece = piece_with_id(json::value());
  piece["usage_metadata"] = std::move(*usage_);
  return piece;
}

std::vector<Message> OpenAiAnswer::read_whole(const json::value& completion) {
  std::vector<Message> pieces;
  const json::object delta = as_delta(completion);
  if (std::optional<Message> piece = read_delta(delta)) pieces.push_back(std::move(*piece));
  return pieces;
}

json::object as_delta(const json::value& completion) {
  json::object delta;
  for (const char* key : {"id", "model", "usage", "error"}) {
    if (const json::value* value = runtime::find_member(completion, key)) delta[key] = *value;
  }
  const json::value* choice = first_choice(completion);
  if (choice == nullptr) return delta;
  json::object wire_choice;
  if (const json::value* message = runtime::find_member(*choice, "message")) wire_choice["delta"] = *message;
  if (const json::value* reason = runtime::find_member(*choice, "finish_reason"))
    wire_choice["finish_reason"] = *reason;
  json::array choices;
  choices.push_back(std::move(wire_choice));
  delta["choices"] = std::move(choices);
  return delta;
}

Refusal openai_refusal(std::string_view body) {
  json::value answer;
  try {
    answer = runtime::parse_json(body);
  } catch (const runtime::JsonError&) {
    return {};  // a proxy's page: its status says enough
  }
  const json::value* error = runtime::find_member(answer, "error");
  if (error == nullptr) return {};
  if (error->is_string()) return {std::string(error->get_string())};
  constexpr std::string_view kQuota = "insufficient_quota";
  return {std::string(text_at(*error, "message")),
          text_at(*error, "code") == kQuota || text_at(*error, "type") == kQuota};
}

}  // namespace heddle::graphs
