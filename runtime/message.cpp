#include "runtime/message.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "runtime/error.h"
#include "runtime/message_index.h"

namespace heddle::runtime {
namespace {

constexpr std::string_view kRemoveAll = "__remove_all__";
constexpr std::array<std::string_view, 5> kTypes = {"human", "ai", "system", "tool", "remove"};

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

MessageCoercionError coercion_error(const json::value& received) {
  return MessageCoercionError(
      "Unable to coerce message from array: only human, AI, system, developer, or tool message coercion is currently "
      "supported.\n\nReceived: " +
      to_pretty_text(received) +
      "\n\nTroubleshooting URL: "
      "https://docs.langchain.com/oss/javascript/langchain/errors/MESSAGE_COERCION_FAILURE/\n");
}

// The type that a role or type of the input stands for; `developer` stays. Empty if there is none.
std::string_view type_of_word(std::string_view word) {
  if (is_one_of(word, {"human", "user"})) return "human";
  if (is_one_of(word, {"ai", "assistant"})) return "ai";
  if (is_one_of(word, {"system", "developer", "tool", "remove"})) return word;
  return "";
}

std::string_view type_of_class(std::string_view name) {
  if (is_one_of(name, {"HumanMessage", "HumanMessageChunk"})) return "human";
  if (is_one_of(name, {"AIMessage", "AIMessageChunk"})) return "ai";
  if (is_one_of(name, {"SystemMessage", "SystemMessageChunk"})) return "system";
  if (is_one_of(name, {"ToolMessage", "ToolMessageChunk"})) return "tool";
  if (name == "RemoveMessage") return "remove";
  return "";
}

// {"lc": 1, "type": "constructor", "id": [..., class], "kwargs": {...}}
bool is_constructor(const json::object& object) {
  const json::value* const version = object.if_contains("lc");
  const json::array* const path = find_array(object, "id");
  const json::value* const kwargs = object.if_contains("kwargs");
  return version && equal_json(*version, 1) && find_text(object, "type") == "constructor" && path && !path->empty() &&
         path->back().is_string() && kwargs && kwargs->is_object();
}

// JSON, or nothing if `text` is none.
std::optional<json::value> try_parse(std::string_view text) {
  try {
    return parse_json(text);
  } catch (const JsonError&) {
    return std::nullopt;
  }
}

// An OpenAI style call in the form of the wire; anything else as it is.
json::value coerce_tool_call(const json::value& call) {
  const std::optional<std::string_view> id = find_text(call, "id");
  const json::value* const function = find_member(call, "function");
  if (!id || find_text(call, "type") != "function" || !function) return call;
  const std::optional<std::string_view> arguments = find_text(*function, "arguments");
  const std::optional<std::string_view> name = find_text(*function, "name");
  if (!arguments || !name) return call;
  std::optional<json::value> parsed = try_parse(*arguments);
  if (!parsed) throw GraphError("SyntaxError", "The arguments of tool call " + std::string(*id) + " are no JSON");
  return json::object{{"id", *id}, {"args", *std::move(parsed)}, {"name", *name}, {"type", "tool_call"}};
}

// Fills tool_calls and invalid_tool_calls from the calls in the form of OpenAI that a message has only in its
// additional_kwargs.
void take_openai_calls(const json::array& raw, json::array& calls, json::array& invalid) {
  for (const json::value& call : raw) {
    const json::value* const function = find_member(call, "function");
    if (!function || !function->is_object()) continue;
    const json::value* const id = find_given(call.get_object(), "id");
    const json::value* const name = find_given(function->get_object(), "name");
    const json::value* const arguments = find_given(function->get_object(), "arguments");
    std::optional<json::value> args;
    if (arguments && arguments->is_string()) args = try_parse(arguments->get_string());
    if (!args) {
      invalid.push_back(invalid_tool_call(name ? *name : "", arguments ? *arguments : "", id));
      continue;
    }
    json::object found{{"name", name ? *name : ""}, {"args", args->is_null() ? json::object() : std::move(*args)}};
    if (id) found.emplace("id", *id);
    found.emplace("type", "tool_call");
    calls.push_back(std::move(found));
  }
}

// The two lists that every ai message has.
void complete_tool_calls(Message& message, const json::object& fields) {
  json::array calls;
  json::array invalid;
  const json::value* const kwargs = fields.if_contains("additional_kwargs");
  const json::value* const raw = kwargs ? find_member(*kwargs, "tool_calls") : nullptr;
  if (const json::array* const given = find_array(fields, "tool_calls")) {
    for (const json::value& call : *given) calls.push_back(coerce_tool_call(call));
  } else if (raw && raw->is_array()) {
    take_openai_calls(raw->get_array(), calls, invalid);
  }
  if (const json::array* const given = find_array(fields, "invalid_tool_calls")) invalid = *given;
  message.emplace("tool_calls", std::move(calls));
  message.emplace("invalid_tool_calls", std::move(invalid));
}

// The message with all fields that its type always has, in the order in which they are printed.
// Fields that are null count as not given; unknown ones are kept whatever they hold.
Message complete(std::string_view type, const json::object& fields) {
  const auto object_or_empty = [&fields](std::string_view key) {
    const json::value* const given = fields.if_contains(key);
    return given && given->is_object() ? given->get_object() : json::object();
  };
  Message message;
  message.reserve(fields.size() + 6);
  const std::string_view id = find_text(fields, "id").value_or("");
  if (!id.empty()) message.emplace("id", id);
  const json::value* const content = find_given(fields, "content");
  message.emplace("content", content ? *content : json::value(json::array()));
  message.emplace("additional_kwargs", object_or_empty("additional_kwargs"));
  message.emplace("response_metadata", object_or_empty("response_metadata"));
  if (const json::value* const name = find_given(fields, "name")) message.emplace("name", *name);
  if (type == "ai") complete_tool_calls(message, fields);
  for (const json::key_value_pair& field : fields) {
    if (is_one_of(field.key(), {"id", "content", "name", "type"}) || message.contains(field.key())) continue;
    const bool unset =
        field.value().is_null() && is_one_of(field.key(), {"usage_metadata", "status", "artifact", "tool_call_chunks"});
    if (!unset) message.emplace(field.key(), field.value());
  }
  message.emplace("type", type);
  return message;
}

// `received`: what a coercion error shows.
Message from_fields(std::string_view type, json::object fields, const json::value& received) {
  if (type.empty()) throw coercion_error(received);
  if (type == "tool" && !fields.contains("tool_call_id")) throw coercion_error(received);
  if (type == "remove" && !find_text(fields, "id")) throw coercion_error(received);
  if (type == "developer") {
    json::value& kwargs = fields["additional_kwargs"];
    if (!kwargs.is_object()) kwargs = json::object();
    kwargs.get_object().insert_or_assign("__openai_role__", "developer");
    type = "system";
  }
  return complete(type, fields);
}

// `params` has `type`, which is a role or a type.
Message from_params(json::object params) {
  const std::string type(type_of_word(find_text(params, "type").value_or("")));
  const json::value received(params);
  return from_fields(type, std::move(params), received);
}

// Without pieces of tool calls. The calls they make are kept unless the message has its own.
void make_plain(Message& message) {
  if (!message.contains("tool_call_chunks")) return;
  const json::array* const invalid = find_array(message, "invalid_tool_calls");
  const bool has_calls = !tool_calls(message).empty() || (invalid && !invalid->empty());
  if (!has_calls) derive_tool_calls(message);
  message.stable_erase("tool_call_chunks");
}

void give_id(Message& message, const NewMessageId& new_id) {
  if (!message_id(message).empty()) return;
  Message named;
  named.reserve(message.size() + 1);
  named.emplace("id", new_id());
  for (json::key_value_pair& field : message) named.emplace(field.key(), std::move(field.value()));
  message = std::move(named);
}

std::vector<Message> plain_messages(const json::value& write, const NewMessageId& new_id) {
  std::vector<Message> messages = coerce_messages(write);
  for (Message& message : messages) {
    make_plain(message);
    give_id(message, new_id);
  }
  return messages;
}

// Whether a message of the state needs no coercion.
bool is_complete(const json::value& value) {
  if (!is_message(value) || message_id(value).empty()) return false;
  const Message& message = value.get_object();
  if (message.contains("tool_call_chunks")) return false;
  return message_type(message) != "ai" || find_array(message, "tool_calls");
}

bool is_removal(const Message& message) {
  return message_type(message) == "remove";
}

Value::Item share(Message message) {
  return std::make_shared<const json::value>(std::move(message));
}

template <class Condition>
ItemList without(const ItemList& items, Condition is_gone) {
  ItemList kept;
  for (const Value::Item& item : items) {
    if (!is_gone(item)) kept.push_back(item);
  }
  return kept;
}

// Shorter lists are looked through: that is cheaper than keeping an index of them.
constexpr std::size_t kIndexedSize = 32;

// The list under construction. As long as nothing of the old one changes, what is added is all that it holds.
class MessageList {
 public:
  MessageList(const Value& left, const NewMessageId& new_id) : left_(left) {
    if (!left.is_null()) old_ = &left.items();
    std::size_t known = 0;
    if (old().size() >= kIndexedSize) {
      index_ = std::dynamic_pointer_cast<MessageIndex>(left.index());
      if (!index_) index_ = std::make_shared<MessageIndex>();
      index_lock_ = std::unique_lock<std::mutex>(index_->mutex);
      known = index_->known(old());  // has been completed by a call before
    }
    for (std::size_t place = known; place < old().size() && !is_changed_; ++place) {
      if (!is_complete(*old()[place])) complete_from(place, new_id);
    }
    if (index_) index_->fit(is_changed_ ? changed_ : old());
    old_size_ = old().size();
  }

