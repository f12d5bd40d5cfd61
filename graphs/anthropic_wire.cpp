#include "graphs/anthropic_wire.h"

#include <algorithm>
#include <array>
#include <utility>

#include "graphs/model_stream.h"
#include "runtime/json.h"

namespace heddle::graphs {

namespace json = boost::json;
using runtime::Message;
using runtime::Value;

namespace {

constexpr std::array<std::string_view, 4> kCounts = {"input_tokens", "output_tokens", "cache_creation_input_tokens",
                                                     "cache_read_input_tokens"};

constexpr std::int64_t kCountMax = 1'000'000'000'000;  // tokens; sums of it fit

std::string_view text_at(const json::value& value, std::string_view key) {
  return runtime::find_text(value, key).value_or("");
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n\r\f\v") == std::string_view::npos;
}

json::object text_block(std::string_view text) {
  return {{"type", "text"}, {"text", text}};
}

// The provider takes letters, digits, `_` and `-`; ids of other providers may have more.
std::string wire_id(std::string_view id) {
  std::string result(id);
  for (char& c : result) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!allowed) c = '_';
  }
  return result;
}

json::object image_block(std::string_view url) {
  constexpr std::string_view kScheme = "data:";
  constexpr std::string_view kBase64 = ";base64,";
  const std::size_t comma = url.find(kBase64);
  json::object source;
  if (url.starts_with(kScheme) && comma != std::string_view::npos) {
    source["type"] = "base64";
    source["media_type"] = url.substr(kScheme.size(), comma - kScheme.size());
    source["data"] = url.substr(comma + kBase64.size());
  } else {
    source["type"] = "url";
    source["url"] = url;
  }
  return {{"type", "image"}, {"source", std::move(source)}};
}

// A part of a content as the provider wants it. Images come in the forms of OpenAI and of LangChain, too.
void add_block(const json::value& part, json::array& blocks) {
  if (part.is_string()) {
    if (!is_blank(part.get_string())) blocks.push_back(text_block(part.get_string()));
    return;
  }
  const std::string_view type = text_at(part, "type");
  if (type == "text") {
    if (is_blank(text_at(part, "text"))) return;
    json::object block = text_block(text_at(part, "text"));
    if (const json::value* cache = runtime::find_member(part, "cache_control")) block["cache_control"] = *cache;
    blocks.push_back(std::move(block));
  } else if (type == "image_url") {
    const json::value* image = runtime::find_member(part, "image_url");
    if (image == nullptr) return;
    blocks.push_back(image_block(image->is_string() ? std::string_view(image->get_string()) : text_at(*image, "url")));
  } else if (type == "image" && runtime::find_member(part, "source") == nullptr) {
    const std::string_view url = text_at(part, "url");
    const std::string kind(runtime::find_text(part, "mime_type").value_or("image/png"));
    const std::string data = "data:" + kind + ";base64," + std::string(text_at(part, "data"));
    blocks.push_back(image_block(url.empty() ? std::string_view(data) : url));
  } else if (part.is_object()) {
    blocks.push_back(part);
  }
}

json::array content_blocks(const json::value& message) {
  json::array blocks;
  const json::value* content = runtime::find_member(message, "content");
  if (content == nullptr) return blocks;
  if (!content->is_array()) {
    add_block(*content, blocks);
    return blocks;
  }
  for (const json::value& part : content->get_array()) add_block(part, blocks);
  return blocks;
}

json::object tool_result(const json::value& message) {
  json::object block;
  block["type"] = "tool_result";
  block["tool_use_id"] = wire_id(text_at(message, "tool_call_id"));
  const json::value* content = runtime::find_member(message, "content");
  if (content != nullptr && content->is_array()) {
    block["content"] = content_blocks(message);
  } else {
    block["content"] = runtime::message_text(message);
  }
  if (text_at(message, "status") == "error") block["is_error"] = true;
  return block;
}

// Only signed thinking is taken back.
void add_thinking(const json::value& message, json::array& blocks) {
  const json::value* kwargs = runtime::find_member(message, "additional_kwargs");
  const json::value* kept = kwargs == nullptr ? nullptr : runtime::find_member(*kwargs, "thinking_blocks");
  if (kept == nullptr || !kept->is_array()) return;
  for (const json::value& block : kept->get_array()) {
    const std::string_view type = text_at(block, "type");
    const std::string_view signature = text_at(block, "signature");
    if (type == "thinking" && !signature.empty()) {
      blocks.push_back({{"type", type}, {"thinking", text_at(block, "thinking")}, {"signature", signature}});
    } else if (type == "redacted_thinking") {
      blocks.push_back({{"type", type}, {"data", text_at(block, "data")}});
    }
  }
}

