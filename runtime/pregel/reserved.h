#pragma once
// Names that are no state keys (runtime.md 1).

#include <string_view>

namespace heddle::runtime::reserved {

// Pseudo-channels in pending writes; never applied to channels.
inline constexpr std::string_view kInterrupt = "__interrupt__";
inline constexpr std::string_view kResume = "__resume__";
inline constexpr std::string_view kError = "__error__";
// Its node has failed for good and its error handler runs in its place:
// {"node", "error", "attempt", "questions", "subgraphs"}. Seen by no client.
inline constexpr std::string_view kErrorSource = "__error_source_node__";
inline constexpr std::string_view kNoWrites = "__no_writes__";
// A call that a task finished before it ended itself: {"id", "result"}. Seen by no client.
inline constexpr std::string_view kFinishedCall = "__finished_call__";
// The attempt of the run in which the last of a task's finished calls was kept. Seen by no client.
inline constexpr std::string_view kAttempt = "__attempt__";
// The run whose command the writes of the NULL task came from: {"run_id", "answers"}. Seen by no client.
inline constexpr std::string_view kCommandRun = "__command_run__";

// Channels of an entrypoint.
inline constexpr std::string_view kResult = "__end__";
inline constexpr std::string_view kPrevious = "__previous__";

// Values of `as_node` in state updates.
inline constexpr std::string_view kInput = "__input__";
inline constexpr std::string_view kCopy = "__copy__";

// Kinds of tasks: first element of a task's path.
inline constexpr std::string_view kPull = "__pregel_pull";
inline constexpr std::string_view kPush = "__pregel_push";

}  // namespace heddle::runtime::reserved
