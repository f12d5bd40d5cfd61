#pragma once
// One attempt at a run as whoever watches the server is told of it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/span.h"
#include "storage/ids.h"
#include "storage/timestamp.h"

namespace heddle::api {

struct RunTrace {
  storage::RunId run_id;
  storage::ThreadId thread_id;
  storage::AssistantId assistant_id;
  std::string graph_id;
  std::int64_t attempt = 1;
  storage::Timestamp began;
  storage::Timestamp ended;
  std::string status;  // success, error, interrupted (it asks, or was cancelled)
  std::string error;   // class of the error; empty without one
  std::vector<runtime::Span> spans;
  std::size_t left_out = 0;  // spans beyond the limit
};

}  // namespace heddle::api
