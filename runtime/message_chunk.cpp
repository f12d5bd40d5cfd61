#include "runtime/message_chunk.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/json.h"

namespace heddle::runtime {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

json::value add(const json::value& left, const json::value& right) {
  std::int64_t sum = 0;
  if (left.is_int64() && right.is_int64() && !__builtin_add_overflow(left.get_int64(), right.get_int64(), &sum)) {
    return sum;
  }
  return left.to_number<double>() + right.to_number<double>();
}

// Numbers of JSON are one kind, however they are held.
bool same_kind(const json::value& left, const json::value& right) {
  return left.kind() == right.kind() || (left.is_number() && right.is_number());
}

void merge_lists(json::array& left, const json::array& right);
void merge_objects(json::object& left, const json::object& right);

void merge_field(std::string_view key, json::value& left, const json::value& right) {
  if (right.is_null()) return;
  if (left.is_null()) {
    left = right;
    return;
  }
  if (!same_kind(left, right)) {
    throw std::runtime_error("field[" + std::string(key) +
                             "] already exists in the message chunk, but with a different type.");
  }
  const bool first_stays = is_one_of(key, {"index", "created", "timestamp"});
  if (json::string* const text = left.if_string()) {
    const json::string& more = right.get_string();
    if (key == "type" || first_stays) return;
    if (is_one_of(key, {"id", "name", "output_version", "model_provider"})) {
      if (!more.empty()) *text = more;
    } else {
      text->append(more.subview());
    }
  } else if (left.is_number()) {
    if (!first_stays) left = add(left, right);
  } else if (left.is_object()) {
    merge_objects(left.get_object(), right.get_object());
  } else if (left.is_array()) {
    merge_lists(left.get_array(), right.get_array());
  }
}

void merge_objects(json::object& left, const json::object& right) {
  for (const json::key_value_pair& field : right) merge_field(field.key(), left[field.key()], field.value());
}

std::string_view type_without_delta(const json::object& block) {
  std::string_view type = find_text(block, "type").value_or("");
  if (type.ends_with("_delta")) type.remove_suffix(std::string_view("_delta").size());
  return type;
}

// An id that counts: a text that is not empty, or any other value but null.
const json::value* find_id(const json::object& block) {
  const json::value* const id = find_given(block, "id");
  return id && !(id->is_string() && id->get_string().empty()) ? id : nullptr;
}

const json::value* find_index(const json::object& block) {
  const json::value* const index = block.if_contains("index");
  return index && (index->is_number() || index->is_string()) ? index : nullptr;
}

// Whether `piece` goes on with `block` of the same list.
bool continues(const json::value& block, const json::object& piece) {
  const json::object* const earlier = block.if_object();
  if (!earlier) return false;
  const json::value* const earlier_id = find_id(*earlier);
  const json::value* const id = find_id(piece);
  const bool same_id = earlier_id && id && equal_json(*earlier_id, *id);
  const json::value* const index = find_index(piece);
  if (!index) return same_id;
  const json::value* const earlier_index = find_index(*earlier);
  if (!earlier_index || !equal_json(*earlier_index, *index)) return false;
  const std::string_view earlier_type = type_without_delta(*earlier);
  const std::string_view type = type_without_delta(piece);
  if (!earlier_type.empty() && !type.empty() && earlier_type != type) return false;
  return same_id || !earlier_id || !id;
}

void merge_lists(json::array& left, const json::array& right) {
  for (const json::value& item : right) {
    const json::object* const piece = item.if_object();
    if (!piece) {
      left.push_back(item);
      continue;
    }
    const auto found =
        std::ranges::find_if(left, [piece](const json::value& block) { return continues(block, *piece); });
    if (found != left.end()) {
      merge_objects(found->get_object(), *piece);
    } else if (find_index(*piece) || find_text(*piece, "text") != "") {
      left.push_back(item);
    }
  }
}

json::object text_block(const json::string& text) {
  return {{"type", "text"}, {"text", text}};
}

void merge_content(json::value& left, const json::value& right) {
  if (right.is_null()) return;
  if (left.is_null() || (left.is_string() && left.get_string().empty())) {
    left = right;
  } else if (json::string* const text = left.if_string()) {
    if (const json::string* const more = right.if_string()) {
      text->append(more->subview());
    } else if (const json::array* const blocks = right.if_array(); blocks && !blocks->empty()) {
      json::array all;
      all.reserve(blocks->size() + 1);
      all.push_back(text_block(*text));
      all.insert(all.end(), blocks->begin(), blocks->end());
      left = std::move(all);
    }
  } else if (json::array* const list = left.if_array()) {
    if (const json::array* const blocks = right.if_array()) {
      merge_lists(*list, *blocks);
    } else if (const json::string* const more = right.if_string(); more && !more->empty()) {
      list->push_back(text_block(*more));
    }
  }
}

// Token counts: all numbers are added, also those of the details.
void add_usage(json::object& sum, const json::object& piece) {
  for (const json::key_value_pair& field : piece) {
    json::value& total = sum[field.key()];
    if (total.is_null()) {
      total = field.value();
    } else if (total.is_number() && field.value().is_number()) {
      total = add(total, field.value());
    } else if (total.is_object() && field.value().is_object()) {
      add_usage(total.get_object(), field.value().get_object());
    }
  }
}

// The field `key`, at `place` if it is there: pieces of an answer mostly have the fields of their sum in the same
// order.
json::value* find_near(Message& message, std::string_view key, std::size_t place) {
  if (place < message.size() && message.begin()[place].key() == key) return &message.begin()[place].value();
  return message.if_contains(key);
}

json::object& as_object(json::value& field) {
  if (!field.is_object()) field = json::object();
  return field.get_object();
}

json::array& as_array(json::value& field) {
  if (!field.is_array()) field = json::array();
  return field.get_array();
}

// The pieces of one call.
using ToolCallPieces = std::vector<const json::object*>;

std::vector<ToolCallPieces> group_pieces(const json::array& chunks) {
  const auto equal = [](const json::value* left, const json::value* right) {
    return left && right && equal_json(*left, *right);
  };
  std::vector<ToolCallPieces> groups;
  for (const json::value& chunk : chunks) {
    const json::object* const piece = chunk.if_object();
    if (!piece) continue;
    const json::value* const id = find_id(*piece);
    const json::value* const index = find_given(*piece, "index");
    const auto belongs = [&](const ToolCallPieces& group) {
      const json::object& first = *group.front();
      if (id && !equal(find_id(first), id)) return false;
      if (index && !equal(find_given(first, "index"), index)) return false;
      return id || index;
    };
    const auto found = std::ranges::find_if(groups, belongs);
    if (found == groups.end()) {
      groups.push_back({piece});
    } else {
      found->push_back(piece);
    }
  }
  return groups;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r\f\v";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

json::object invalid_tool_call(json::value name, json::value args, const json::value* id) {
  json::object call{{"name", std::move(name)}, {"args", std::move(args)}};
  if (id) call.emplace("id", *id);
  call.emplace("error", "Malformed args.");
  call.emplace("type", "invalid_tool_call");
  return call;
}

void merge_chunk(Message& sum, const Message& piece) {
  std::size_t place = 0;
  for (const json::key_value_pair& field : piece) {
    const std::string_view key = field.key();
    json::value* const known = find_near(sum, key, place++);
    const auto merged = [&]() -> json::value& { return known != nullptr ? *known : sum[key]; };
    if (key == "content") {
      merge_content(merged(), field.value());
    } else if (is_one_of(key, {"additional_kwargs", "response_metadata"})) {
      if (field.value().is_object()) merge_objects(as_object(merged()), field.value().get_object());
    } else if (key == "usage_metadata") {
      if (field.value().is_object()) add_usage(as_object(merged()), field.value().get_object());
    } else if (key == "tool_call_chunks") {
      json::array& chunks = as_array(merged());
      if (field.value().is_array()) merge_lists(chunks, field.value().get_array());
    } else if (known == nullptr || known->is_null()) {
      merged() = field.value();
    }
  }
}

void derive_tool_calls(Message& chunk) {
  const json::array* const chunks = find_array(chunk, "tool_call_chunks");
  if (!chunks || chunks->empty()) return;
  json::array calls;
  json::array invalid;
  for (const ToolCallPieces& pieces : group_pieces(*chunks)) {
    std::string joined;
    for (const json::object* const piece : pieces) joined += find_text(*piece, "args").value_or("");
    std::string args(trim(joined));
    if (args.empty()) args = "{}";
    const std::string_view name = find_text(*pieces.front(), "name").value_or("");
    const json::value* const id = find_id(*pieces.front());
    std::optional<json::value> parsed = parse_partial_json(args);
    if (id && parsed && parsed->is_object()) {
      calls.push_back({{"name", name}, {"args", std::move(*parsed)}, {"id", *id}, {"type", "tool_call"}});
    } else {
      invalid.push_back(invalid_tool_call(json::value(name), json::value(args), id));
    }
  }
  chunk["tool_calls"] = std::move(calls);
  chunk["invalid_tool_calls"] = std::move(invalid);
}

Message finished_message(Message sum) {
  derive_tool_calls(sum);
  sum.stable_erase("tool_call_chunks");
  return sum;
}

}  // namespace heddle::runtime