enum class Thinking { sent_back, left_out };

json::array assistant_blocks(const json::value& message, Thinking thinking) {
  json::array said;
  const std::string text = runtime::message_text(message);
  if (!is_blank(text)) said.push_back(text_block(text));
  for (const json::value& call : runtime::tool_calls(message)) {
    const json::value* args = runtime::find_member(call, "args");
    json::object use;
    use["type"] = "tool_use";
    use["id"] = wire_id(text_at(call, "id"));
    use["name"] = text_at(call, "name");
    use["input"] = args != nullptr && args->is_object() ? *args : json::value(json::object());
    said.push_back(std::move(use));
  }
  if (said.empty() || thinking == Thinking::left_out) return said;
  json::array blocks;
  add_thinking(message, blocks);
  for (json::value& block : said) blocks.push_back(std::move(block));
  return blocks;
}

void add_turn(std::string_view role, json::array blocks, json::array& turns) {
  if (blocks.empty()) return;
  if (turns.empty() || text_at(turns.back(), "role") != role) {
    turns.push_back({{"role", role}, {"content", std::move(blocks)}});
    return;
  }
  json::array& content = turns.back().as_object()["content"].as_array();
  for (json::value& block : blocks) content.push_back(std::move(block));
}

// The provider wants the answers of tools before anything else that the user says.
void put_tool_results_first(json::array& turns) {
  for (json::value& turn : turns) {
    json::array results;
    json::array rest;
    json::array& content = turn.as_object()["content"].as_array();
    for (json::value& block : content) {
      const bool is_result = text_at(block, "type") == "tool_result";
      (is_result ? results : rest).push_back(std::move(block));
    }
    for (json::value& block : rest) results.push_back(std::move(block));
    content = std::move(results);
  }
}

// With which HTTP status the provider refuses for such a reason; 0 if it is not known.
int status_of(std::string_view type) {
  struct Row {
    std::string_view type;
    int status;
  };
  constexpr std::array<Row, 10> kTable = {{{"invalid_request_error", 400},
                                           {"authentication_error", 401},
                                           {"billing_error", 402},
                                           {"permission_error", 403},
                                           {"not_found_error", 404},
                                           {"request_too_large", 413},
                                           {"rate_limit_error", 429},
                                           {"api_error", 500},
                                           {"timeout_error", 504},
                                           {"overloaded_error", 529}}};
  const auto* const found = std::ranges::find(kTable, type, &Row::type);
  return found == kTable.end() ? 0 : found->status;
}

[[noreturn]] void throw_error(const json::value& event) {
  static const json::value none;
  const json::value* error = runtime::find_member(event, "error");
  const json::value& told = error == nullptr ? none : *error;
  const std::string_view type = text_at(told, "type");
  const std::string_view text = text_at(told, "message");
  throw AnswerError(std::string(text.empty() ? "an error without a text" : text), status_of(type));
}

std::int64_t index_of(const json::value& event) {
  const json::value* index = runtime::find_member(event, "index");
  return index != nullptr && index->is_int64() ? index->get_int64() : 0;
}

}  // namespace

