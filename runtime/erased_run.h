#pragma once
// Taking back what a run did to its thread.

#include "storage/ids.h"
#include "storage/storage.h"

namespace heddle::runtime {

// Erases the checkpoints of the run, and what its Command left on the checkpoint that it started from: an answer or an
// update of a run that was rolled back must not reach the next one.
void erase_run(storage::Transaction& transaction, const storage::ThreadId& thread_id, const storage::RunId& run_id);

}  // namespace heddle::runtime
