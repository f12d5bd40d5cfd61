#pragma once
// How a checkpoint is written into the records of storage/checkpoints.h, and read from them. Pure.
//
// A channel value whose text is short stands in the checkpoint's row. Others are stored once, under a value
// id. A list that begins like the one last stored for its channel (the same items, by pointer) is stored as
// a part: the id of the part it goes on from, and the items behind that. Parts are merged like the digits of
// a number: at most seven of one level follow each other, the eighth takes their items into one of the
// next level. So a list of N appends is read from at most 7 * log8(N) parts, and an item is written at
// most log8(N) times.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/checkpoint_saver.h"
#include "runtime/packed_text.h"
#include "runtime/value.h"
#include "storage/checkpoints.h"

namespace heddle::runtime {

using storage::ValueId;

// Bytes of JSON text up to which a value stands in the row: about what naming and finding a value of its own costs.
inline constexpr std::size_t kInlineBytesMax = 128;
inline constexpr std::size_t kPartsOfLevelMax = 7;

// A value as it is held by storage.
struct StoredValue {
  struct Part {
    ValueId id = 0;
    std::int64_t level = 0;
    std::size_t end = 0;    // items up to and with this part
    std::size_t bytes = 0;  // of its text
  };
  Value value;
  std::vector<Part> parts;  // from the first item on; one for a value that is no list
  // Whether numbers have the kinds that they have when they are read: of 2.0 the integer 2 is read, of NaN null.
  bool is_as_read = true;

  ValueId id() const { return parts.back().id; }
};

// What is read of one: a whole value, or a part of a list. Its text is shared with whoever has it already.
struct StoredPart {
  explicit StoredPart(storage::ChannelValue part);

  std::optional<ValueId> base;
  std::int64_t level = 0;
  std::int64_t items = 0;
  std::shared_ptr<const std::string> text;
};
using StoredParts = std::unordered_map<ValueId, StoredPart>;

// What a namespace's checkpoint keeps outside of its row, by channel.
using StoredValues = std::map<std::string, std::shared_ptr<const StoredValue>>;

// A checkpoint for storage: its row, the values it is the first to name, and all that it names.
struct EncodedCheckpoint {
  storage::Checkpoint row;
  std::vector<storage::ChannelValue> new_values;
  StoredValues values;
  bool row_is_as_read = true;  // as StoredValue::is_as_read, of the values in the row
};

// `last`: what the checkpoint of this namespace names that was loaded or stored last. `next_id`: the first free value
// id; is moved on. `shared_metadata_json`: the text of the checkpoint's shared metadata.
EncodedCheckpoint encode_checkpoint(ThreadId thread_id, const Checkpoint& checkpoint,
                                    const std::string& shared_metadata_json, const StoredValues& last,
                                    ValueId& next_id);

std::string encode_writes(const std::vector<ChannelWrite>& writes);
// Throws storage::StorageError for a text that cannot have been written here.
TaskWrites decode_writes(const storage::PendingWrites& pending);

// What is done with values that are stored apart from a checkpoint's row.
enum class Unpacking {
  at_once,  // for a run, which looks into them
  on_use,   // for a state that is shown: what nobody looks into is printed as it is stored (Value::packed)
};

// Reads records. One object decodes each part and each shared metadata once, so that what it returns shares them.
class CheckpointDecoder {
 public:
  // `parts`: all that is needed and not in `known`, by value id.
  CheckpointDecoder(StoredParts parts, std::unordered_map<ValueId, std::shared_ptr<const StoredValue>> known,
                    Unpacking unpacking = Unpacking::at_once);

  struct Decoded {
    Checkpoint checkpoint;
    StoredValues values;
  };
  // Throws storage::StorageError, which names checkpoint and thread, for what cannot have been written here; with
  // Unpacking::on_use the values do so when they are used.
  Decoded decode(const storage::Checkpoint& row);

 private:
  Decoded read(const storage::Checkpoint& row);
  // Null pointer if its parts do not make a value.
  std::shared_ptr<const StoredValue> value(ValueId id, const storage::Checkpoint& row);
  // Parts with their ids, from the first item on.
  using Chain = std::vector<const StoredParts::value_type*>;
  std::optional<Value> unpacked_list(const Chain& chain);
  std::optional<Value> packed_list(const Chain& chain, const storage::Checkpoint& row);
  const ItemList& items_of(const StoredParts::value_type& part);
  std::shared_ptr<const PackedText> packed(const StoredParts::value_type& part, const storage::Checkpoint& row);
  std::shared_ptr<const json::object> shared_metadata(const std::string& text);

  StoredParts parts_;
  std::unordered_map<ValueId, std::shared_ptr<const StoredValue>> values_;
  Unpacking unpacking_;
  std::unordered_map<ValueId, ItemList> items_;
  std::unordered_map<ValueId, std::shared_ptr<const PackedText>> packed_;
  std::shared_ptr<const std::string> origin_;
  std::map<std::string, std::shared_ptr<const json::object>, std::less<>> shared_;
};

}  // namespace heddle::runtime
