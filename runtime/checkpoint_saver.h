#pragma once
// Where the engine keeps and finds the checkpoints of one thread (runtime.md 10).

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/value.h"
#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::runtime {

using storage::CheckpointId;
using storage::RunId;
using storage::TaskId;
using storage::ThreadId;
using storage::Timestamp;

enum class CheckpointSource { input, loop, update, fork };
std::string_view to_text(CheckpointSource source);

struct CheckpointMetadata {
  CheckpointSource source = CheckpointSource::loop;
  std::int64_t step = -2;                       // of the empty checkpoint
  std::map<std::string, CheckpointId> parents;  // namespace of an enclosing graph -> its checkpoint
  // Shared by all checkpoints of a run in this namespace; null pointer: nothing.
  std::shared_ptr<const boost::json::object> shared;
  boost::json::object own;  // further keys of this checkpoint alone
};

// As clients see it and as filters look into it: `shared`, `own` laid over it, then source, step and parents.
boost::json::object to_json(const CheckpointMetadata& metadata);

// The state between two supersteps. A value; copying copies pointers to channel values.
struct Checkpoint {
  std::string checkpoint_ns;
  CheckpointId id;
  std::optional<CheckpointId> parent;
  std::optional<RunId> run_id;
  Timestamp created_at;
  CheckpointMetadata metadata;
  std::map<std::string, Value> values;                              // stored form; empty channels are absent
  std::map<std::string, std::int64_t> versions;                     // of every channel that ever changed
  std::map<std::string, std::map<std::string, std::int64_t>> seen;  // node -> channel -> version
};

struct ChannelWrite {
  std::string channel;
  Value value;
};

// The writes of one task that finished (or asked, or failed) before its superstep did.
struct TaskWrites {
  TaskId task_id;
  std::string task_path;  // the sort key of runtime.md 2.5
  std::vector<ChannelWrite> writes;
};

struct LoadedCheckpoint {
  Checkpoint checkpoint;
  std::vector<TaskWrites> pending;  // by task path, then task id
};

struct HistoryQuery {
  std::string checkpoint_ns{};
  std::optional<CheckpointId> before{};
  std::optional<CheckpointId> only{};
  boost::json::object metadata{};  // containment
  std::int64_t limit = 10;
};

// Belongs to the executor of the run (or request) that made it; one thread at a time, one saver per
// thread and use. Implementations: StoredSaver (storage), MemorySaver (runs that are thrown away, tests).
class CheckpointSaver {
 public:
  virtual ~CheckpointSaver() = default;

  // Reads see everything that was put before through this saver.
  virtual boost::asio::awaitable<std::optional<LoadedCheckpoint>> find(std::string checkpoint_ns, CheckpointId id) = 0;
  virtual boost::asio::awaitable<std::optional<LoadedCheckpoint>> newest(std::string checkpoint_ns) = 0;
  virtual boost::asio::awaitable<std::optional<LoadedCheckpoint>> newest_before(std::string checkpoint_ns,
                                                                                CheckpointId bound) = 0;
  virtual boost::asio::awaitable<std::vector<LoadedCheckpoint>> history(HistoryQuery query) = 0;  // newest first

  // Hand over for storing, in this order, without waiting.
  virtual void put(Checkpoint checkpoint) = 0;
  // Replaces what the task wrote before on that checkpoint.
  virtual void put_writes(std::string checkpoint_ns, CheckpointId id, TaskWrites writes) = 0;

  // Returns when fewer than a bounded number of puts are on their way; throws what storing threw.
  virtual boost::asio::awaitable<void> wait_for_room() = 0;
  // Returns when everything put so far is durable; throws what storing threw.
  virtual boost::asio::awaitable<void> flush() = 0;
};

}  // namespace heddle::runtime
