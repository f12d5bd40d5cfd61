#pragma once
// A question to the person at the other end: the smallest tool that interrupts a run.

#include "graphs/tool.h"

namespace heddle::graphs {

// `ask_human` {question}: interrupts with {"question": ...}; the answer that the run is resumed with is the result.
ToolPointer ask_human_tool();

}  // namespace heddle::graphs
