#pragma once
// The time, for models, which have none.

#include "graphs/tool.h"
#include "runtime/clock.h"

namespace heddle::graphs {

// `current_time` {}: UTC to the second, `2026-11-22T13:27:15Z`. The clock outlives the tool.
ToolPointer current_time_tool(const runtime::Clock& clock);

}  // namespace heddle::graphs
