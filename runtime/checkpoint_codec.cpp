#include "runtime/checkpoint_codec.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <stdexcept>
#include <utility>

#include "runtime/json.h"
#include "runtime/stored_json.h"
#include "storage/error.h"

namespace heddle::runtime {
namespace {

constexpr std::string_view kCodec = "json";

// How many times eight goes into it: parts of level n hold at least 8^n items.
std::int64_t level_of(std::size_t items) {
  std::int64_t level = 0;
  for (; items >= kPartsOfLevelMax + 1; items /= kPartsOfLevelMax + 1) ++level;
  return level;
}

bool is_as_read(const json::value& value) {
  switch (value.kind()) {
    case json::kind::double_:
      return std::isfinite(value.get_double()) && value.get_double() != std::trunc(value.get_double());
    case json::kind::uint64:
      return value.get_uint64() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    case json::kind::array:
      return std::ranges::all_of(value.get_array(), is_as_read);
    case json::kind::object:
      return std::ranges::all_of(value.get_object(), [](const auto& member) { return is_as_read(member.value()); });
    default:
      return true;
  }
}

bool are_as_read(const ItemList& items, std::size_t begin) {
  return std::all_of(items.begin() + static_cast<std::ptrdiff_t>(begin), items.end(),
                     [](const Value::Item& item) { return is_as_read(*item); });
}

bool is_as_read(const Value& value) {
  return value.is_list() ? are_as_read(value.items(), 0) : is_as_read(value.json());
}

// Prints the items from `begin` on as a list.
std::string print_items(const ItemList& items, std::size_t begin) {
  std::string text = "[";
  for (std::size_t i = begin; i < items.size(); ++i) {
    if (i > begin) text += ',';
    print_json(*items[i], text);
  }
  return text + "]";
}

// Leaves those parts that the new one goes on from, and gives the new one's level. Levels do not rise along a list, so
// a part with many items takes smaller ones before it into itself.
std::int64_t make_place(std::vector<StoredValue::Part>& parts, std::int64_t level) {
  for (;;) {
    while (!parts.empty() && parts.back().level < level) parts.pop_back();
    const auto is_lower = [&](const StoredValue::Part& part) { return part.level != level; };
    const auto run = std::find_if(parts.rbegin(), parts.rend(), is_lower) - parts.rbegin();
    if (run < static_cast<std::ptrdiff_t>(kPartsOfLevelMax)) return level;
    parts.resize(parts.size() - static_cast<std::size_t>(run));
    ++level;
  }
}

class ValueEncoder {
 public:
  ValueEncoder(const Checkpoint& checkpoint, const StoredValues& last, ValueId& next_id)
      : checkpoint_(checkpoint), last_(last), next_id_(next_id) {}

  // Puts the value into `out`, or gives its text if it is short.
  std::optional<std::string> encode(const std::string& channel, const Value& value, EncodedCheckpoint& out) {
    const auto found = last_.find(channel);
    const StoredValue* last = found == last_.end() ? nullptr : found->second.get();
    if (last && last->value.same_as(value)) {
      out.values[channel] = found->second;
      return std::nullopt;
    }
    if (last && value.is_list() && last->value.is_list()) {
      std::vector<StoredValue::Part> parts = unchanged_parts(*last, value);
      if (!parts.empty()) {
        store_list(channel, value, *last, std::move(parts), out);
        return std::nullopt;
      }
    }
    std::string text = value.text();
    if (text.size() <= kInlineBytesMax) {
      out.row_is_as_read = out.row_is_as_read && is_as_read(value);
      return text;
    }
    StoredValue::Part whole;
    if (value.is_list()) whole = {0, level_of(value.size()), value.size(), 0};
    store(channel, {value, {whole}, is_as_read(value)}, std::nullopt, std::move(text), out);
    return std::nullopt;
  }

 private:
  static std::vector<StoredValue::Part> unchanged_parts(const StoredValue& last, const Value& value) {
    const std::size_t unchanged = last.value.items().common_prefix(value.items());
    std::vector<StoredValue::Part> parts = last.parts;
    while (!parts.empty() && parts.back().end > unchanged) parts.pop_back();
    return parts;
  }

