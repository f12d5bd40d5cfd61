#include "api/runs/awaited.h"

#include <algorithm>
#include <utility>

#include "runtime/json.h"

namespace heddle::api {

using std::chrono::milliseconds;

milliseconds fit_interval(milliseconds interval) {
  return std::clamp(interval, milliseconds{1'000}, milliseconds{3'600'000});
}

std::vector<storage::Awaited> awaited_by(const storage::Run& run, const runtime::CompiledGraph& graph,
                                         const runtime::RunOutcome& outcome, storage::Timestamp now,
                                         const ServerSettings& settings) {
  std::vector<storage::Awaited> all;
  if (!settings.async_resume) return all;
  for (const runtime::Interrupt& interrupt : outcome.all_interrupts) {
    if (!interrupt.awaited || graph.find_probe(interrupt.awaited->probe) == nullptr) continue;
    storage::Awaited awaited;
    awaited.thread_id = run.thread_id;
    awaited.interrupt_id = interrupt.id;
    awaited.owner = run.owner;
    awaited.run_id = run.run_id;
    awaited.probe = interrupt.awaited->probe;
    awaited.subject_json = runtime::to_text(interrupt.awaited->subject);
    awaited.interval = fit_interval(interrupt.awaited->interval);
    const storage::Timestamp longest = now + kAwaitedLongest;
    awaited.until = std::min(interrupt.awaited->until.value_or(longest), longest);
    awaited.due = std::min<storage::Timestamp>(now + awaited.interval, awaited.until);
    all.push_back(std::move(awaited));
  }
  return all;
}

}  // namespace heddle::api