json::object anthropic_request(const std::string& model, std::int64_t max_tokens, const runtime::ItemList& messages,
                               const ModelOptions& options) {
  auto is_human = [](const Value::Item& message) { return runtime::message_type(*message) == "human"; };
  const auto last_human = std::find_if(messages.rbegin(), messages.rend(), is_human);
  std::ptrdiff_t until_last_human = messages.rend() - last_human;  // messages
  std::string system;
  json::array turns;
  for (const Value::Item& item : messages) {
    const std::string_view type = runtime::message_type(*item);
    const Thinking thinking = until_last_human-- > 0 ? Thinking::left_out : Thinking::sent_back;
    if (type == "system") {
      const std::string text = runtime::message_text(*item);
      if (!is_blank(text)) system += (system.empty() ? "" : "\n\n") + text;
    } else if (type == "human") {
      add_turn("user", content_blocks(*item), turns);
    } else if (type == "ai") {
      add_turn("assistant", assistant_blocks(*item, thinking), turns);
    } else if (type == "tool") {
      json::array result;
      result.push_back(tool_result(*item));
      add_turn("user", std::move(result), turns);
    }
  }
  put_tool_results_first(turns);

  json::object request;
  request["model"] = model;
  request["max_tokens"] = max_tokens;
  if (!system.empty()) request["system"] = system;
  request["messages"] = std::move(turns);
  request["stream"] = true;
  if (options.temperature) request["temperature"] = *options.temperature;
  if (options.tools.empty()) return request;
  json::array tools;
  for (const ToolDeclaration& tool : options.tools) {
    tools.push_back({{"name", tool.name}, {"description", tool.description}, {"input_schema", tool.parameters}});
  }
  request["tools"] = std::move(tools);
  if (options.must_call) request["tool_choice"] = {{"type", "tool"}, {"name", *options.must_call}};
  return request;
}

std::vector<Message> AnthropicAnswer::read(std::string_view bytes) {
  Pieces pieces;
  const std::vector<std::string> events = events_.read(bytes);
  for (const std::string& text : events) {
    json::value event;
    try {
      event = runtime::parse_json(text);
    } catch (const runtime::JsonError& error) {
      throw AnswerError(std::string("an event of the answer is no JSON: ") + error.what());
    }
    read_event(event, pieces);
  }
  return pieces;
}

void AnthropicAnswer::read_event(const json::value& event, Pieces& pieces) {
  const std::string_view type = text_at(event, "type");
  if (type == "error") throw_error(event);
  if (type == "message_start") {
    if (const json::value* message = runtime::find_member(event, "message")) begin(*message);
  } else if (type == "content_block_start") {
    if (const json::value* block = runtime::find_member(event, "content_block"))
      begin_block(index_of(event), *block, pieces);
  } else if (type == "content_block_delta") {
    if (const json::value* delta = runtime::find_member(event, "delta"))
      continue_block(index_of(event), *delta, pieces);
  } else if (type == "message_delta") {
    if (const json::value* delta = runtime::find_member(event, "delta")) take_stop(*delta);
    take_usage(event);
  } else if (type == "message_stop") {
    done_ = true;
  }
  // The rest says nothing (ping, content_block_stop) or is newer than this.
}

void AnthropicAnswer::begin(const json::value& message) {
  id_ = text_at(message, "id");
  model_ = text_at(message, "model");
  take_usage(message);
}

void AnthropicAnswer::begin_block(std::int64_t index, const json::value& block, Pieces& pieces) {
  const std::string_view type = text_at(block, "type");
  if (type == "text") {
    if (!text_at(block, "text").empty()) pieces.push_back(text_piece(text_at(block, "text")));
  } else if (type == "thinking") {
    const std::string_view text = text_at(block, "thinking");  // usually empty here
    if (!text.empty()) pieces.push_back(thinking_piece(index, type, "thinking", text));
    const std::string_view signature = text_at(block, "signature");
    if (!signature.empty()) pieces.push_back(thinking_piece(index, type, "signature", signature));
  } else if (type == "redacted_thinking") {
    pieces.push_back(thinking_piece(index, type, "data", text_at(block, "data")));
  } else if (type == "tool_use") {
    const auto number = static_cast<std::int64_t>(tool_calls_.size());
    const bool is_new = tool_calls_.emplace(index, number).second;
    if (!is_new) throw AnswerError("two blocks of the answer have one index");
    // Usually {} here, with the real ones in the deltas.
    const json::value* input = runtime::find_member(block, "input");
    const bool has_input = input != nullptr && input->is_object() && !input->get_object().empty();
    Message begun = piece();
    json::object chunk{{"index", number}, {"id", text_at(block, "id")}, {"name", text_at(block, "name")}};
    chunk["args"] = has_input ? runtime::to_text(*input) : std::string();
    chunk["type"] = "tool_call_chunk";
    begun["tool_call_chunks"].as_array().push_back(std::move(chunk));
    pieces.push_back(std::move(begun));
  }
}

