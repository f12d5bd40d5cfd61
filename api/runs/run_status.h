#pragma once
// What the status of a run says.

#include "storage/runs.h"

namespace heddle::api {

// False of one that waits or works, and of one that the next start of the server takes up.
inline bool is_over(storage::RunStatus status) {
  return status != storage::RunStatus::pending && status != storage::RunStatus::running;
}

}  // namespace heddle::api
