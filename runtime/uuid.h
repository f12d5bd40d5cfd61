#pragma once
// How ids are made: random, ordered by time, or computed from names.
//
// Time is an argument. All functions may be called from any thread.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::runtime {

// Version 4: random.
storage::Uuid uuid4();

// Version 7: of threads, runs, assistants, crons. Strictly increasing within the process, whatever
// the clock does.
storage::Uuid uuid7(storage::Timestamp now);

// Version 5: the same name in the same name space always gives the same id.
storage::Uuid uuid5(const storage::Uuid& name_space, std::string_view name);

// Name space of the assistants that exist for each graph; the name is the graph's id.
inline constexpr storage::Uuid kAssistantNamespace{
    {0x6b, 0xa7, 0xb8, 0x21, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}};

// The time in a version 6 UUID: 100 ns since 1582-10-15, 60 bits.
std::int64_t ticks_of(const storage::Uuid& uuid6);

// The ids of checkpoints: version 6, strictly increasing also when the clock stands or goes back
// (runtime.md 10.1). One object per process.
class CheckpointIds {
 public:
  // `newest`: the newest id in the database, so that new ones are greater.
  explicit CheckpointIds(std::optional<storage::CheckpointId> newest = std::nullopt);
  CheckpointIds(const CheckpointIds&) = delete;
  CheckpointIds& operator=(const CheckpointIds&) = delete;

  // Later ids are greater than `known`.
  void seed(const storage::CheckpointId& known);

  // `step` shows in the clock sequence (14 bits); nothing may depend on that.
  storage::CheckpointId next(storage::Timestamp now, std::int64_t step);

 private:
  std::atomic<std::int64_t> last_ticks_{0};
};

// 32 lower-case hex digits: XXH3-128 of the text.
std::string hash128(std::string_view text);

// 32 lower-case hex digits: XXH3-128 of a task's checkpoint namespace, with `|<k>` behind it for the
// (k+1)-th interrupt of one task (runtime.md 7.2).
std::string interrupt_id(std::string_view namespace_text);
// Of the question with this number, from 0, that the task with the namespace asks (runtime.md 7.2).
std::string question_id(const std::string& node_ns, std::size_t number);

// `json_array_text`: compact JSON, one of the arrays of runtime.md 11.
storage::TaskId task_id(const storage::CheckpointId& checkpoint, std::string_view json_array_text);

}  // namespace heddle::runtime
