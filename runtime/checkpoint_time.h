#pragma once
// When a checkpoint was made.

#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::runtime {

// By its id (runtime.md 10.1), which may be later than the clock said: ids always increase.
storage::Timestamp time_of(const storage::CheckpointId& id);

}  // namespace heddle::runtime