  void apply(Message message) {
    const std::string id(message_id(message));
    const std::optional<std::size_t> place = find(id);
    if (is_removal(message)) {
      if (!place) {
        throw std::runtime_error("Attempting to delete a message with an ID that doesn't exist ('" + id + "')");
      }
      removed_.insert(id);
    } else if (place) {
      removed_.erase(id);
      replace(*place, std::move(message));
    } else {
      added_places_.emplace(id, old_size_ + added_.size());
      added_.push_back(share(std::move(message)));
    }
  }

  Value result() {
    if (!removed_.empty()) drop_removed();
    if (!is_changed_) {
      if (left_.is_null()) return Value::list(std::move(added_));
      return added_.empty() ? left_ : append_items(left_, added_, index_);
    }
    changed_.append(added_);
    if (!index_ || changed_.size() < kIndexedSize) return Value::list(std::move(changed_));
    // At once, so that it does not hold what was removed.
    index_->fit(changed_);
    return Value::list(std::move(changed_), index_);
  }

 private:
  const ItemList& old() const {
    static const ItemList none;
    return old_ == nullptr ? none : *old_;
  }
  void complete_from(std::size_t first, const NewMessageId& new_id) {
    changeable().shorten(first);
    for (std::size_t place = first; place < old().size(); ++place) {
      const Value::Item& item = old()[place];
      if (is_complete(*item)) {
        changed_.push_back(item);
        continue;
      }
      Message message = coerce_message(*item);
      make_plain(message);
      give_id(message, new_id);
      changed_.push_back(share(std::move(message)));
    }
  }
  // The old items, in a copy that may differ.
  ItemList& changeable() {
    if (!is_changed_) changed_ = old();
    is_changed_ = true;
    return changed_;
  }
  const Value::Item& at(std::size_t place) const {
    if (place >= old_size_) return added_[place - old_size_];
    return is_changed_ ? changed_[place] : old()[place];
  }

