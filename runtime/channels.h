#pragma once
// The kinds of channels (runtime.md 3): named cells with a version and an update rule.

#include <boost/container/flat_set.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/message.h"
#include "runtime/value.h"

namespace heddle::runtime {

// old value, one write -> new value. Must not change what it is given; appended lists should share items
// with the old value (append_items).
using Reducer = std::function<Value(const Value& old, const json::value& write)>;

// What an Overwrite holds (runtime.md 3): `{"__overwrite__": x}` or `{"type": "__overwrite__", "value": x}`; null
// pointer for any other write.
const json::value* overwrite_of(const json::value& write);

enum class ChannelKind {
  last_value,
  aggregate,  // BinaryOperatorAggregate
  topic,
  ephemeral,
  barrier,  // NamedBarrierValue
  barrier_after_finish,
  last_value_after_finish,
  any_value,
  untracked,
};

// Those who write to a barrier. Where there are none, as in all other channels, it costs nothing to make or copy.
using ChannelNames = boost::container::flat_set<std::string, std::less<>>;

// The declaration of a channel. A value.
struct ChannelSpec {
  std::string name;
  ChannelKind kind = ChannelKind::last_value;
  bool guard = true;                   // ephemeral, untracked: more than one write in a step is an error
  bool accumulate = false;             // topic
  Reducer reducer;                     // aggregate
  std::optional<json::value> initial;  // aggregate: the value before the first write
  ChannelNames names;                  // barriers
  json::object schema;                 // of a state key
  // Writes are messages: nodes' writes are brought to flat form and given ids (runtime.md 5.3).
  bool is_messages = false;
};

// The cell. A value: copying it copies pointers.
class Channel {
 public:
  explicit Channel(const ChannelSpec& spec);

  // Takes the writes of one superstep, in order; empty: the new-step notification. Whether it changed.
  // Throws GraphError("InvalidUpdateError") with the texts of runtime.md 3.
  bool update(const ChannelSpec& spec, const std::vector<Value>& writes);
  bool consume(const ChannelSpec& spec);
  bool finish(const ChannelSpec& spec);

  bool available(const ChannelSpec& spec) const;
  const Value& get() const { return value_; }  // precondition: available

  // The stored form; nothing for an empty channel and for untracked ones.
  std::optional<Value> checkpoint(const ChannelSpec& spec) const;
  void restore(const ChannelSpec& spec, const Value& stored);

 private:
  bool replace(const std::vector<Value>& writes);
  bool clear();
  bool fold(const ChannelSpec& spec, const std::vector<Value>& writes);
  bool collect(const ChannelSpec& spec, const std::vector<Value>& writes);
  bool note_names(const ChannelSpec& spec, const std::vector<Value>& writes);

  bool set_ = false;
  bool finished_ = false;
  Value value_;
  ChannelNames seen_;  // of a barrier; those of a checkpoint may be names that it no longer has
};

}  // namespace heddle::runtime
