#pragma once
// When a failed node or task is tried again (runtime.md 8.2). Pure, but for the jitter.

#include <chrono>
#include <exception>

#include "runtime/state_graph.h"

namespace heddle::runtime {

bool wants_retry(const RetryPolicy& policy, const std::exception_ptr& failure);

// `attempt`: the one that comes next, from 2.
std::chrono::milliseconds wait_before(const RetryPolicy& policy, int attempt);

}  // namespace heddle::runtime