  std::optional<std::size_t> find(const std::string& id) const {
    if (const auto added = added_places_.find(id); added != added_places_.end()) return added->second;
    if (index_) return index_->find(id);
    for (std::size_t place = old_size_; place-- > 0;) {
      if (message_id(*at(place)) == id) return place;
    }
    return std::nullopt;
  }

  // A node that returns the whole list again, as many do, changes nothing.
  void replace(std::size_t place, Message message) {
    Value::Item fresh = share(std::move(message));
    if (equal_json(*at(place), *fresh)) return;
    if (place < old_size_) {
      changeable().set(place, std::move(fresh));
    } else {
      added_.set(place - old_size_, std::move(fresh));
    }
  }

  void drop_removed() {
    const auto is_gone = [&](const Value::Item& item) { return removed_.contains(std::string(message_id(*item))); };
    const ItemList& before = is_changed_ ? changed_ : old();
    if (std::ranges::any_of(before, is_gone)) changeable() = without(before, is_gone);
    added_ = without(added_, is_gone);
  }

  const Value& left_;
  const ItemList* old_ = nullptr;
  std::size_t old_size_ = 0;
  bool is_changed_ = false;
  ItemList changed_;
  ItemList added_;
  std::unordered_map<std::string, std::size_t> added_places_;
  std::unordered_set<std::string> removed_;
  std::shared_ptr<MessageIndex> index_;  // null pointer: the list is short
  std::unique_lock<std::mutex> index_lock_;
};

}  // namespace

Message coerce_message(const json::value& value) {
  if (const json::string* const text = value.if_string()) return human_message(std::string(*text));
  if (const json::array* const pair = value.if_array()) {
    json::object params;
    if (!pair->empty()) params.emplace("type", pair->at(0));
    if (pair->size() > 1) params.emplace("content", pair->at(1));
    return from_params(std::move(params));
  }
  const json::object* const object = value.if_object();
  if (!object) throw coercion_error(value);
  if (const std::optional<std::string_view> role = find_text(*object, "role")) {
    json::object params = *object;
    params.stable_erase("role");
    params.stable_erase("type");
    params.emplace("type", *role);
    return from_params(std::move(params));
  }
  if (is_constructor(*object)) {
    const std::string_view type = type_of_class(object->at("id").get_array().back().get_string());
    return from_fields(type, object->at("kwargs").get_object(), value);
  }
  return from_params(*object);
}

std::vector<Message> coerce_messages(const json::value& value) {
  std::vector<Message> messages;
  if (const json::array* const list = value.if_array()) {
    messages.reserve(list->size());
    for (const json::value& item : *list) messages.push_back(coerce_message(item));
  } else {
    messages.push_back(coerce_message(value));
  }
  return messages;
}

bool is_message(const json::value& value) {
  const json::object* const message = value.if_object();
  return message && is_message(*message);
}

bool is_message(const Message& message) {
  const std::optional<std::string_view> type = find_text(message, "type");
  return type && std::ranges::find(kTypes, *type) != kTypes.end() && message.contains("content");
}

std::string_view message_type(const json::value& message) {
  const json::object* const object = message.if_object();
  return object ? message_type(*object) : std::string_view();
}

std::string_view message_type(const Message& message) {
  return is_message(message) ? find_text(message, "type").value_or("") : std::string_view();
}

std::string_view message_id(const json::value& message) {
  return find_text(message, "id").value_or("");
}

std::string_view message_id(const Message& message) {
  return find_text(message, "id").value_or("");
}

std::string message_text(const json::value& message) {
  const json::object* const object = message.if_object();
  return object ? message_text(*object) : std::string();
}

std::string message_text(const Message& message) {
  const json::value* const content = message.if_contains("content");
  if (!content) return {};
  if (const json::string* const text = content->if_string()) return std::string(*text);
  std::string joined;
  if (const json::array* const parts = content->if_array()) {
    for (const json::value& part : *parts) {
      if (const json::string* const text = part.if_string()) joined += std::string_view(*text);
      if (find_text(part, "type") == "text") joined += find_text(part, "text").value_or("");
    }
  }
  return joined;
}

const json::array& tool_calls(const json::value& message) {
  static const json::array none;
  const json::object* const object = message.if_object();
  return object ? tool_calls(*object) : none;
}

const json::array& tool_calls(const Message& message) {
  static const json::array none;
  const json::array* const calls = find_array(message, "tool_calls");
  return calls ? *calls : none;
}

Message human_message(std::string content) {
  return complete("human", {{"content", content}});
}

Message system_message(std::string content) {
  return complete("system", {{"content", content}});
}

Message ai_message(std::string content, json::array tool_calls) {
  return complete("ai", {{"content", content}, {"tool_calls", std::move(tool_calls)}});
}

Message tool_message(std::string content, std::string tool_call_id, std::string name, std::string status) {
  json::object fields{{"content", content}, {"tool_call_id", tool_call_id}};
  if (!name.empty()) fields.emplace("name", name);
  if (!status.empty()) fields.emplace("status", status);
  return complete("tool", fields);
}

Value add_messages(const Value& left, const json::value& right, const NewMessageId& new_id) {
  std::vector<Message> written = plain_messages(right, new_id);
  const auto last_clear = std::ranges::find_if(written.rbegin(), written.rend(), [](const Message& message) {
    return is_removal(message) && message_id(message) == kRemoveAll;
  });
  if (last_clear != written.rend()) {
    ItemList items;
    for (auto message = last_clear.base(); message != written.end(); ++message) {
      items.push_back(share(std::move(*message)));
    }
    return Value::list(std::move(items));
  }
  MessageList list(left, new_id);
  for (Message& message : written) list.apply(std::move(message));
  return list.result();
}

json::array with_ids(const json::value& write, const NewMessageId& new_id) {
  json::array list;
  for (Message& message : plain_messages(write, new_id)) list.push_back(std::move(message));
  return list;
}

}  // namespace heddle::runtime
