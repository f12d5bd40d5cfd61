#pragma once
// A task of a functional workflow as it runs: a task of its own for clients, kept with the one that called it.

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <cstdint>

#include "runtime/node.h"
#include "runtime/pregel/run_scope.h"

namespace heddle::runtime {

// The result of the `number`-th call that `caller` makes in this execution: the one it had, if it has finished before.
// Told as an update and a task of its own. Throws what the task throws; its questions have ids of their own. Throws
// TaskDrained instead of running the task when the run was asked to stop.
boost::asio::awaitable<json::value> run_called_task(SuperstepScope& superstep, Task& caller, NodeContext& context,
                                                    const CalledTask& task, std::int64_t number, json::value input);

}  // namespace heddle::runtime