  void store_list(const std::string& channel, const Value& value, const StoredValue& last,
                  std::vector<StoredValue::Part> parts, EncodedCheckpoint& out) {
    const std::size_t added = value.size() - parts.back().end;
    const bool as_read = last.is_as_read && are_as_read(value.items(), parts.back().end);
    if (added == 0) {
      out.values[channel] = std::make_shared<const StoredValue>(StoredValue{value, std::move(parts), as_read});
      return;
    }
    const std::int64_t level = make_place(parts, level_of(added));
    const std::size_t begin = parts.empty() ? 0 : parts.back().end;
    std::optional<ValueId> base;
    if (!parts.empty()) base = parts.back().id;
    parts.push_back({0, level, value.size(), 0});
    store(channel, {value, std::move(parts), as_read}, base, print_items(value.items(), begin), out);
  }

  void store(const std::string& channel, StoredValue stored, std::optional<ValueId> base, std::string data,
             EncodedCheckpoint& out) {
    StoredValue::Part& part = stored.parts.back();
    part.id = next_id_++;
    part.bytes = data.size();
    storage::ChannelValue written;
    written.checkpoint_ns = checkpoint_.checkpoint_ns;
    written.channel = channel;
    written.value_id = part.id;
    written.base = base;
    written.level = part.level;
    written.items = static_cast<std::int64_t>(part.end);
    written.codec = kCodec;
    written.data = std::move(data);
    out.new_values.push_back(std::move(written));
    out.values[channel] = std::make_shared<const StoredValue>(std::move(stored));
  }