void AnthropicAnswer::continue_block(std::int64_t index, const json::value& delta, Pieces& pieces) {
  const std::string_view type = text_at(delta, "type");
  if (type == "text_delta") {
    pieces.push_back(text_piece(text_at(delta, "text")));
  } else if (type == "thinking_delta") {
    pieces.push_back(thinking_piece(index, "thinking", "thinking", text_at(delta, "thinking")));
  } else if (type == "signature_delta") {
    pieces.push_back(thinking_piece(index, "thinking", "signature", text_at(delta, "signature")));
  } else if (type == "input_json_delta") {
    const auto call = tool_calls_.find(index);
    if (call == tool_calls_.end()) return;  // of a tool that the provider calls itself
    Message more = piece();
    json::object chunk{{"index", call->second}, {"args", text_at(delta, "partial_json")}, {"type", "tool_call_chunk"}};
    more["tool_call_chunks"].as_array().push_back(std::move(chunk));
    pieces.push_back(std::move(more));
  }
}

void AnthropicAnswer::take_stop(const json::value& delta) {
  const std::string_view reason = text_at(delta, "stop_reason");
  if (!reason.empty()) stop_reason_ = reason;
  const std::string_view sequence = text_at(delta, "stop_sequence");
  if (!sequence.empty()) stop_sequence_ = sequence;
}

void AnthropicAnswer::take_usage(const json::value& holder) {
  const json::value* usage = runtime::find_member(holder, "usage");
  if (usage == nullptr) return;
  for (const std::string_view name : kCounts) {
    const json::value* count = runtime::find_member(*usage, name);
    if (count == nullptr || !count->is_int64()) continue;
    usage_.insert_or_assign(std::string(name), std::clamp<std::int64_t>(count->get_int64(), 0, kCountMax));
  }
}

std::vector<Message> AnthropicAnswer::read_whole(const json::value& message) {
  if (text_at(message, "type") == "error") throw_error(message);
  Pieces pieces;
  begin(message);
  const json::value* content = runtime::find_member(message, "content");
  if (content != nullptr && content->is_array()) {
    std::int64_t index = 0;
    for (const json::value& block : content->get_array()) begin_block(index++, block, pieces);
  }
  take_stop(message);
  return pieces;
}

std::optional<Message> AnthropicAnswer::finish() {
  if (!is_complete() || std::exchange(finished_, true)) return std::nullopt;
  Message last = piece();
  json::object& metadata = last["response_metadata"].as_object();
  if (!stop_reason_.empty()) metadata["stop_reason"] = stop_reason_;
  if (!stop_sequence_.empty()) metadata["stop_sequence"] = stop_sequence_;
  metadata["model_name"] = model_;
  if (usage_.empty()) return last;
  // The provider counts what it reads from its cache and writes to it apart from the rest of the input.
  const std::int64_t created = usage_["cache_creation_input_tokens"];
  const std::int64_t read = usage_["cache_read_input_tokens"];
  const std::int64_t input = usage_["input_tokens"] + created + read;
  const std::int64_t output = usage_["output_tokens"];
  json::object sums{{"input_tokens", input}, {"output_tokens", output}, {"total_tokens", input + output}};
  sums["input_token_details"] = json::object{{"cache_creation", created}, {"cache_read", read}};
  sums["output_token_details"] = json::object();
  last["usage_metadata"] = std::move(sums);
  return last;
}

Message AnthropicAnswer::piece() const {
  Message piece = empty_piece();
  if (!id_.empty()) piece["id"] = id_;
  return piece;
}

Message AnthropicAnswer::text_piece(std::string_view text) const {
  Message said = piece();
  said["content"] = text;
  return said;
}

// Blocks of one index are merged with the rest of the piece (runtime.md 5.4).
Message AnthropicAnswer::thinking_piece(std::int64_t index, std::string_view type, std::string_view key,
                                        std::string_view text) const {
  Message thought = piece();
  json::array blocks;
  blocks.push_back({{"index", index}, {"type", type}, {key, text}});
  thought["additional_kwargs"].as_object()["thinking_blocks"] = std::move(blocks);
  return thought;
}

Refusal anthropic_refusal(std::string_view body) {
  json::value answer;
  try {
    answer = runtime::parse_json(body);
  } catch (const runtime::JsonError&) {
    return {};  // a proxy's page: its status says enough
  }
  const json::value* error = runtime::find_member(answer, "error");
  if (error == nullptr) return {};
  if (error->is_string()) return {std::string(error->get_string())};
  return {std::string(text_at(*error, "message"))};
}

}  // namespace heddle::graphs
