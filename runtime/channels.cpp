#include "runtime/channels.h"

#include <memory>
#include <string_view>
#include <utility>

#include "runtime/error.h"
#include "runtime/json.h"

namespace heddle::runtime {
namespace {

constexpr std::string_view kOverwrite = "__overwrite__";

std::string list_text(const std::vector<Value>& values) {
  std::string text = "[";
  for (const Value& value : values) {
    if (text.size() > 1) text += ',';
    value.print(text);
  }
  return text + "]";
}

std::string list_text(const ChannelNames& names) {
  std::vector<Value> values;
  for (const std::string& name : names) values.emplace_back(json::value(name));
  return list_text(values);
}

[[noreturn]] void refuse(const ChannelSpec& spec, const std::vector<Value>& writes, const std::string& why) {
  throw GraphError("InvalidUpdateError",
                   "Invalid update for channel \"" + spec.name + "\" with values " + list_text(writes) + ": " + why);
}

void refuse_several(const ChannelSpec& spec, const std::vector<Value>& writes, std::string_view why) {
  if (writes.size() > 1) refuse(spec, writes, std::string(why));
}

// The value inside an Overwrite for this channel.
Value overwritten(const ChannelSpec& spec, const json::value& replacement) {
  // Messages may come in any form, so they pass the reducer on their way into an empty list.
  if (spec.is_messages && spec.reducer) return spec.reducer(json::value(json::array()), replacement);
  return replacement;
}

// Null pointer for the common case: a list of shared items need not become one value to be looked at.
const json::value* overwrite_in(const Value& write) {
  return write.is_list() ? nullptr : overwrite_of(write.json());
}

ItemList flattened(const std::vector<Value>& writes) {
  ItemList items;
  for (const Value& write : writes) {
    if (write.is_list()) {
      items.append(write.items());
    } else {
      // Shares the write: the item points into it and keeps it alive.
      const auto owner = std::make_shared<const Value>(write);
      items.push_back(Value::Item(owner, &owner->json()));
    }
  }
  return items;
}

ChannelNames names_in(const json::value& list) {
  ChannelNames names;
  for (const json::value& name : list.as_array()) names.emplace(name.as_string());
  return names;
}

json::array names_to_json(const ChannelNames& names) {
  json::array list;
  for (const std::string& name : names) list.emplace_back(name);
  return list;
}

}  // namespace

const json::value* overwrite_of(const json::value& write) {
  const json::object* object = write.if_object();
  if (!object) return nullptr;
  if (object->size() == 1) return object->if_contains(kOverwrite);
  if (object->size() != 2) return nullptr;
  return find_text(write, "type") == kOverwrite ? object->if_contains("value") : nullptr;
}

Channel::Channel(const ChannelSpec& spec) {
  if (spec.kind != ChannelKind::aggregate || !spec.initial) return;
  value_ = *spec.initial;
  set_ = true;
}

bool Channel::update(const ChannelSpec& spec, const std::vector<Value>& writes) {
  switch (spec.kind) {
    case ChannelKind::last_value:
      if (writes.size() > 1) {
        refuse(spec, writes,
               with_help("LastValue can only receive one value per step.", "INVALID_CONCURRENT_GRAPH_UPDATE"));
      }
      return replace(writes);
    case ChannelKind::aggregate:
      return fold(spec, writes);
    case ChannelKind::topic:
      return collect(spec, writes);
    case ChannelKind::ephemeral:
      if (spec.guard) refuse_several(spec, writes, "EphemeralValue can only receive one value per step.");
      return writes.empty() ? clear() : replace(writes);
    case ChannelKind::any_value:
      return writes.empty() ? clear() : replace(writes);
    case ChannelKind::untracked:
      if (spec.guard) {
        refuse_several(spec, writes,
                       "UntrackedValue(guard=true) can receive only one value per step. Use guard=false if you want to "
                       "store any one of multiple values.");
      }
      return replace(writes);
    case ChannelKind::barrier:
    case ChannelKind::barrier_after_finish:
      return note_names(spec, writes);
    case ChannelKind::last_value_after_finish:
      if (!writes.empty()) finished_ = false;
      return replace(writes);
  }
  return false;
}

bool Channel::replace(const std::vector<Value>& writes) {
  if (writes.empty()) return false;
  value_ = writes.back();
  set_ = true;
  return true;
}

bool Channel::clear() {
  const bool was_set = set_;
  value_ = Value();
  set_ = false;
  return was_set;
}

bool Channel::fold(const ChannelSpec& spec, const std::vector<Value>& writes) {
  if (writes.empty()) return false;
  // Nothing changes when a write is refused.
  Value value = value_;
  bool set = set_;
  bool replaced = false;
  for (const Value& write : writes) {
    if (const json::value* replacement = overwrite_in(write)) {
      if (replaced) refuse(spec, writes, "Can receive only one Overwrite value per step.");
      value = overwritten(spec, *replacement);
      set = replaced = true;
    } else if (!replaced) {
      value = set ? spec.reducer(value, write.json()) : write;
      set = true;
    }
  }
  value_ = std::move(value);
  set_ = set;
  return true;
}

bool Channel::collect(const ChannelSpec& spec, const std::vector<Value>& writes) {
  if (writes.empty() && !set_) return false;
  ItemList items = flattened(writes);
  const bool had_items = set_;
  if (spec.accumulate) {
    if (items.empty()) return false;
    value_ = had_items ? append_items(value_, items) : Value::list(std::move(items));
    set_ = true;
    return true;
  }
  set_ = !items.empty();
  value_ = set_ ? Value::list(std::move(items)) : Value();
  return had_items || set_;
}

bool Channel::note_names(const ChannelSpec& spec, const std::vector<Value>& writes) {
  if (writes.empty()) return false;
  ChannelNames seen = seen_;
  seen.reserve(spec.names.size());
  for (const Value& write : writes) {
    const json::string* const name = write.is_list() ? nullptr : write.json().if_string();
    if (!name || !spec.names.contains(std::string_view(*name))) {
      refuse(spec, writes, "Value " + write.text() + " not in names " + list_text(spec.names));
    }
    seen.emplace(*name);
  }
  const bool changed = seen.size() != seen_.size();
  seen_ = std::move(seen);
  return changed;
}

bool Channel::consume(const ChannelSpec& spec) {
  switch (spec.kind) {
    case ChannelKind::barrier:
    case ChannelKind::barrier_after_finish:
      if (!available(spec)) return false;
      seen_.clear();
      finished_ = false;
      return true;
    case ChannelKind::last_value_after_finish:
      if (!finished_) return false;
      finished_ = false;
      return clear();
    default:
      return false;
  }
}

bool Channel::finish(const ChannelSpec& spec) {
  const bool waits = (spec.kind == ChannelKind::barrier_after_finish && seen_ == spec.names) ||
                     (spec.kind == ChannelKind::last_value_after_finish && set_);
  if (!waits || finished_) return false;
  finished_ = true;
  return true;
}

bool Channel::available(const ChannelSpec& spec) const {
  switch (spec.kind) {
    case ChannelKind::barrier:
      return seen_ == spec.names;
    case ChannelKind::barrier_after_finish:
      return finished_ && seen_ == spec.names;
    case ChannelKind::last_value_after_finish:
      return finished_ && set_;
    default:
      return set_;
  }
}

std::optional<Value> Channel::checkpoint(const ChannelSpec& spec) const {
  switch (spec.kind) {
    case ChannelKind::untracked:
      return std::nullopt;
    case ChannelKind::barrier:
      if (seen_.empty()) return std::nullopt;
      return Value(names_to_json(seen_));
    case ChannelKind::barrier_after_finish:
      if (seen_.empty()) return std::nullopt;
      return Value(json::array{names_to_json(seen_), finished_});
    case ChannelKind::last_value_after_finish:
      if (!set_) return std::nullopt;
      return Value(json::array{value_.json(), finished_});
    default:
      if (!set_) return std::nullopt;
      return value_;
  }
}

void Channel::restore(const ChannelSpec& spec, const Value& stored) {
  switch (spec.kind) {
    case ChannelKind::untracked:
      return;
    case ChannelKind::barrier:
      seen_ = names_in(stored.json());
      return;
    case ChannelKind::barrier_after_finish:
      seen_ = names_in(stored.json().as_array().at(0));
      finished_ = stored.json().as_array().at(1).as_bool();
      return;
    case ChannelKind::last_value_after_finish:
      value_ = stored.json().as_array().at(0);
      finished_ = stored.json().as_array().at(1).as_bool();
      set_ = true;
      return;
    case ChannelKind::topic:
      value_ = stored;
      set_ = stored.is_list() && stored.size() > 0;
      return;
    default:
      value_ = stored;
      set_ = true;
      return;
  }
}

}  // namespace heddle::runtime
