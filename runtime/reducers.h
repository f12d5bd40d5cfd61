#pragma once
// The reducers that graphs are usually declared with (FIXTURES.md 1.1).

#include "runtime/channels.h"

namespace heddle::runtime::reducers {

Reducer append();    // a list whose items are put at the end; a write that is no list is one item
Reducer sum();       // numbers; integers stay exact, overflow becomes a double
Reducer merge();     // the keys of an object laid over the old ones, one level deep
Reducer messages();  // add_messages with random ids

}  // namespace heddle::runtime::reducers
