#pragma once
// Checkpoints, the channel versions they name and their pending writes.
//
// A checkpoint row holds small channel values itself and names larger ones by value id. A value
// is written once, however many checkpoints name it. A list that grew is written as a part: the new
// items and the id of the value that holds those before them, so a turn costs what it added.
// Which items go into a part is decided by runtime; storage follows `base` and returns the parts.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::storage {

// Unique within a thread; made by runtime from the time-ordered id of the checkpoint that wrote it.
using ValueId = std::int64_t;

// One channel value, or the last part of a list. `codec` names the encoding of `data` and belongs to
// runtime, so that another worker may bring its own.
struct ChannelValue {
  std::string checkpoint_ns;
  std::string channel;
  ValueId value_id = 0;
  std::optional<ValueId> base;  // the value that holds the items before this part
  std::int64_t level = 0;       // of a part: how many times its items have been merged
  std::int64_t items = 0;       // of a part: how many items up to and with this part
  std::string codec = "json";
  std::string data;
};

// A part that a reader has already, so that only what stands before it is read.
struct KnownPart {
  std::optional<ValueId> base;  // as of ChannelValue
};
// Called on the reader's thread. std::nullopt: not known.
using FindKnownPart = std::function<std::optional<KnownPart>(ValueId)>;

struct Checkpoint {
  ThreadId thread_id;
  std::string checkpoint_ns;
  CheckpointId checkpoint_id;
  std::optional<CheckpointId> parent_id;
  std::optional<RunId> run_id;  // of the run that made it
  Timestamp created_at;
  std::int64_t step = 0;
  std::string source;                // input, loop, update or fork
  std::string metadata_json = "{}";  // what is this checkpoint's own
  std::string channels_json = "{}";  // versions, value ids and small values; runtime's encoding
  std::string seen_json = "{}";      // versions_seen
  std::vector<ValueId> value_ids;    // those that channels_json names
  // Metadata that all checkpoints of a run share is stored once; empty: none.
  std::string shared_metadata_json;
};

// All writes of one task, as one text in runtime's encoding.
struct PendingWrites {
  std::string checkpoint_ns;
  CheckpointId checkpoint_id;
  TaskId task_id;
  std::string task_path;  // sorts the tasks of a superstep
  std::string writes;
};

// Where a namespace of a thread stands.
struct CheckpointHead {
  CheckpointId id;
  std::optional<CheckpointId> parent;
};

struct CheckpointQuery {
  ThreadId thread_id;
  std::string checkpoint_ns;
  std::optional<CheckpointId> before;       // strictly older
  std::optional<CheckpointId> only;         // just this one
  std::string metadata_filter_json = "{}";  // containment in shared metadata overlaid with own, source and step
  std::int64_t limit = 10;
};

// What a thread's state takes in the database: rows, and bytes of their contents.
struct StateSize {
  struct Part {
    std::int64_t count = 0;
    std::int64_t bytes = 0;
  };
  Part checkpoints;  // with the small values that they hold themselves and the metadata that they share
  Part channel_values;
  std::map<std::string, Part> by_channel;  // of channel_values
  Part pending_writes;
};

class CheckpointReads {
 public:
  virtual ~CheckpointReads() = default;
  virtual std::optional<Checkpoint> find(ThreadId thread_id, const std::string& checkpoint_ns,
                                         CheckpointId id) const = 0;
  // Whether find() would find it; reads no checkpoint.
  virtual bool exists(ThreadId thread_id, const std::string& checkpoint_ns, CheckpointId id) const = 0;
  virtual std::optional<Checkpoint> newest(ThreadId thread_id, const std::string& checkpoint_ns) const = 0;
  // The id of what newest() would find; reads no checkpoint.
  virtual std::optional<CheckpointId> newest_id(ThreadId thread_id, const std::string& checkpoint_ns) const = 0;
  // The same with its parent; reads little of the checkpoint.
  virtual std::optional<CheckpointHead> head(ThreadId thread_id, const std::string& checkpoint_ns) const = 0;
  virtual std::optional<Checkpoint> newest_before(ThreadId thread_id, const std::string& checkpoint_ns,
                                                  CheckpointId bound) const = 0;
  virtual std::vector<Checkpoint> list(const CheckpointQuery& query) const = 0;  // newest first
  virtual std::vector<PendingWrites> pending_writes(ThreadId thread_id, const std::string& checkpoint_ns,
                                                    CheckpointId id) const = 0;  // by task path, then task id
  // The parts of a value from its first item on, without those that are `known`; one element for a value that is no
  // list. Empty if there is no such value, or all of it is known. `known` may be empty. Throws StorageError if a part
  // is missing.
  virtual std::vector<ChannelValue> value(ThreadId thread_id, ValueId id, const FindKnownPart& known) const = 0;
  std::vector<ChannelValue> value(ThreadId thread_id, ValueId id) const { return value(thread_id, id, nullptr); }
  // All namespaces of the thread that have checkpoints.
  virtual std::vector<std::string> namespaces(ThreadId thread_id) const = 0;
  virtual StateSize size_of(ThreadId thread_id) const = 0;
};

class Checkpoints : public CheckpointReads {
 public:
  virtual void insert(const Checkpoint& checkpoint, const std::vector<ChannelValue>& new_values) = 0;
  // Replaces what the task wrote before on this checkpoint.
  virtual void put_writes(ThreadId thread_id, const PendingWrites& writes) = 0;
  // Erases the checkpoints of a run in all namespaces with their pending writes. Those that remain keep
  // every value they name; the parent of a remaining checkpoint becomes the nearest remaining ancestor.
  virtual void erase_run(ThreadId thread_id, RunId run_id) = 0;
  // Erases all but the newest of each namespace.
  virtual void keep_newest(ThreadId thread_id) = 0;
  // Copies every checkpoint, value and pending write. Inside shared and own metadata a top-level
  // "thread_id" becomes the new one.
  virtual void copy(ThreadId from, ThreadId to) = 0;
};

}  // namespace heddle::storage
