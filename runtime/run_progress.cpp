#include "runtime/run_progress.h"

#include <algorithm>
#include <optional>
#include <string>

#include "runtime/checkpoint_codec.h"
#include "runtime/json.h"
#include "runtime/pregel/reserved.h"

namespace heddle::runtime {
namespace {

std::int64_t attempt_in(const json::value* value) {
  return value && value->is_int64() ? value->get_int64() : 0;
}

std::int64_t attempt_of(const storage::Checkpoint& checkpoint) {
  if (checkpoint.shared_metadata_json.empty()) return 0;
  const json::object metadata = parse_json_object(checkpoint.shared_metadata_json);
  return attempt_in(metadata.if_contains("run_attempt"));
}

}  // namespace

RunProgress progress_of(const storage::CheckpointReads& checkpoints, const storage::ThreadId& thread_id,
                        const storage::RunId& run_id) {
  RunProgress progress;
  for (const std::string& checkpoint_ns : checkpoints.namespaces(thread_id)) {
    const std::optional<storage::Checkpoint> newest = checkpoints.newest(thread_id, checkpoint_ns);
    if (!newest || newest->run_id != run_id) continue;
    if (checkpoint_ns.empty()) progress.has_begun = true;
    progress.last_fruitful = std::max(progress.last_fruitful, attempt_of(*newest));
    for (const storage::PendingWrites& pending :
         checkpoints.pending_writes(thread_id, checkpoint_ns, newest->checkpoint_id)) {
      for (const ChannelWrite& write : decode_writes(pending).writes) {
        if (write.channel != reserved::kAttempt) continue;
        progress.last_fruitful = std::max(progress.last_fruitful, attempt_in(&write.value.json()));
      }
    }
  }
  return progress;
}

}  // namespace heddle::runtime
