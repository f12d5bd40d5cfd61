#pragma once
// How much a node, a tool or a model puts into one event.

#include <cstddef>

#include "runtime/run_event.h"

namespace heddle::api {

// Whether the texts and values that this event adds take more than `bytes_max`, by a count that is close to their JSON.
// What the state holds already is not counted: it came with earlier events, and an event of it shares it. Looks at no
// more than `bytes_max` asks for. Pure.
bool is_larger_than(std::size_t bytes_max, const runtime::RunEvent& event);

}  // namespace heddle::api
