#pragma once
// Taking back what a run did to its thread.

#include <optional>

#include "storage/ids.h"
#include "storage/storage.h"

namespace heddle::runtime {

// Erases the checkpoints of the run, and what its Command left on the checkpoint that it started from: an answer or an
// update of a run that was rolled back must not reach the next one.
void erase_run(storage::Transaction& transaction, const storage::ThreadId& thread_id, const storage::RunId& run_id);

// The run in flight on the thread for which `run_id`, another one, must not be erased yet: it has begun and has no
// checkpoint of its own, as while it goes on from a question, or with durability `exit`. What it is going to store
// names values of the checkpoint that it has read, and these may go with the run. None: nothing stands in the way.
std::optional<storage::RunId> run_in_the_way(storage::Transaction& transaction, const storage::ThreadId& thread_id,
                                             const storage::RunId& run_id);

}  // namespace heddle::runtime
