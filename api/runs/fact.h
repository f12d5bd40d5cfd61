#pragma once
// What the log of a run is made of: the facts of the engine and those of the server.

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "runtime/error.h"
#include "runtime/run_event.h"
#include "storage/timestamp.h"

namespace heddle::api {

// An attempt at the run starts. Its frames count on from `first_frame`, so that no id is given twice, also not
// after a crash that lost the end of the log.
struct AttemptFact {
  std::int64_t attempt = 1;
  std::uint64_t first_frame = 0;
};

// The run failed.
struct FailureFact {
  runtime::ErrorInfo error;
};

struct Fact {
  storage::Timestamp time;
  std::variant<AttemptFact, FailureFact, runtime::RunEvent> what;
};
static_assert(std::is_nothrow_move_constructible_v<Fact>, "a growing list of facts would copy them");

}  // namespace heddle::api