  const Checkpoint& checkpoint_;
  const StoredValues& last_;
  ValueId& next_id_;
};

json::object versions_to_json(const std::map<std::string, std::int64_t>& versions) {
  json::object object;
  object.reserve(versions.size());
  for (const auto& [channel, version] : versions) object[channel] = version;
  return object;
}

std::map<std::string, std::int64_t> versions_from_json(const json::value& value) {
  std::map<std::string, std::int64_t> versions;
  for (const auto& [channel, version] : value.as_object()) versions.emplace(channel, version.as_int64());
  return versions;
}

std::string seen_to_text(const Checkpoint& checkpoint) {
  json::object seen;
  for (const auto& [node, versions] : checkpoint.seen) seen[node] = versions_to_json(versions);
  return to_text(seen);
}

std::string own_metadata_to_text(const CheckpointMetadata& metadata) {
  json::object own = metadata.own;
  json::object parents;
  for (const auto& [checkpoint_ns, id] : metadata.parents) parents[checkpoint_ns] = id.text();
  own["parents"] = std::move(parents);
  return to_text(own);
}

void add_member(std::string& object, std::string_view key, std::string_view value_text) {
  if (!object.empty()) object += ',';
  print_json_string(key, object);
  object += ':';
  object += value_text;
}

[[noreturn]] void report_damage(const storage::Checkpoint& row, const std::string& what) {
  throw storage::StorageError("checkpoint " + row.checkpoint_id.text() + " of thread " + row.thread_id.text() + " " +
                              what + std::string(kStoredDamage));
}

CheckpointSource source_from(const storage::Checkpoint& row) {
  for (const CheckpointSource source :
       {CheckpointSource::input, CheckpointSource::loop, CheckpointSource::update, CheckpointSource::fork}) {
    if (row.source == to_text(source)) return source;
  }
  report_damage(row, "has the unknown source " + row.source);
}

void decode_own_metadata(const storage::Checkpoint& row, CheckpointMetadata& metadata) {
  metadata.own = parse_stored(row.metadata_json).as_object();
  const json::value* parents = metadata.own.if_contains("parents");
  if (!parents) return;
  for (const auto& [checkpoint_ns, id_text] : parents->as_object()) {
    const std::optional<CheckpointId> id = CheckpointId::parse(id_text.as_string());
    if (!id) report_damage(row, "names a parent that is no id");
    metadata.parents.emplace(checkpoint_ns, *id);
  }
  metadata.own.erase("parents");
}

}  // namespace

EncodedCheckpoint encode_checkpoint(ThreadId thread_id, const Checkpoint& checkpoint,
                                    const std::string& shared_metadata_json, const StoredValues& last,
                                    ValueId& next_id) {
  EncodedCheckpoint out;
  ValueEncoder encoder(checkpoint, last, next_id);
  std::string inline_values;
  for (const auto& [channel, value] : checkpoint.values) {
    const std::optional<std::string> text = encoder.encode(channel, value, out);
    if (text) add_member(inline_values, channel, *text);
  }
  std::string value_ids;
  for (const auto& [channel, stored] : out.values) {
    add_member(value_ids, channel, std::to_string(stored->id()));
    out.row.value_ids.push_back(stored->id());
  }

  out.row.thread_id = thread_id;
  out.row.checkpoint_ns = checkpoint.checkpoint_ns;
  out.row.checkpoint_id = checkpoint.id;
  out.row.parent_id = checkpoint.parent;
  out.row.run_id = checkpoint.run_id;
  out.row.created_at = checkpoint.created_at;
  out.row.step = checkpoint.metadata.step;
  out.row.source = to_text(checkpoint.metadata.source);
  out.row.metadata_json = own_metadata_to_text(checkpoint.metadata);
  out.row.shared_metadata_json = shared_metadata_json;
  out.row.channels_json = "{\"versions\":" + to_text(versions_to_json(checkpoint.versions)) + ",\"inline\":{" +
                          inline_values + "},\"values\":{" + value_ids + "}}";
  out.row.seen_json = seen_to_text(checkpoint);
  return out;
}

std::string encode_writes(const std::vector<ChannelWrite>& writes) {
  std::string text = "[";
  for (const ChannelWrite& write : writes) {
    if (text.size() > 1) text += ',';
    text += '[';
    print_json_string(write.channel, text);
    text += ',';
    write.value.print(text);
    text += ']';
  }
  return text + "]";
}

TaskWrites decode_writes(const storage::PendingWrites& pending) {
  TaskWrites decoded{pending.task_id, pending.task_path, {}};
  try {
    json::value stored = parse_stored(pending.writes);
    for (json::value& write : stored.as_array()) {
      json::array& pair = write.as_array();
      decoded.writes.push_back({std::string(pair.at(0).as_string()), std::move(pair.at(1))});
    }
  } catch (const std::exception& error) {
    throw storage::StorageError("what task " + pending.task_id.text() + " wrote cannot be read: " + error.what() +
                                std::string(kStoredDamage));
  }
  return decoded;
}

StoredPart::StoredPart(storage::ChannelValue part)
    : base(part.base),
      level(part.level),
      items(part.items),
      text(std::make_shared<const std::string>(std::move(part.data))) {}

CheckpointDecoder::CheckpointDecoder(StoredParts parts,
                                     std::unordered_map<ValueId, std::shared_ptr<const StoredValue>> known,
                                     Unpacking unpacking)
    : parts_(std::move(parts)), values_(std::move(known)), unpacking_(unpacking) {}

CheckpointDecoder::Decoded CheckpointDecoder::decode(const storage::Checkpoint& row) {
  try {
    return read(row);
  } catch (const storage::StorageError&) {
    throw;
  } catch (const std::exception& error) {
    report_damage(row, std::string("cannot be read: ") + error.what());
  }
}

CheckpointDecoder::Decoded CheckpointDecoder::read(const storage::Checkpoint& row) {
  Decoded decoded;
  Checkpoint& checkpoint = decoded.checkpoint;
  checkpoint.checkpoint_ns = row.checkpoint_ns;
  checkpoint.id = row.checkpoint_id;
  checkpoint.parent = row.parent_id;
  checkpoint.run_id = row.run_id;
  checkpoint.created_at = row.created_at;
  checkpoint.metadata.source = source_from(row);
  checkpoint.metadata.step = row.step;
  checkpoint.metadata.shared = shared_metadata(row.shared_metadata_json);
  decode_own_metadata(row, checkpoint.metadata);

  json::value channels = parse_stored(row.channels_json);
  checkpoint.versions = versions_from_json(channels.at("versions"));
  for (auto& [channel, value] : channels.at("inline").as_object()) checkpoint.values[channel] = std::move(value);
  for (const auto& [channel, id] : channels.at("values").as_object()) {
    std::shared_ptr<const StoredValue> stored = value(id.as_int64(), row);
    if (!stored) report_damage(row, "lacks a part of the channel " + std::string(channel));
    checkpoint.values[channel] = stored->value;
    decoded.values[channel] = std::move(stored);
  }
  const json::value seen = parse_stored(row.seen_json);
  for (const auto& [node, versions] : seen.as_object()) checkpoint.seen[node] = versions_from_json(versions);
  return decoded;
}

std::shared_ptr<const StoredValue> CheckpointDecoder::value(ValueId id, const storage::Checkpoint& row) {
  if (const auto found = values_.find(id); found != values_.end()) return found->second;

  Chain chain;
  for (std::optional<ValueId> next = id; next; next = chain.back()->second.base) {
    const auto part = parts_.find(*next);
    // Each part has more items before it than the one it goes on from, so a chain cannot lead back to itself.
    if (part == parts_.end() || (!chain.empty() && part->second.items >= chain.back()->second.items)) return nullptr;
    chain.push_back(&*part);
  }
  std::reverse(chain.begin(), chain.end());

  StoredValue stored;
  for (const StoredParts::value_type* entry : chain) {
    const StoredPart& part = entry->second;
    stored.parts.push_back({entry->first, part.level, static_cast<std::size_t>(part.items), part.text->size()});
  }
  const bool is_on_use = unpacking_ == Unpacking::on_use;
  // A stored list is never empty.
  if (chain.back()->second.items == 0) {
    const StoredParts::value_type& whole = *chain.back();
    stored.value = is_on_use ? Value::packed(packed(whole, row)) : Value(parse_stored(*whole.second.text));
  } else {
    std::optional<Value> list = is_on_use ? packed_list(chain, row) : unpacked_list(chain);
    if (!list) return nullptr;
    stored.value = *std::move(list);
  }
  auto decoded = std::make_shared<const StoredValue>(std::move(stored));
  values_.emplace(id, decoded);
  return decoded;
}

std::optional<Value> CheckpointDecoder::unpacked_list(const Chain& chain) {
  ItemList items;
  for (const StoredParts::value_type* part : chain) {
    items.append(items_of(*part));
    // What is appended later goes on from this count.
    if (items.size() != static_cast<std::size_t>(part->second.items)) return std::nullopt;
  }
  return Value::list(std::move(items));
}

std::optional<Value> CheckpointDecoder::packed_list(const Chain& chain, const storage::Checkpoint& row) {
  std::vector<std::shared_ptr<const PackedText>> texts;
  texts.reserve(chain.size());
  for (const StoredParts::value_type* part : chain) {
    std::shared_ptr<const PackedText> text = packed(*part, row);
    if (!text->is_list() || !text->text().ends_with(']')) return std::nullopt;
    texts.push_back(std::move(text));
  }
  return Value::packed_list(std::move(texts), static_cast<std::size_t>(chain.back()->second.items));
}

std::shared_ptr<const PackedText> CheckpointDecoder::packed(const StoredParts::value_type& part,
                                                            const storage::Checkpoint& row) {
  std::shared_ptr<const PackedText>& text = packed_[part.first];
  if (!text) {
    if (!origin_) {
      origin_ = std::make_shared<const std::string>("a checkpoint of thread " + row.thread_id.text());
    }
    text = std::make_shared<const PackedText>(part.second.text, origin_);
  }
  return text;
}

const ItemList& CheckpointDecoder::items_of(const StoredParts::value_type& part) {
  const auto found = items_.find(part.first);
  if (found != items_.end()) return found->second;
  json::value stored = parse_stored(*part.second.text);
  if (!stored.is_array()) throw std::runtime_error("the part of a list is none");
  return items_.emplace(part.first, Value(std::move(stored)).items()).first->second;
}

std::shared_ptr<const json::object> CheckpointDecoder::shared_metadata(const std::string& text) {
  if (text.empty()) return nullptr;
  std::shared_ptr<const json::object>& shared = shared_[text];
  if (!shared) shared = std::make_shared<const json::object>(parse_stored(text).as_object());
  return shared;
}

}  // namespace heddle::runtime
