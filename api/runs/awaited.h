#pragma once
// What a run that has ended waits for outside, as it is stored (api/runs/resumer.h asks for it).

#include <chrono>
#include <vector>

#include "api/settings.h"
#include "runtime/compiled_graph.h"
#include "storage/awaited.h"
#include "storage/runs.h"

namespace heddle::api {

// Of a question that a graph sets no end to, or a later one; people answer within a day.
constexpr std::chrono::hours kAwaitedLongest{24};

// Within 1 s, because no third party wants to be asked more often, and 1 h.
std::chrono::milliseconds fit_interval(std::chrono::milliseconds interval);

// Only what a probe of the graph can tell. None if `async_resume` is off.
std::vector<storage::Awaited> awaited_by(const storage::Run& run, const runtime::CompiledGraph& graph,
                                         const runtime::RunOutcome& outcome, storage::Timestamp now,
                                         const ServerSettings& settings);

}  // namespace heddle::api
