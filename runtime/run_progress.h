#pragma once
// How far a run has come that was cut off, as the storage tells it.

#include <cstdint>

#include "storage/checkpoints.h"
#include "storage/ids.h"

namespace heddle::runtime {

struct RunProgress {
  bool has_begun = false;  // the thread stands at a checkpoint of the run
  // The last attempt that came further, in whichever graph: it made a checkpoint, or finished a call of a tool or a
  // task of a workflow, which makes no checkpoint of its own. 0: none did.
  std::int64_t last_fruitful = 0;
};

// Only attempts behind the last fruitful one are lost: a step that kills the process is not tried at every start for
// ever, and a run that comes further each time is not given up (http-api.md 8.11). Throws storage::StorageError for
// what cannot have been written here.
RunProgress progress_of(const storage::CheckpointReads& checkpoints, const storage::ThreadId& thread_id,
                        const storage::RunId& run_id);

}  // namespace heddle::runtime
